// The account's own settings about sessions.
import { z } from 'zod';
import { updateAccount } from '../directory/commands/accounts.js';
import type { Ground, Result } from '../iam/account-call.js';

export const sessionSettings = z.strictObject({ revoke_on_disable: z.boolean() });
type SessionSettings = z.infer<typeof sessionSettings>;

export const getSessionSettings = ({ account: { account } }: Ground): Result<SessionSettings> => ({ body: { revoke_on_disable: account.revokeOnDisable } });

/** Counts from the next disabling on: what is disabled already has ended nothing. */
export const setSessionSettings = ({ account }: Ground, { body }: { readonly body: SessionSettings }): Result<SessionSettings> =>
  ({ body, change: updateAccount(account, { revokeOnDisable: body.revoke_on_disable }) });
