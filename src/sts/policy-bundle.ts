// The policy bundle: all that bounds a principal at one service, signed, so that the service decides by itself for a minute.
import { z } from 'zod';
import { seconds } from '../base/clock.js';
import { signJwsWithStanding } from '../keyring/jws.js';
import { attachedPolicies, userPolicies } from '../directory/compiled-policies.js';
import { roleDenials } from '../directory/role-policies.js';
import { formatPolicy, mayConcern, type NamedPolicy } from '../policy/index.js';
import { callerPolicies, principalIdentity, principalTags, roleGrantsOf, tokenScopeOf } from './actor.js';
import type { ForwardedRequest } from './authorize-input.js';
import { callerConditions, requestFacts } from './call-conditions.js';
import type { Caller } from './caller.js';
import type { Signer } from './forwarded-request.js';
import type { CallContext, Outcome } from './outcome.js';
import { handOut } from './presented.js';
import type { Services } from './services.js';

/** INVARIANT: not the type of a token that stands for a session. */
const policyBundleType = 'policybundle+jwt';
/** [choice] So long a change of policies may go unseen offline. */
const bundleSeconds = 60;

export const policyBundleAnswer = z.object({
  granted: z.boolean().describe('false: nobody could be identified'),
  policy_bundle: z.string().optional().describe(`JWT of the type \`${policyBundleType}\``),
});
type Answer = z.infer<typeof policyBundleAnswer>;

/** What the verifier knows of each request by itself. */
const ofRequest: ReadonlySet<string> = new Set(['g:CurrentTime', 'g:SourceIp', 'g:UserAgent', 'g:Referer', 'g:TokenIssueTime', 'g:MFAAge']);

export function policyBundle(services: Services, caller: Caller, request: Omit<ForwardedRequest, 'questions'>, call: CallContext): Promise<Outcome<Answer>> {
  return handOut(services, caller, request, { what: 'policy bundle', make: (signer, serviceCode) => ({ policy_bundle: signed(services, signer, serviceCode, call) }) }, call);
}

/** Only statements that can matter to actions of the service. */
function signed({ keyring, settings: { issuer } }: Services, signer: Signer, service: string, { now }: CallContext): string {
  // [choice] What roles are worth depends on where a request is made, which is not known here: they allow nothing offline, and deny wherever they deny anywhere.
  const identityPolicies = [
    ...(signer.kind === 'user' ? userPolicies(signer.snapshot, signer.user) : attachedPolicies(signer.snapshot, signer.agency.attachedPolicies)),
    ...roleDenials(signer.snapshot, roleGrantsOf(signer, signer.snapshot)),
  ];
  const { sessionPolicy, serviceControlPolicies, ...rest } = callerPolicies(signer);
  // INVARIANT: whether a request lies in the scope of a token is decided online alone: offline an empty list denies all.
  const sessionPolicyIds = tokenScopeOf(signer) === undefined ? rest.sessionPolicyIds : [];
  const texts = (policies: readonly NamedPolicy[]): readonly (readonly [string, string])[] => policies.flatMap(({ name, policy }) => {
    const concerning = mayConcern(policy, service);
    return concerning === undefined ? [] : [[name, formatPolicy(concerning)] as const];
  });
  const identity = principalIdentity(signer);
  const conditions = callerConditions(signer, requestFacts(signer, now)).filter(([name, value]) => value !== undefined && !ofRequest.has(name));
  return signJwsWithStanding(keyring['token-signing'], policyBundleType, {
    iss: issuer, aud: `${issuer}#${service}`, sub: signer.principalUrn, jti: signer.accessKeyId, iat: seconds(now), exp: seconds(now) + bundleSeconds,
    policy_bundle: {
      kind: identity.kind, account: signer.accountId, ...(identity.kind === 'agency-session' && { agency: identity.agencyUrn }),
      tags: principalTags(signer).map(({ key, value }) => [key, value]), conditions,
      ...(signer.kind === 'agency-session' && { issued_at: signer.session.issuedAt, mfa: signer.session.mfaAuthenticatedAt }),
      identity: texts(identityPolicies),
      ...(sessionPolicy !== undefined && { session: texts([sessionPolicy]) }),
      ...(sessionPolicyIds !== undefined && { session_ids: texts(sessionPolicyIds) }),
      ...(serviceControlPolicies !== undefined && { service_control: texts(serviceControlPolicies) }),
    },
  });
}
