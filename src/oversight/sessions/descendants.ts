// ListSessionDescendants: the tree below a session as a flat list, breadth first.
import { z } from 'zod';
import { seconds } from '../../base/clock.js';
import type { Ground, Result } from '../../iam/account-call.js';
import { pageQuery } from '../../iam/page.js';
import { TamperedRecordError } from '../../keyring/authenticate.js';
import type { Session } from '../../sessions/session.js';
import { statusOf, type SessionStatus } from '../../sessions/view.js';
import { isParty } from '../party.js';
import type { Descendant, listDescendantsAnswer } from './answers.js';
import { findSession, type anySessionPath } from './find-session.js';
import { sessionIdsIn, statusOfGone } from './gone.js';
import { openMarker, sealMarker, type MarkerScope } from './marker.js';
import { readEndings } from './read-endings.js';
import { seenInRecord, summaryOf } from './seen-session.js';
import { walkDown, type WalkedSession, type WalkPosition } from './walk.js';

export const listDescendantsQuery = z.strictObject({ ...pageQuery });

/** Entries of indexes, and parents, that one request looks at: a page can end before it is full. */
const mostSteps = 1000;

interface Input {
  readonly path: z.output<typeof anySessionPath>;
  readonly query: z.output<typeof listDescendantsQuery>;
}

/** Siblings come newest first. */
export async function listDescendants(ground: Ground, { path, query: { limit, marker } }: Input): Promise<Result<z.infer<typeof listDescendantsAnswer>>> {
  const { services: { keyring, sessionIndex }, account: { accountId } } = ground;
  const found = await findSession(ground, path.session_id);
  const { chain } = found.from === 'record' ? seenInRecord(found.session) : found.seen;
  const scope: MarkerScope = { accountId, list: ['descendants', path.session_id] };
  // Sealed below for this scope.
  const from = openMarker(keyring, scope, marker) as WalkPosition | undefined;
  const { sessions, next } = await walkDown(sessionIndex, path.session_id, from, limit, mostSteps);
  const descendants = await describe(ground, chain, sessions);
  return { body: { descendants, page_info: { current_count: descendants.length, ...(next !== undefined && { next_marker: sealMarker(keyring, scope, next) }) } } };
}

/** @param above ids from the long-term key to the parent of the session that the walk started from */
async function describe({ services, account: { accountId }, call }: Ground, above: readonly string[], walked: readonly WalkedSession[]): Promise<Descendant[]> {
  const records = await services.sessionIndex.records(walked.map(({ sessionId }) => sessionId));
  for (const { sessionId, path } of walked) refuseForeignChild(records.get(sessionId), parentIn(path));
  const endings = await readEndings(services, [...records.values()]);
  const gone = walked.filter(({ sessionId }) => !records.has(sessionId)).map(({ sessionId, path }) => ({ sessionId, chain: [...above, ...path] }));
  const marked = await services.sessionIndex.marked(gone.flatMap(sessionIdsIn));
  return walked.map(({ sessionId, path }) => {
    const record = records.get(sessionId);
    const known = { session_id: sessionId, parent_session_id: parentIn(path), depth: above.length + path.length };
    if (record === undefined) return { ...known, status: statusOfGone({ sessionId, chain: [...above, ...path] }, marked) };
    const status = statusOf(record, endings, seconds(call.now));
    return isParty(record, accountId) ? { ...known, ...namesOf(record, status) } : { ...known, status };
  });
}

const parentIn = (path: readonly string[]): string => path.at(-1) ?? '';

/** The index only says where to look: whose child a session is, its record says. */
function refuseForeignChild(record: Session | undefined, parentId: string): void {
  const parent = record?.chain.at(-1);
  if (parent !== undefined && !(parent.kind === 'session' && parent.sessionId === parentId)) throw new TamperedRecordError(['children', parentId]);
}

function namesOf(session: Session, status: SessionStatus): Omit<Descendant, 'session_id' | 'parent_session_id' | 'depth'> {
  const { urn, account_id, agency_urn, agency_session_name, issued_at, expires_at, assumed_by } = summaryOf(seenInRecord(session), status);
  return { status, urn, account_id, agency_urn, agency_session_name, issued_at, expires_at, assumed_by };
}
