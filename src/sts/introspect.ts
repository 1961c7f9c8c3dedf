// IntrospectToken: whether a bare token is that of a living session or user (RFC 7662).
import { z } from 'zod';
import { ApiError } from '../base/api-error.js';
import { madeOnce } from '../base/made-once.js';
import { sessionResourceUrn } from '../urn/urn.js';
import type { Caller, SessionCaller } from './caller.js';
import type { Candidate, Proved } from './candidate.js';
import type { CallContext, Outcome } from './outcome.js';
import { maximumTokenBytes, securityTokenVerifier, type VerifyToken } from './security-token.js';
import type { Reads, Services } from './services.js';
import { temporaryKey } from './temporary-key.js';
import { presentedOwner, tokenOwner, type TokenOwner } from './token-caller.js';
import { userOfKeys } from './user-credentials.js';

/** Other members are ignored, as RFC 6749 §3.1 asks for. */
export const introspectForm = z.object({ token: z.string().min(1), token_type_hint: z.string().optional() });

export const introspectAnswer = z.object({
  active: z.boolean(),
  iss: z.string().optional(), sub: z.string().optional().describe('URN of the session'), aud: z.string().optional(),
  client_id: z.string().optional().describe('URN of who assumed the agency'),
  jti: z.string().optional().describe('id of the session, which is its access key id'),
  iat: z.int().optional(), exp: z.int().optional(),
});

const verifierOf = madeOnce((services: Services, issuer: string): VerifyToken => securityTokenVerifier(services.keyring, issuer));

/**
 * INVARIANT: whoever may not ask, and whatever is no token of a living session with living ancestors, gets
 * `{"active":false}` and no other byte.
 */
export async function introspectToken(services: Services, caller: Caller, token: string, call: CallContext): Promise<Outcome<z.infer<typeof introspectAnswer>>> {
  const living = isAudience(caller) ? await livingSession(services, token, call) : undefined;
  const request = { token: true };
  if (living === undefined) return { ok: true, body: { active: false }, guards: [], details: { request, decision: 'inactive' } };
  const { principalUrn, accountId } = living;
  const { issuer } = services.settings;
  return {
    ok: true, guards: [], alsoProved: [living], details: { request, resource: living.kind === 'agency-session' ? sessionResourceUrn(accountId, living.session.sessionId) : principalUrn, decision: 'active' },
    body: { active: true, iss: issuer, sub: principalUrn, aud: issuer, ...timesOf(living) },
  };
}

function timesOf(living: Living): Pick<z.infer<typeof introspectAnswer>, 'client_id' | 'jti' | 'iat' | 'exp'> {
  if (living.kind === 'agency-session') return { client_id: living.session.assumedBy, jti: living.session.sessionId, iat: living.session.issuedAt, exp: living.session.expiresAt };
  return { client_id: living.principalUrn, jti: living.accessKeyId, ...(living.temporary !== undefined && { iat: living.temporary.issuedAt, exp: living.temporary.expiresAt }) };
}

type Living = TokenOwner;

/** [choice] Tokens are made for one audience, the installation; a registered service is a part of it. */
const isAudience = (caller: Caller): boolean => caller.kind === 'service';

async function livingSession(services: Services, token: string, call: CallContext): Promise<Living | undefined> {
  if (token.length > maximumTokenBytes) return undefined;
  const verifyToken = verifierOf(services, services.settings.issuer);
  const { now } = call;
  const { sessionId } = (await verifyToken(token, now)) ?? {};
  // Tokens of the older system, and those of a user's temporary keys, are of other types.
  const find = async (from: Reads): Promise<Living | undefined> => sessionId !== undefined
    ? provedSession(() => temporaryKey(services, from, { accessKeyId: sessionId, securityToken: token }, verifyToken, now))
    : (await tokenOwner(services, from, token, now)) ?? (await userOfKeys(services, from, token, now))?.caller;
  return presentedOwner<Living | undefined>(services, call, find, (living) => living);
}

async function provedSession(prove: () => Promise<Candidate | undefined>): Promise<Proved<SessionCaller> | undefined> {
  try {
    const candidate = await prove();
    return candidate?.caller.kind === 'agency-session' ? candidate.caller : undefined;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return undefined;
    throw error;
  }
}
