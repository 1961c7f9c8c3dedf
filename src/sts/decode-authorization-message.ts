// DecodeAuthorizationMessage: the reason of a denial, for principals of the account that the message is bound to.
import { z } from 'zod';
import { ApiError } from '../base/api-error.js';
import { decodeAuthorizationMessage } from './authorization-message.js';
import type { Caller } from './caller.js';
import type { CallContext, Outcome } from './outcome.js';
import { ownDenial } from './own-action.js';
import type { Services } from './services.js';

export const decodeAction = 'sts::decodeAuthorizationMessage';

export const decodeBody = z.object({ encoded_message: z.string().min(1).max(10_240) });

export interface DecodedMessage {
  /** JSON text inside a string (STS API §3.5). */
  readonly decoded_message: string;
}

/** 403 without the action, and then without a sealed reason; 400 for a message that is altered or another account's. */
export function decodeMessage(services: Services, caller: Caller, encodedMessage: string, call: CallContext): Outcome<DecodedMessage> {
  const reason = ownDenial(caller, decodeAction, call.now);
  if (reason !== undefined) {
    const error = new ApiError('accessDenied', `\`${caller.principalUrn}\` is not authorized to perform \`${decodeAction}\`: ${reason}`);
    return { ok: false, error, details: { decision: reason }, guards: [] };
  }
  const text = decodeAuthorizationMessage(services.keyring, caller.accountId, encodedMessage);
  if (text === undefined) {
    const error = new ApiError('undecodableMessage', '`encoded_message`: not a message that was issued for this account');
    return { ok: false, error, details: { decision: error.message }, guards: [] };
  }
  return { ok: true, body: { decoded_message: text }, details: { decision: 'allowed' }, guards: [] };
}
