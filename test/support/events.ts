// The audit events that wait to be sealed, as a test sees them that looks over the service's shoulder.
import type { AuditEvent } from '../../src/audit/event.js';
import { decodeEvent } from '../../src/audit/record.js';
import { openRecord } from '../../src/keyring/authenticate.js';
import { eventPlace } from '../../src/redis/commit-steps.js';
import type { Composition } from '../../src/service/composition.js';

export interface StoredEvent {
  /** `<cell>-<sequence>`. */
  readonly id: string;
  readonly sequence: number;
  readonly event: AuditEvent;
}

/** An account's events in the order of their commits, which is not that of their times: a call has the time of its beginning. Throws for a changed one in the cell. */
export async function storedEvents({ redis, names, keyring }: Pick<Composition, 'redis' | 'names' | 'keyring'>, accountId: string): Promise<readonly StoredEvent[]> {
  const cell = names.cellOfAccount(accountId);
  const entries = await redis.xrange(names.audit(cell), '-', '+');
  const events = entries.map(([streamId, fields]): StoredEvent => {
    const sequence = Number(streamId.slice(streamId.indexOf('-') + 1));
    return { id: `${cell}-${sequence}`, sequence, event: decodeEvent(openRecord(keyring['record-authentication'], eventPlace(cell), fields[1] ?? '')) };
  });
  return events.filter(({ event }) => event.accountId === accountId);
}
