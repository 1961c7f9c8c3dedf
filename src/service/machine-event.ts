// Audit events of what the operator does on the machine itself, by commands that work on the state.
import type { AuditEvent } from '../audit/event.js';
import { operatorUserId, systemAccountId } from '../directory/entities.js';
import type { CommitStore } from '../sts/commit.js';
import type { Services } from '../sts/services.js';
import { userUrn } from '../urn/urn.js';

/** No address, no access key: whoever has the key ring and Redis needs neither. */
export function machineEvent(operation: string, accountId: string, { clock, random }: Pick<Services, 'clock' | 'random'>): AuditEvent {
  return {
    accountId,
    time: clock.now(),
    requestId: random.bytes(16).toString('hex'),
    operation,
    principal: {
      accountId: systemAccountId, urn: userUrn(systemAccountId, 'operator'), id: operatorUserId, type: 'User', isRootUser: false, accessKeyId: '', userName: 'operator',
    },
    sourceIp: '',
    status: 200,
  };
}

/** A conflict only shows that the cell was recovered meanwhile. */
const mostTries = 3;

/** INVARIANT: when it returns the event stands in the audit: what it announces may be done. */
export async function recordMachineEvent(store: CommitStore, event: AuditEvent): Promise<void> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const { result } = await store.commit({ callerAccountId: systemAccountId, guards: [], unmarkedSessions: [], events: [event] });
    if (result === 'committed') return;
  }
  throw new Error(`the event \`${event.operation}\` could not be recorded`);
}
