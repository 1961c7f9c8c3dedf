// What can be done with a token of the older system beside using it: look what it says, ask whether it is good, end it.
import { ApiError } from '../../base/api-error.js';
import { seconds } from '../../base/clock.js';
import { endingSeconds } from '../../sessions/lifetime.js';
import { sessionResourceUrn } from '../../urn/urn.js';
import type { Caller, UserCaller } from '../caller.js';
import type { Proved } from '../candidate.js';
import type { Revocation } from '../commit.js';
import type { CallContext, Outcome } from '../outcome.js';
import type { Services } from '../services.js';
import { presentedOwner, tokenOwner, type TokenOwner } from '../token-caller.js';
import { assumedByAnswer, agencyTokenAnswer, userTokenAnswer, type TokenAnswer } from './token-answer.js';

const noSuchToken = (): ApiError => new ApiError('entityNotFound', '`X-Subject-Token`: is no token that is good and that the caller may ask about');

/**
 * [choice] A token is told about to whom it speaks of, to who switched with it, and to registered services, which are
 * presented tokens of everybody. For anybody else it is as one that does not exist.
 */
async function subject(services: Services, caller: Caller, call: CallContext, refuse: (owner: TokenOwner) => void = () => undefined): Promise<TokenOwner> {
  const token = caller.signature.header('x-subject-token');
  if (token === undefined) throw new ApiError('invalidField', '`X-Subject-Token`: is required, and signed where the request is');
  return presentedOwner(services, call, (reads) => tokenOwner(services, reads, token, call.now), (owner) => {
    if (owner === undefined || !(caller.kind === 'service' || isOwn(caller, owner))) throw noSuchToken();
    refuse(owner);
    return owner;
  });
}

/** A user's token is his who has it, an agency's that of its session and of who switched. */
const isOwn = (caller: Caller, owner: TokenOwner): boolean =>
  owner.principalUrn === caller.principalUrn || (owner.kind === 'agency-session' && owner.session.assumedBy === caller.principalUrn);

export async function showToken(services: Services, caller: Caller, call: CallContext): Promise<Outcome<TokenAnswer>> {
  const owner = await subject(services, caller, call);
  const { regions } = services.settings;
  const scope = owner.kind === 'user' ? (owner.narrowedBy?.scope ?? { kind: 'domain' as const }) : undefined;
  const body = owner.kind === 'agency-session'
    ? agencyTokenAnswer(owner.session, owner.snapshot, regions, owner.session.assumedBy === caller.principalUrn ? assumedByAnswer(caller.kind === 'user' ? caller.user.userName : caller.principalId, caller.principalId, caller.snapshot) : undefined)
    : userTokenAnswer(owner, { methods: owner.temporary?.methods ?? [], issuedAt: owner.temporary?.issuedAt ?? 0, expiresAt: owner.temporary?.expiresAt ?? 0, scope: scope ?? { kind: 'domain' } }, regions);
  return { ok: true, body, guards: [], alsoProved: [owner], details: { resource: resourceOf(owner), decision: 'allowed' }, headers: { 'X-Subject-Token': caller.signature.header('x-subject-token') ?? '' } };
}

export async function checkToken(services: Services, caller: Caller, call: CallContext): Promise<Outcome<undefined>> {
  const owner = await subject(services, caller, call);
  return { ok: true, body: undefined, guards: [], alsoProved: [owner], details: { resource: resourceOf(owner), decision: 'allowed' } };
}

/** INVARIANT: what descends from the token ends with it. */
export async function revokeSubjectToken(services: Services, caller: Caller, call: CallContext): Promise<Outcome<undefined>> {
  const owner = await subject(services, caller, call, (one) => {
    if (!isOwn(caller, one)) throw new ApiError('accessDenied', '`X-Subject-Token`: is a token of others');
  });
  const otherAccount = owner.accountId === caller.accountId ? {} : { otherAccount: { accountId: owner.accountId, decision: 'allowed' } };
  const details = { resource: resourceOf(owner), decision: 'allowed' };
  if (owner.kind === 'agency-session') {
    const { sessionId, status } = owner.session;
    const note = (await services.sessions.revocationNote(sessionId)) ?? { revokedAt: seconds(call.now), revokedBy: caller.principalUrn, reason: '' };
    return {
      ok: true, body: undefined, guards: [], ...otherAccount, revocations: [{ kind: 'mark', sessionId, status, note }],
      // From the event alone the revocation can be written again, also when the session's record is lost.
      details: { ...details, request: { session_id: sessionId, status_list: status.list, status_index: status.index } },
    };
  }
  return { ok: true, body: undefined, guards: [], ...otherAccount, revocations: [await endOfToken(services, owner, call)], details: { ...details, request: { token_id: owner.accessKeyId } } };
}

/** They are told to all who verify sessions of the account offline [choice]. */
const mostEnded = 2000;

async function endOfToken({ directory, settings }: Services, { accountId, accessKeyId }: Proved<UserCaller>, { now }: CallContext): Promise<Revocation> {
  const ended = `key:${accessKeyId}` as const;
  const life = endingSeconds(settings.maximumChainAgeSeconds);
  if (await directory.hasEndedMany(accountId, ended, seconds(now) - life, mostEnded)) {
    throw new ApiError('quotaExceeded', `${mostEnded} tokens of the account were revoked within ${Math.ceil(life / 3600)} hours: end the sessions of the user instead`);
  }
  return { kind: 'epoch', accountId, subject: ended };
}

const resourceOf = (owner: TokenOwner): string => (owner.kind === 'agency-session' ? sessionResourceUrn(owner.accountId, owner.session.sessionId) : owner.principalUrn);
