// Ends sessions by their own credentials: a session may end itself, whatever else it may do (RFC 7009).
import { CredentialsError } from './credentials-error.js';
import type { ObtainedSession } from './kept-chain.js';
import { callService, type CallContext } from './service-call.js';

/** In the order of obtaining: what was obtained from a session is ended before it. Tries all, then throws the first CredentialsError. */
export async function endSessions(sessions: readonly ObtainedSession[], context: CallContext): Promise<void> {
  let failure: Error | undefined;
  for (const { connection, expiresAt } of [...sessions].reverse()) {
    const body = new URLSearchParams({ token: connection.credentials.securityToken ?? '' }).toString();
    try {
      if (context.now().getTime() < expiresAt) await callService(connection, { method: 'POST', path: '/oauth2/revoke', body }, context);
    } catch (error) {
      // Its own credentials are refused: it has ended, or an ancestor has.
      if (!(error instanceof CredentialsError && error.status === 401)) failure ??= error instanceof Error ? error : new Error('a session was not ended', { cause: error });
    }
  }
  if (failure !== undefined) throw failure;
}
