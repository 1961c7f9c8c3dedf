// The account's switch of asymmetric signatures (IAM v5 API §9).
import { ApiError } from '../base/api-error.js';
import { authenticationError } from './candidate.js';
import type { Caller } from './caller.js';

/**
 * Throws the 401 where the account has them switched off. Asked of a caller whose signature is verified: a forger
 * learns nothing of the switch, and the account sees in its audit who still signs so.
 */
export function refuseSwitchedOff(caller: Caller): void {
  if (isSwitchedOff(caller)) throw new ApiError('unauthenticated', `${authenticationError}the algorithm \`${caller.signature.algorithm}\` is switched off for this account`);
}

export const isSwitchedOff = ({ signature: { algorithm }, snapshot: { account } }: Caller): boolean =>
  algorithm === 'SDK-ECDSA-P256-SHA256' && !account.asymmetricSignature;
