// What can be done with a token of the older system beside using it: look what it says, ask whether it is good, end it.
import { ApiError } from '../../base/api-error.js';
import { seconds } from '../../base/clock.js';
import type { StatusIndex } from '../../sessions/session.js';
import { sessionResourceUrn } from '../../urn/urn.js';
import type { Caller } from '../caller.js';
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
  const { id, status } = placeOf(owner);
  const note = (await services.sessions.revocationNote(id)) ?? { revokedAt: seconds(call.now), revokedBy: caller.principalUrn, reason: '' };
  return {
    ok: true, body: undefined, guards: [], ...otherAccount, revocations: [{ kind: 'mark', sessionId: id, status, note }],
    // From the event alone the revocation can be written again, also when the session's record is lost.
    details: { ...details, request: { [owner.kind === 'user' ? 'token_id' : 'session_id']: id, status_list: status.list, status_index: status.index } },
  };
}

/** Where the end of the token is told. [choice] That of a user takes none of the places that the account has for ended subjects: who logs out keeps nobody from revoking. */
function placeOf(owner: TokenOwner): { readonly id: string; readonly status: StatusIndex } {
  if (owner.kind === 'agency-session') return { id: owner.session.sessionId, status: owner.session.status };
  const [{ token }] = owner.chain;
  if (token === undefined) throw new Error('the token of a user has no place in a status list');
  return { id: token.tokenId, status: token.status };
}

const resourceOf = (owner: TokenOwner): string => (owner.kind === 'agency-session' ? sessionResourceUrn(owner.accountId, owner.session.sessionId) : owner.principalUrn);
