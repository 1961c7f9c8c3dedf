// The actor of a simulation: a principal of a visible account as it stands there, or what the URN of another one says.
import { ApiError } from '../base/api-error.js';
import { seconds } from '../base/clock.js';
import { hasPolicy } from '../directory/compiled-policies.js';
import type { Snapshot } from '../directory/snapshot.js';
import { isAccountId, parseAgencyUrn, parseUrn, sessionUrn, userUrn } from '../urn/urn.js';
import type { Actor, SessionActor, SessionFacts, UserActor } from './actor.js';
import { refuseMalformedPolicy } from './session-policy.js';
import { mergeSessionTags } from './session-tags.js';
import type { SimulatedSession } from './simulate-input.js';

/** Accounts that who asks may see. */
export type VisibleAccounts = ReadonlyMap<string, Snapshot>;

const servicePrincipal = /^service\.[A-Za-z0-9-]{1,56}$/;
const assumedAgency = /^([\w+=,.@-]{1,64})\/([\w+=,.@-]{2,128})$/;
const defaultSessionName = 'simulation';
const forms = 'must be the URN of a user, an agency or a session, `iam::ACCOUNT:root` or `service.X`';

/** Throws a 400 for a text that is no principal, and a 404 for one that its visible account does not have. */
export function simulatedActor(accounts: VisibleAccounts, principal: string, session: SimulatedSession | undefined, now: number): Actor {
  if (servicePrincipal.test(principal)) {
    refuseSession(session);
    return { kind: 'service', accountId: '', principalUrn: principal, snapshot: undefined, servicePrincipal: principal };
  }
  const root = /^iam::([0-9a-f]{32}):root$/.exec(principal)?.[1];
  const urn = parseUrn(principal);
  if (root !== undefined || (urn?.service === 'iam' && urn.region === '' && urn.type === 'user' && isAccountId(urn.accountId))) {
    refuseSession(session);
    const accountId = root ?? urn?.accountId ?? '';
    return userActor(accounts.get(accountId), principal, accountId, root === undefined ? urn?.path : undefined);
  }
  return sessionActor(accounts, principal, session, now);
}

function refuseSession(session: SimulatedSession | undefined): void {
  if (session !== undefined) throw new ApiError('invalidField', '`session`: only an agency has sessions, and the principal is none');
}

/** @param userName undefined: the root user */
function userActor(snapshot: Snapshot | undefined, principal: string, accountId: string, userName: string | undefined): UserActor {
  if (snapshot === undefined) {
    const user = { userName, userId: undefined, isRootUser: userName === undefined ? true : undefined, tags: [], groupIds: [], attachedPolicies: [] };
    return { kind: 'user', accountId, principalUrn: principal, snapshot, user };
  }
  const user = snapshot.users.values().find((one) => (userName === undefined ? one.isRootUser : one.userName === userName));
  if (user === undefined) throw absent(principal);
  return { kind: 'user', accountId, principalUrn: userUrn(accountId, user.userName), snapshot, user };
}

function sessionActor(accounts: VisibleAccounts, principal: string, session: SimulatedSession | undefined, now: number): SessionActor {
  const { accountId, path, name, sessionName } = sessionPrincipal(principal, session);
  const snapshot = accounts.get(accountId);
  const found = snapshot?.agencies.named(name);
  const known = path === undefined || found?.path === path ? found : undefined;
  if (snapshot !== undefined && known === undefined) throw absent(principal);
  const agency = known ?? { agencyName: name, path: path ?? '', tags: [], attachedPolicies: [] };
  return {
    kind: 'agency-session', accountId, principalUrn: sessionUrn(accountId, name, sessionName), snapshot, agency,
    session: sessionFacts(session, snapshot, now),
  };
}

/** A session's URN has no path: of an account that is not visible, the agency is taken to have none. */
function sessionPrincipal(principal: string, session: SimulatedSession | undefined) {
  const agency = parseAgencyUrn(principal);
  if (agency !== undefined) return { ...agency, sessionName: session?.name ?? defaultSessionName };
  const urn = parseUrn(principal);
  const [, name, sessionName] = assumedAgency.exec(urn?.path ?? '') ?? [];
  if (urn?.service !== 'sts' || urn.region !== '' || urn.type !== 'assumed-agency' || !isAccountId(urn.accountId) || name === undefined || sessionName === undefined) {
    throw new ApiError('invalidField', `\`principal\`: ${forms}`);
  }
  if (session?.name !== undefined) throw new ApiError('invalidField', '`session.name`: the URN of a session says its name');
  return { accountId: urn.accountId, path: undefined, name, sessionName };
}

/** Throws what AssumeAgency would throw for such a session. */
function sessionFacts(given: SimulatedSession | undefined, snapshot: Snapshot | undefined, now: number): SessionFacts {
  const { policy, policyIds = [], sourceIdentity, mfaAgeSeconds } = given ?? {};
  refuseMalformedPolicy('session.policy', policy);
  const unknown = snapshot === undefined ? undefined : policyIds.find((id) => !hasPolicy(snapshot, id));
  if (unknown !== undefined) throw new ApiError('unknownPolicyId', `\`session.policy_ids\`: \`${unknown}\` is no policy of the agency's account`);
  const issuedAt = seconds(now);
  return {
    tags: mergeSessionTags(undefined, { tags: given?.tags ?? [], transitiveTagKeys: given?.transitiveTagKeys ?? [] }),
    sourceIdentity, issuedAt, sessionPolicy: policy, sessionPolicyIds: policyIds,
    mfaAuthenticatedAt: mfaAgeSeconds === undefined ? undefined : issuedAt - mfaAgeSeconds,
  };
}

const absent = (principal: string): ApiError => new ApiError('principalNotFound', `the principal \`${principal}\` cannot be found`);
