// Audit events as lines for other systems: the cloud trace service's records, OCSF events, and our own with nothing left out.
import { jsonLine } from '../../base/json-line.js';
import type { AuditEvent } from '../event.js';
import { toTrace } from './cts.js';
import { toJsonEvent } from './json-event.js';
import { toOcsf } from './ocsf.js';

export type FormatName = 'cts' | 'ocsf' | 'jsonl';

/**
 * One JSON object on one line, without a line end. `id` is the event's stable place, `<cell>-<sequence>`.
 *
 * INVARIANT: what a caller wrote ends no line and steers no terminal; control, format and separator characters are `\uXXXX`.
 */
export type Format = (id: string, event: AuditEvent) => string;

export const formats: Readonly<Record<FormatName, Format>> = {
  cts: (id, event) => jsonLine(toTrace(id, event)),
  ocsf: (id, event) => jsonLine(toOcsf(id, event)),
  jsonl: (id, event) => jsonLine(toJsonEvent(id, event)),
};
