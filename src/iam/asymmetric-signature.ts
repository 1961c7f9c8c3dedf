// The account's switch for asymmetric signatures (IAM v5 API §9).
import { z } from 'zod';
import { ApiError } from '../base/api-error.js';
import { setAsymmetricSignature } from '../directory/commands/asymmetric-signature.js';
import type { Ground, Result } from './account-call.js';

export const switchBody = z.object({ asymmetric_signature: z.object({ asymmetric_signature_switch: z.boolean(), domain_id: z.string().optional() }) });
export const switchResponse = z.object({ asymmetric_signature: z.object({ asymmetric_signature_switch: z.boolean(), domain_id: z.string() }) });

export const get = ({ account: { accountId, account } }: Ground): Result<z.infer<typeof switchResponse>> =>
  ({ body: { asymmetric_signature: { asymmetric_signature_switch: account.asymmetricSignature, domain_id: accountId } } });

/** The account is the caller's: a body that names another one is refused, never followed. */
export function set({ account }: Ground, { body: { asymmetric_signature: wanted } }: { readonly body: z.output<typeof switchBody> }): Result<undefined> {
  const { asymmetric_signature_switch: isOn, domain_id: domainId } = wanted;
  if (domainId !== undefined && domainId !== account.accountId) throw new ApiError('accessDenied', '`asymmetric_signature.domain_id`: is not the account of the caller');
  return { body: undefined, change: setAsymmetricSignature(account, isOn) };
}
