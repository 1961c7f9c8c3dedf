// What `/metrics` tells, gathered from the watch over sealing and the watch over clocks.
import type { Metrics } from '../../http/metrics.js';
import type { ProcessWatch } from '../process-watch.js';
import type { SealingWatch } from './sealing-watch.js';

export async function metricsOf(sealing: SealingWatch, processes: Pick<ProcessWatch, 'clockOffset'>): Promise<Metrics> {
  const offset = processes.clockOffset();
  return {
    cells: (await sealing.cells()).map(({ cell, unsealed, oldestWaitsMilliseconds, secondsSinceSealed, sealedSize, alarms }) => ({
      cell, unsealedEvents: unsealed, oldestUnsealedSeconds: oldestWaitsMilliseconds / 1000, sealedEvents: sealedSize, alarms, ...(secondsSinceSealed !== undefined && { secondsSinceSealed }),
    })),
    ...(offset !== undefined && { clockOffsetSeconds: offset / 1000 }),
  };
}
