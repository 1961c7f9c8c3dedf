// RevokeToken: a session ends by its security token (RFC 7009).
import { z } from 'zod';
import { authorize } from '../../iam/authorize.js';
import type { Ground, Result } from '../../iam/account-call.js';
import { ApiError } from '../../base/api-error.js';
import { maximumTokenBytes, readSecurityToken } from '../../sts/security-token.js';
import { sessionResourceUrn } from '../../urn/urn.js';
import { isParty } from '../party.js';
import { endSession, revokeAction, revokedResource } from './revoke-session.js';

/** Other members are ignored, as RFC 6749 §3.1 asks for. */
export const revokeTokenForm = z.object({ token: z.string().min(1).max(maximumTokenBytes), token_type_hint: z.string().max(64).optional() });

/**
 * A session may end itself; for any other it takes what RevokeSession takes. What is no token of a living session is
 * answered as done (RFC 7009 §2.2); a token of others is refused, since nothing would have ended (§2.1).
 */
export async function revokeToken(ground: Ground, { body: { token } }: { readonly body: z.output<typeof revokeTokenForm> }): Promise<Result<undefined>> {
  const { services, caller, account, call } = ground;
  const { sessionId } = (await readSecurityToken(services.keyring, services.settings.issuer, token, call.now)) ?? {};
  const session = sessionId === undefined ? undefined : await services.sessions.find(sessionId);
  if (session === undefined) return { body: undefined };
  const isOwn = caller.kind === 'agency-session' && caller.session.sessionId === session.sessionId;
  if (!isOwn) {
    if (!isParty(session, account.accountId)) throw new ApiError('accessDenied', '`token`: is not of a session that this account has a part in');
    authorize(services, caller, { action: revokeAction, resource: revokedResource(account, { path: { session_id: session.sessionId } }), outlasts: false }, call.now);
  }
  const { note: _, ...ended } = await endSession(ground, session, '');
  return { body: undefined, resource: sessionResourceUrn(account.accountId, session.sessionId), ...ended };
}
