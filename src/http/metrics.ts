// Metrics in the text format of Prometheus: how the sealing of audit events stands, read when they are asked for.
import type { RequestHandler } from 'express';
import { Counter, Gauge, Registry } from 'prom-client';
import { sendText } from './answer.js';

/** Of one cell. Ages are seconds; absent where there is nothing to measure. */
export interface CellMetrics {
  readonly cell: number;
  readonly unsealedEvents: number;
  readonly oldestUnsealedSeconds: number;
  readonly secondsSinceSealed?: number;
  readonly sealedEvents: number;
  readonly alarms: number;
}

export interface Metrics {
  readonly cells: readonly CellMetrics[];
  /** How far this process's clock is ahead of that of Redis; absent before it was measured. */
  readonly clockOffsetSeconds?: number;
}

type ReadNumber = (cell: CellMetrics) => number | undefined;

const ofCells: readonly (readonly [name: string, help: string, read: ReadNumber])[] = [
  ['agency_sts_audit_unsealed_events', 'Audit events that wait to be sealed', (cell) => cell.unsealedEvents],
  ['agency_sts_audit_oldest_unsealed_seconds', 'Age of the audit event that waits longest; 0 when none waits', (cell) => cell.oldestUnsealedSeconds],
  ['agency_sts_audit_seconds_since_sealed', 'Time since audit events were sealed last', (cell) => cell.secondsSinceSealed],
  ['agency_sts_audit_sealed_events', 'Audit events in the log', (cell) => cell.sealedEvents],
];

/**
 * `GET /metrics`. The numbers of cells are those of the whole installation, whichever process answers; when they cannot
 * be read, the answer is a 503.
 */
export function serveMetrics(read: () => Promise<Metrics>): RequestHandler {
  return async (_request, response) => {
    const metrics = await read().catch(() => undefined);
    const registry = new Registry();
    if (metrics !== undefined) fill(registry, metrics);
    const text = await registry.metrics();
    sendText(response, metrics === undefined ? 503 : 200, registry.contentType, text);
  };
}

function fill(registry: Registry, { cells, clockOffsetSeconds }: Metrics): void {
  for (const [name, help, read] of ofCells) {
    const gauge = new Gauge({ name, help, labelNames: ['cell'], registers: [registry] });
    for (const cell of cells) {
      const value = read(cell);
      if (value !== undefined) gauge.set({ cell: cell.cell }, value);
    }
  }
  const alarms = new Counter({ name: 'agency_sts_audit_alarms_total', help: 'Alarms of the sealers since the installation began', labelNames: ['cell'], registers: [registry] });
  for (const { cell, alarms: count } of cells) alarms.inc({ cell }, count);
  if (clockOffsetSeconds !== undefined) {
    new Gauge({ name: 'agency_sts_clock_offset_seconds', help: 'How far the clock of the answering process is ahead of that of Redis', registers: [registry] }).set(clockOffsetSeconds);
  }
}
