// Asking the token service about each request: who signed it, and whether it is allowed.
import type { ReceivedRequest } from '../signing/index.js';
import type { Principal } from './claims.js';
import { parsed } from './offline.js';
import type { Setup } from './options.js';
import type { Answer, Answered, Question } from './question.js';
import { Refused } from './refusal.js';
import type { VerifierClock } from './remote.js';
import { authorizationOf, forwarded, type ServiceCall } from './service-calls.js';

/** Throws {@link Refused} for a request of nobody. */
export type Ask = (request: ReceivedRequest, sourceIp: string, questions: readonly Question[]) => Promise<Answered>;

export function onlineDecisions(setup: Setup, call: ServiceCall, clock: VerifierClock): Ask {
  return async (request, sourceIp, questions) => {
    const signature = parsed(setup, request, clock.now());
    const { results } = await call('/v1/authorize', { requests: [{ ...forwarded(request, signature, authorizationOf(request), sourceIp), questions: questions.map(wireQuestion) }] });
    const [result] = Array.isArray(results) ? (results as readonly unknown[]).map(membersOf) : [];
    const decisions = Array.isArray(result?.['decisions']) ? (result['decisions'] as readonly unknown[]).map(membersOf) : [];
    if (result === undefined || decisions.length !== questions.length) throw new Refused('service_unavailable', 'the token service answered another question than was asked');
    if (result['principal'] === undefined) throw new Refused('signature_mismatch', 'the token service does not know who signed the request');
    return { ok: true, principal: principalOf(membersOf(result['principal']), signature.accessKeyId), answers: decisions.map(answerOf) };
  };
}

const wireQuestion = ({ action, resource, resourceTags = [], requestTags = [], context = {}, scope, operationId, resourcePolicyAllows = false }: Question): object =>
  ({ action, ...(resource !== undefined && { resource }), ...(scope !== undefined && { scope: wireScope(scope) }), ...(operationId !== undefined && { operation_id: operationId }), resource_tags: resourceTags, request_tags: requestTags, context, resource_policy_allows: resourcePolicyAllows });

const wireScope = ({ projectId, enterpriseProjectId, direct }: NonNullable<Question['scope']>): object =>
  ({ ...(projectId !== undefined && { project_id: projectId }), ...(enterpriseProjectId !== undefined && { enterprise_project_id: enterpriseProjectId }), ...(direct !== undefined && { direct }) });

/** INVARIANT: whatever is not said to be allowed is not. */
function answerOf({ decision, explanation_id: explanationId, encoded_authorization_message: message }: Readonly<Record<string, unknown>>): Answer {
  return {
    allowed: decision === 'allow',
    ...(typeof explanationId === 'string' && { explanationId }), ...(typeof message === 'string' && { encodedAuthorizationMessage: message }),
  };
}

/** As the token service tells of a principal. Throws {@link Refused} for anything else. */
export function principalOf(answer: Readonly<Record<string, unknown>>, accessKeyId: string): Principal {
  const { urn, account_id: accountId, tags, source_identity: sourceIdentity, chain_depth: chainDepth, root_principal: rootPrincipal, mfa_authenticated_at: mfa, expiration } = answer;
  if (typeof urn !== 'string' || typeof accountId !== 'string' || typeof chainDepth !== 'number' || typeof rootPrincipal !== 'string' || !Array.isArray(tags)) {
    throw new Refused('service_unavailable', 'the token service answered no principal');
  }
  return {
    urn, accountId, accessKeyId, chainDepth, rootPrincipal, sourceIdentity: typeof sourceIdentity === 'string' ? sourceIdentity : undefined,
    tags: (tags as readonly unknown[]).map(membersOf).map(({ key, value }) => ({ key: String(key), value: String(value) })),
    mfaAuthenticatedAt: secondsOf(mfa), expiresAt: secondsOf(expiration),
  };
}

const secondsOf = (value: unknown): number | undefined => (typeof value === 'string' ? Math.floor(Date.parse(value) / 1000) : undefined);

/** None of what is no object. */
export const membersOf = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {});
