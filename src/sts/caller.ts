// The authenticated caller of one request, as every operation sees it.
import type { EventPrincipal, EventSession } from '../audit/event.js';
import { attachedPolicies, boundServiceControlPolicies, defaultVersion, userPolicies, type Snapshot } from '../directory/snapshot.js';
import type { Agency, ResourceTag, User } from '../directory/entities.js';
import { parsePolicy, type CallerQuestion, type NamedPolicy, type PrincipalIdentity } from '../policy/index.js';
import type { VerificationKey, ParsedSignature } from '../signing/index.js';
import { agencyUrn } from '../urn/urn.js';
import type { Chain, Session } from '../sessions/session.js';
import type { Guard } from './commit.js';
import { foldTagKey } from './session-tags.js';

interface Common {
  readonly accountId: string;
  readonly principalUrn: string;
  readonly principalId: string;
  readonly accessKeyId: string;
  /** The caller's account as it was read for this request. */
  readonly snapshot: Snapshot;
  /** The chain that a session assumed by this caller carries. */
  readonly chain: Chain;
  /** What of the read must still hold when the call is committed. */
  readonly guards: readonly Guard[];
  readonly signature: ParsedSignature;
  readonly verificationKey: VerificationKey;
  /** Address the request came from. */
  readonly sourceIp: string;
}

export interface UserCaller extends Common {
  readonly kind: 'user';
  readonly user: User;
}

export interface ServiceCaller extends Common {
  readonly kind: 'service';
  readonly servicePrincipal: string;
}

export interface SessionCaller extends Common {
  readonly kind: 'agency-session';
  readonly session: Session;
  readonly agency: Agency;
}

export type Caller = UserCaller | ServiceCaller | SessionCaller;

export function principalIdentity(caller: Caller): PrincipalIdentity {
  const { principalUrn: urn, accountId } = caller;
  switch (caller.kind) {
    case 'user':
      return { kind: caller.user.isRootUser ? 'root' : 'user', urn, accountId };
    case 'service':
      return { kind: 'service', urn, accountId, servicePrincipal: caller.servicePrincipal };
    case 'agency-session':
      return { kind: 'agency-session', urn, accountId, agencyUrn: agencyUrn(accountId, caller.agency.path, caller.agency.agencyName) };
  }
}

/** The caller's tags; a session tag overrides the agency's own tag of that key (STS API §6.1). */
export function principalTags(caller: Caller): readonly ResourceTag[] {
  switch (caller.kind) {
    case 'user':
      return caller.user.tags;
    case 'service':
      return [];
    case 'agency-session': {
      const overridden = new Set(caller.session.tags.map(({ key }) => foldTagKey(key)));
      return [...caller.agency.tags.filter(({ key }) => !overridden.has(foldTagKey(key))), ...caller.session.tags];
    }
  }
}

/** Everything that bounds what the caller may do, for {@link CallerQuestion}. */
export function callerPolicies(caller: Caller): Pick<CallerQuestion, 'identityPolicies' | 'sessionPolicy' | 'sessionPolicyIds' | 'serviceControlPolicies'> {
  const { snapshot } = caller;
  switch (caller.kind) {
    case 'user':
      return { identityPolicies: userPolicies(snapshot, caller.user), serviceControlPolicies: boundServiceControlPolicies(snapshot) };
    case 'service':
      return { identityPolicies: [], serviceControlPolicies: undefined };
    case 'agency-session':
      return {
        identityPolicies: attachedPolicies(snapshot, caller.agency.attachedPolicies),
        serviceControlPolicies: boundServiceControlPolicies(snapshot),
        ...sessionPolicies(caller.session, snapshot),
      };
  }
}

/**
 * The session's own policies. Policies named by id act in their present default version; one that was deleted since
 * grants nothing.
 */
function sessionPolicies(session: Session, snapshot: Snapshot): Pick<CallerQuestion, 'sessionPolicy' | 'sessionPolicyIds'> {
  const { sessionPolicy, sessionPolicyIds } = session;
  return {
    ...(sessionPolicy !== undefined && { sessionPolicy: inlinePolicy(sessionPolicy) }),
    ...(sessionPolicyIds.length > 0 && {
      sessionPolicyIds: sessionPolicyIds.flatMap((id) => {
        const policy = snapshot.policies.get(id);
        return policy === undefined ? [] : [defaultVersion(policy)];
      }),
    }),
  };
}

const inlinePolicy = (text: string): NamedPolicy => ({ name: 'session policy', policy: parsePolicy('session', text) });

export function eventPrincipal(caller: Caller): EventPrincipal {
  const common = { accountId: caller.accountId, urn: caller.principalUrn, id: caller.principalId, accessKeyId: caller.accessKeyId };
  switch (caller.kind) {
    case 'user':
      return { ...common, type: 'User', isRootUser: caller.user.isRootUser, userName: caller.user.userName };
    case 'service':
      return { ...common, type: 'Service', isRootUser: false };
    case 'agency-session':
      return { ...common, type: 'AssumedAgency', isRootUser: false };
  }
}

export function eventSession(session: Session): EventSession {
  return {
    sessionId: session.sessionId,
    chain: session.chain.map((link) => (link.kind === 'key' ? link.accessKeyId : link.sessionId)),
    expiresAt: session.expiresAt,
    ...(session.sourceIdentity !== undefined && { sourceIdentity: session.sourceIdentity }),
    ...(session.tags.length > 0 && { tags: session.tags.map(({ key, value }) => [key, value] as const) }),
  };
}
