// What a registered service is told of a decision, and of whoever asked for it.
import { z } from 'zod';
import { depthOf } from '../sessions/session.js';
import { loginMfaAt, principalTags } from './actor.js';
import type { Signer } from './forwarded-request.js';

const time = z.string().describe('RFC 3339, in whole seconds');
export const principal = z.object({
  urn: z.string(), account_id: z.string(),
  tags: z.array(z.object({ key: z.string(), value: z.string() })).describe('as in g:PrincipalTag: session tags, and those tags of the user or agency that they do not override'),
  source_identity: z.string().optional(),
  chain_depth: z.int().describe('agencies from the long-term key to the session; 0 for a long-term key'),
  root_principal: z.string().describe('URN of the long-term principal at the start of the chain'),
  mfa_present: z.boolean(), mfa_authenticated_at: time.optional(),
  expiration: time.optional().describe('absent for a long-term key'),
});
const decision = z.object({
  decision: z.enum(['allow', 'deny', 'unauthenticated']),
  explanation_id: z.string().optional().describe('id of the audit event in the account of the principal, which says why'),
  encoded_authorization_message: z.string().optional().describe('of a denial: the reason, sealed for that account'),
});

export const authorizeAnswer = z.object({
  results: z.array(z.object({
    principal: principal.optional().describe('absent: nobody could be identified'),
    decisions: z.array(decision).describe('one per question, in their order'),
  })).describe('one per request, in their order'),
});

export type AuthorizeAnswer = z.infer<typeof authorizeAnswer>;

/** INVARIANT: nothing else of the principal or its account is told. */
export function principalAnswer(signer: Signer): z.infer<typeof principal> {
  const common = { urn: signer.principalUrn, account_id: signer.accountId, tags: principalTags(signer).map(({ key, value }) => ({ key, value })) };
  if (signer.kind === 'user') {
    const mfaAt = loginMfaAt(signer);
    return { ...common, chain_depth: 0, root_principal: signer.principalUrn, mfa_present: mfaAt !== undefined, ...(mfaAt !== undefined && { mfa_authenticated_at: timeText(mfaAt) }), ...(signer.temporary !== undefined && { expiration: timeText(signer.temporary.expiresAt) }) };
  }
  const { sourceIdentity, rootPrincipal, mfaAuthenticatedAt, expiresAt } = signer.session;
  return {
    ...common,
    ...(sourceIdentity !== undefined && { source_identity: sourceIdentity }),
    chain_depth: depthOf(signer.session), root_principal: rootPrincipal,
    mfa_present: mfaAuthenticatedAt !== undefined, ...(mfaAuthenticatedAt !== undefined && { mfa_authenticated_at: timeText(mfaAuthenticatedAt) }),
    expiration: timeText(expiresAt),
  };
}

const timeText = (secondsSinceEpoch: number): string => new Date(secondsSinceEpoch * 1000).toISOString();
