// POST /v3.0/OS-CREDENTIAL/securitytokens: temporary keys of an agency for who may switch to it, or of whoever a token speaks of (legacy agencies §4b).
import { z } from 'zod';
import { ApiError } from '../../base/api-error.js';
import { seconds } from '../../base/clock.js';
import type { EpochSubject } from '../../directory/store.js';
import { deriveSessionSecret } from '../../keyring/session-secret.js';
import { newUserKeysId } from '../../urn/ids.js';
import { assumeBy } from '../assume-agency.js';
import { issueUserToken } from '../auth-token.js';
import { issuedEventSession, type Caller, type SessionCaller, type UserCaller } from '../caller.js';
import type { Proved } from '../candidate.js';
import { refuseOverlongChain, requestedDuration } from '../chain-rules.js';
import { newSession, sessionKeys, type SessionKeys } from '../credentials.js';
import type { CallContext, Outcome } from '../outcome.js';
import { expired } from '../legacy-trust.js';
import { refuseMalformedPolicy } from '../session-policy.js';
import type { Services } from '../services.js';
import { presentedOwner, tokenError, tokenOwner, type TokenOwner } from '../token-caller.js';
import { askedAgency, namedAgency, olderTime, oneDomain, oneDomainRule } from './agency.js';
import { delegatedUntil, withinLeft } from './delegated.js';

/** Its own, in seconds. */
const keysDuration = { minimumSeconds: 900, defaultSeconds: 900, maximumSeconds: 86_400 } as const;
const duration = z.int().min(keysDuration.minimumSeconds).max(keysDuration.maximumSeconds).optional();
/** [choice] What the two published rules allow together. */
const sessionUser = z.object({ name: z.string().regex(/^[A-Za-z][A-Za-z0-9 _.-]{0,63}$/, 'must be 1 to 64 letters, digits, blanks or -_. and begin with a letter') });

export const createKeysBody = z.object({
  auth: z.object({
    identity: z.object({
      methods: z.array(z.enum(['assume_role', 'token'])).length(1),
      assume_role: z.object({ ...namedAgency, duration_seconds: duration, session_user: sessionUser.optional() }).refine(oneDomain, oneDomainRule).optional(),
      token: z.object({ id: z.string().min(1).max(4096).optional().describe('absent: the token in `X-Auth-Token`'), duration_seconds: duration }).optional(),
      policy: z.record(z.string(), z.unknown()).optional().describe('session policy of version 1.1: the keys can do what both it and the agency or user can'),
    }).refine(({ methods: [method], assume_role: role }) => method !== 'assume_role' || role !== undefined, { error: 'is required', path: ['assume_role'] }),
  }),
});
type Identity = z.output<typeof createKeysBody>['auth']['identity'];

export const keysAnswer = z.object({ credential: z.object({ access: z.string(), secret: z.string(), securitytoken: z.string(), expires_at: z.string() }) });
type KeysAnswer = z.infer<typeof keysAnswer>;

const answerOf = ({ accessKeyId, secretAccessKey, securityToken }: SessionKeys, expiresAt: number): KeysAnswer =>
  ({ credential: { access: accessKeyId, secret: secretAccessKey, securitytoken: securityToken, expires_at: olderTime(expiresAt) } });

export function createKeys(services: Services, caller: Caller, { auth: { identity } }: z.output<typeof createKeysBody>, call: CallContext): Promise<Outcome<KeysAnswer>> {
  const policy = identity.policy === undefined ? undefined : JSON.stringify(identity.policy);
  refuseMalformedPolicy('auth.identity.policy', policy, 'legacy-session');
  return identity.assume_role !== undefined && identity.methods.includes('assume_role')
    ? agencyKeys(services, caller, identity.assume_role, policy, call) : keysOfToken(services, caller, identity.token, policy, call);
}

async function agencyKeys(services: Services, caller: Caller, role: NonNullable<Identity['assume_role']>, policy: string | undefined, call: CallContext): Promise<Outcome<KeysAnswer>> {
  const sessionUserName = role.session_user?.name;
  const { input, older } = await askedAgency(services, caller, role, { sessionUserName, policy });
  const asked = role.duration_seconds;
  return assumeBy({
    older: { ...older, audited: { method: 'assume_role', ...(asked !== undefined && { duration_seconds: asked }), ...(sessionUserName !== undefined && { session_user: sessionUserName }) } },
    marks: { way: 'legacy-keys', sessionUserName }, agencyMaximumBinds: false,
    duration: () => {
      const until = delegatedUntil(caller);
      const duration = requestedDuration(until !== undefined, asked, keysDuration.defaultSeconds);
      // C15: what was delegated is handed on for no longer than it lasts.
      return until === undefined ? duration : withinLeft(until - seconds(call.now), asked, keysDuration.defaultSeconds, 'auth.identity.assume_role.duration_seconds');
    },
    scope: () => undefined,
    answer: ({ session }) => ({ body: answerOf(sessionKeys(services, caller, session), session.expiresAt) }),
  }, services, caller, input, call);
}

async function keysOfToken(services: Services, caller: Caller, given: Identity['token'], policy: string | undefined, call: CallContext): Promise<Outcome<KeysAnswer>> {
  const owner = await ownerOf(services, caller, given?.id, call);
  const expiresAt = owner.kind === 'agency-session' ? owner.session.expiresAt : (owner.temporary?.expiresAt ?? 0);
  const lasts = withinLeft(expiresAt - seconds(call.now), given?.duration_seconds, keysDuration.defaultSeconds, 'auth.identity.token.duration_seconds');
  return owner.kind === 'agency-session' ? keysOfSession(services, caller, owner, { lasts, policy }, call) : keysOfUser(services, caller, owner, { lasts, policy }, call);
}

async function ownerOf(services: Services, caller: Caller, token: string | undefined, call: CallContext): Promise<TokenOwner> {
  const accepted = (owner: TokenOwner | undefined): TokenOwner => {
    if (owner === undefined) throw tokenError('auth.identity.token.id');
    if (owner.kind === 'agency-session') refuseExpired(owner, call.now);
    return owner;
  };
  if (token !== undefined) return presentedOwner(services, call, (reads) => tokenOwner(services, reads, token, call.now), accepted);
  if (caller.signature.algorithm === 'token' && caller.kind !== 'service') return accepted(caller);
  throw new ApiError('invalidField', '`auth.identity.token.id`: is required where no token comes in `X-Auth-Token`');
}

/** [choice] What was issued before the agency expired lasts as long as it was issued for. A session that is made of it anew assumes the agency again, which nobody can any more. */
function refuseExpired({ agency }: Proved<SessionCaller>, now: number): void {
  if (agency.kind === 'legacy' && expired(agency, now) !== undefined) throw new ApiError('accessDenied', 'access denied: the agency that the token is of has expired');
}

interface Wanted {
  readonly lasts: number;
  readonly policy: string | undefined;
}

/** A session of the same agency that hangs on the token's, and ends with it. */
async function keysOfSession(services: Services, caller: Caller, owner: Proved<SessionCaller>, { lasts, policy }: Wanted, call: CallContext): Promise<Outcome<KeysAnswer>> {
  const { session: parent, agency, snapshot } = owner;
  // How old the chain is does not matter: the keys end with the token, and lead to no further agency than it.
  refuseOverlongChain({ ...parent, chainStartedAt: seconds(call.now) }, seconds(call.now), services.settings);
  const parentCaller: SessionCaller = { ...caller, ...owner };
  const session = await newSession(services, parentCaller, {
    input: {
      agencyUrn: owner.principalUrn, agencySessionName: parent.agencySessionName, durationSeconds: lasts, policy, policyIds: [],
      externalId: undefined, serialNumber: undefined, tokenCode: undefined, sourceIdentity: undefined, tags: [], transitiveTagKeys: [],
    },
    view: { snapshot, epochs: new Map<EpochSubject, number>([['account', parent.epochs.account], [`agency:${parent.agencyId}`, parent.epochs.agency]]) },
    agency, duration: lasts, tags: [], sourceIdentity: undefined, mfaVerified: false, chain: owner.chain, way: 'legacy-keys', scope: parent.scope, sessionUserName: parent.sessionUserName,
  }, call);
  return {
    ok: true, session, body: answerOf(sessionKeys(services, caller, session), session.expiresAt), guards: [], alsoProved: [owner],
    details: { resource: owner.principalUrn, request: audited(lasts, policy), decision: 'allowed', issuedSession: issuedEventSession(session) },
    ...otherEvent(caller, owner),
  };
}

/** The user's own, which end with the token, with the user, and by their own id. */
function keysOfUser(services: Services, caller: Caller, owner: Proved<UserCaller>, { lasts, policy }: Wanted, call: CallContext): Promise<Outcome<KeysAnswer>> {
  const { keyring, settings, random } = services;
  const [{ accessKeyId: tokenId, epochs: { account, owner: user, key } }] = owner.chain;
  const { userId, userName } = owner.user;
  const id = newUserKeysId(random);
  const secretKey = keyring['session-secrets'].active;
  const expiresAt = seconds(call.now) + lasts;
  const securityToken = issueUserToken(keyring, settings.issuer, {
    kind: 'keys', id, accountId: owner.accountId, userId, userName, issuedAt: owner.temporary?.issuedAt ?? seconds(call.now), expiresAt, methods: [], scope: owner.narrowedBy?.scope,
    // Nobody can have ended keys that there were not.
    epochs: { account, owner: user, key: 0 }, keys: { tokenId, tokenEpoch: key, secretKeyId: secretKey.id, sessionPolicy: policy },
  });
  if (securityToken === undefined) throw new ApiError('invalidField', '`auth.identity.policy`: is too long for the security token, which carries it');
  return Promise.resolve({
    ok: true, body: answerOf({ accessKeyId: id, secretAccessKey: deriveSessionSecret(secretKey, id), securityToken }, expiresAt), guards: [], alsoProved: [owner],
    details: { resource: owner.principalUrn, request: { ...audited(lasts, policy), issued_access_key_id: id }, decision: 'allowed' },
    ...otherEvent(caller, owner),
  });
}

const audited = (lasts: number, policy: string | undefined): Readonly<Record<string, unknown>> => ({ method: 'token', duration_seconds: lasts, ...(policy !== undefined && { session_policy: true }) });

/** Whose token another account brings along has an event of it as well. */
const otherEvent = (caller: Caller, owner: TokenOwner): Pick<Outcome<never>, 'otherAccount'> => (owner.accountId === caller.accountId ? {} : { otherAccount: { accountId: owner.accountId, decision: 'allowed' } });
