// GetSession: everything that is known of one session, up to the long-term key.
import type { z } from 'zod';
import { seconds } from '../../base/clock.js';
import type { Ground, Result } from '../../iam/account-call.js';
import { timestamp } from '../../iam/fields.js';
import { sessionIdsOf, type Session } from '../../sessions/session.js';
import { statusOf, type Endings } from '../../sessions/view.js';
import { isParty } from '../party.js';
import type { ChainLink, getSessionAnswer, SessionDetails } from './answers.js';
import { findSession, type anySessionPath } from './find-session.js';
import { sessionIdsIn, statusOfGone } from './gone.js';
import { sourceIdentityOrigin, tagOrigin } from './origin.js';
import { readEndings } from './read-endings.js';
import { markAnswer, revocationAnswer } from './revocation-answer.js';
import { seenInRecord, summaryOf, type SeenSession } from './seen-session.js';

export async function getSession(ground: Ground, { path }: { readonly path: z.output<typeof anySessionPath> }): Promise<Result<z.infer<typeof getSessionAnswer>>> {
  const found = await findSession(ground, path.session_id);
  return { body: { session: found.from === 'record' ? await detailsOf(ground, found.session) : await remainsOf(ground, found.seen) } };
}

async function detailsOf(ground: Ground, session: Session): Promise<SessionDetails> {
  const { services, account: { accountId }, call } = ground;
  const { sessionIndex } = services;
  const records = await sessionIndex.records(sessionIdsOf(session).filter((id) => id !== session.sessionId));
  const ancestors = new Map([...records].filter(([, ancestor]) => isParty(ancestor, accountId)));
  const endings = await readEndings(services, [session, ...ancestors.values()]);
  const [revocation, lastUse] = await Promise.all([revocationAnswer(ground, session, endings), sessionIndex.lastUse(session.sessionId)]);
  const { mfaAuthenticatedAt, status } = session;
  const { source_identity: sourceIdentity, ...summary } = summaryOf(seenInRecord(session), statusOf(session, endings, seconds(call.now)));
  return {
    ...summary, source: 'record', ...(revocation !== undefined && { revocation }),
    chain_started_at: timestamp(session.chainStartedAt * 1000),
    chain: session.chain.map((_link, at) => linkAnswer(ground, session, at, ancestors, endings)),
    ...(sourceIdentity !== undefined && { source_identity: { value: sourceIdentity, ...originMember(sourceIdentityOrigin(session)) } }),
    tags: session.tags.map((tag) => ({ ...tag, ...originMember(tagOrigin(session, tag, ancestors)) })),
    session_policies: sessionPolicies(session, accountId),
    ...(mfaAuthenticatedAt !== undefined && { mfa_authenticated_at: timestamp(mfaAuthenticatedAt * 1000) }),
    ...(lastUse !== undefined && { last_use: { time: timestamp(lastUse.usedAt * 1000), source_ip: lastUse.sourceIp } }),
    status_list: { list: status.list, index: status.index },
  };
}

const originMember = <Value>(origin: Value | undefined): { origin?: Value } => (origin === undefined ? {} : { origin });

/** What narrows the session is the business of the agency's account; the caller's learns that something does. */
function sessionPolicies({ accountId: owner, isNarrowed, sessionPolicy, sessionPolicyIds }: Session, accountId: string): SessionDetails['session_policies'] {
  if (owner !== accountId) return { is_narrowed: isNarrowed };
  return { is_narrowed: isNarrowed, ...(sessionPolicy !== undefined && { policy: sessionPolicy }), policy_ids: [...sessionPolicyIds] };
}

function linkAnswer({ account: { accountId }, call }: Ground, session: Session, at: number, ancestors: ReadonlyMap<string, Session>, endings: Endings): ChainLink {
  const [link, above] = [session.chain[at], session.chain[at - 1]];
  if (link === undefined || link.kind === 'key') return { kind: 'access_key', id: session.chain[0].accessKeyId, depth: at, account_id: session.chain[0].accountId };
  const seen = { kind: 'session' as const, id: link.sessionId, depth: at, account_id: link.accountId, agency_id: link.agencyId };
  const ancestor = ancestors.get(link.sessionId);
  if (ancestor !== undefined) {
    const { agency_urn, agency_session_name, issued_at, expires_at, status } = summaryOf(seenInRecord(ancestor), statusOf(ancestor, endings, seconds(call.now)));
    return { ...seen, agency_urn, agency_session_name, issued_at, expires_at, status };
  }
  if (link.accountId !== accountId && above?.accountId !== accountId) return seen;
  const chain = session.chain.slice(0, at).map((each) => (each.kind === 'key' ? each.accessKeyId : each.sessionId));
  return { ...seen, issued_at: timestamp(link.issuedAt * 1000), status: statusOfGone({ chain, sessionId: link.sessionId }, endings.marked) };
}

/** What the event of its issue, and marks, tell of a session without a record. */
async function remainsOf(ground: Ground, seen: SeenSession): Promise<SessionDetails> {
  const marked = await ground.services.sessionIndex.marked(sessionIdsIn(seen));
  const { source_identity: sourceIdentity, ...summary } = summaryOf(seen, statusOfGone(seen, marked));
  const by = sessionIdsIn(seen).findLast((id) => marked.has(id));
  const isOwn = by === seen.sessionId;
  return {
    ...summary, source: 'audit',
    ...(by !== undefined && { revocation: await markAnswer(ground, isOwn ? 'session' : 'ancestor', by, isOwn) }),
    chain: seen.chain.map((id, depth) => ({ kind: depth === 0 ? 'access_key' : 'session', id, depth })),
    ...(sourceIdentity !== undefined && { source_identity: { value: sourceIdentity } }),
  };
}
