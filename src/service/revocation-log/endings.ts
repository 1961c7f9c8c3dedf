// What an audit event tells to have ended sessions, in the form in which it can be written again.
import type { AuditEvent } from '../../audit/event.js';
import { seconds } from '../../base/clock.js';
import type { EpochSubject } from '../../directory/store.js';
import type { RevocationNote } from '../../sessions/revocation-note.js';
import type { StatusIndex } from '../../sessions/session.js';
import { statusListPattern } from '../../status/index.js';
import type { Ending } from '../../sts/commit.js';
import { cellOfMarkedId } from '../../urn/ids.js';
import { parseUrn } from '../../urn/urn.js';

/** One of them is in the stored form of every event that ended sessions: for passing others by unread. */
export const revocationTraces = ['"Revoke', '"KeystoneRevokeToken"', '"removed":['] as const;

/** Member of the request of RevokeSessions → subject. */
const subjects = [
  ['access_key_id', (id: string): EpochSubject => `key:${id}`], ['user_id', (id: string): EpochSubject => `user:${id}`],
  ['agency_id', (id: string): EpochSubject => `agency:${id}`], ['source_identity', (id: string): EpochSubject => `source:${id}`],
] as const;

/**
 * None of an event that ended nothing.
 * @param skew by how many seconds the clocks of any two processes may differ
 */
export function endingsOfEvent(event: AuditEvent, skew: number): readonly Ending[] {
  if (event.status >= 400) return [];
  if (event.operation === 'RevokeSessions') return listed(boundaryOf(event, skew));
  if (event.operation === 'RevokeSession' || event.operation === 'RevokeToken') return listed(markOf(event));
  if (event.operation === 'KeystoneRevokeToken') return listed(tokenMarkOf(event));
  return removedSubjects(event).map(([accountId, subject]) => ({ kind: 'boundary', accountId, subject, issuedBefore: committedAt(event, skew) }));
}

const listed = (ending: Ending | undefined): readonly Ending[] => (ending === undefined ? [] : [ending]);

type OfAccount = readonly [accountId: string, subject: EpochSubject];

/** With an agency or an account its sessions end. */
function removedSubjects({ accountId, request }: AuditEvent): readonly OfAccount[] {
  const removed: unknown = request?.['removed'];
  if (!Array.isArray(removed)) return [];
  return removed.flatMap((field: unknown): readonly OfAccount[] => {
    const [, kind, id = ''] = /^(agency|account):(.+)$/s.exec(textOf(field) ?? '') ?? [];
    if (kind === 'account') return [[id, 'account']];
    return kind === 'agency' ? [[accountId, `agency:${id}`]] : [];
  });
}

function markOf(event: AuditEvent): Ending | undefined {
  const urn = parseUrn(event.resource ?? '');
  // A token that was none of a living session ended nothing.
  if (urn?.type !== 'session' || !/^HST[A-Z2-7]{17}$/.test(urn.path)) return undefined;
  return { kind: 'mark', sessionId: urn.path, ...statusOf(event.request), note: noteOf(event) };
}

/** Of an agency's token its session, of a user's the token itself. */
function tokenMarkOf(event: AuditEvent): Ending | undefined {
  const tokenId = textOf(event.request?.['token_id']);
  if (tokenId === undefined || cellOfMarkedId(tokenId) === undefined) return markOf(event);
  return { kind: 'mark', sessionId: tokenId, ...statusOf(event.request), note: noteOf(event) };
}

const noteOf = ({ time, principal, request }: AuditEvent): RevocationNote => ({ revokedAt: seconds(time), revokedBy: principal.urn, reason: textOf(request?.['reason']) ?? '' });

function statusOf(request: AuditEvent['request'] = {}): { readonly status?: StatusIndex } {
  const { status_list: list, status_index: index } = request;
  return typeof list === 'string' && statusListPattern.test(list) && typeof index === 'number' ? { status: { list, index } } : {};
}

/**
 * The value of an epoch is not in the event: a boundary stands for it. A session may have been issued until the call was
 * committed, by a clock that was ahead: for that much the boundary lies behind the time at which the call began.
 */
function boundaryOf(event: AuditEvent, skew: number): Ending | undefined {
  const { accountId, request = {} } = event;
  const subject = subjectOf(request);
  if (subject === undefined) return undefined;
  const committed = committedAt(event, skew);
  const asked = request['issued_before'];
  const issuedBefore = typeof asked === 'number' ? Math.min(Math.ceil(asked) + skew, committed) : committed;
  return { kind: 'boundary', accountId, subject, issuedBefore };
}

const committedAt = ({ time }: AuditEvent, skew: number): number => Math.ceil(time / 1000) + longestCallSeconds + skew;

/** [choice] From the beginning of a call to its commit, with all tries; what was issued in the meantime ends too. */
const longestCallSeconds = 30;

function subjectOf(request: Readonly<Record<string, unknown>>): EpochSubject | undefined {
  if (request['whole_account'] === true) return 'account';
  for (const [name, subject] of subjects) {
    const id = textOf(request[name]);
    if (id !== undefined) return subject(id);
  }
  return undefined;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
