// Verification of an MFA code that comes with an assume call.
import * as OTPAuth from 'otpauth';
import { ApiError } from '../base/api-error.js';
import { seconds } from '../base/clock.js';
import { mfaSeedPlace } from '../directory/entities.js';
import { open } from '../keyring/seal.js';
import type { Caller } from './caller.js';
import type { MfaStep } from './commit.js';
import type { CallContext } from './outcome.js';
import type { Services } from './services.js';

const periodSeconds = 30;
/** [choice] One step early or late is accepted (IAM v5 API §7). */
const window = 1;
const wrongCodesUntilRefusal = 5;

/** One text for every failure: a caller does not learn which devices exist, or that a code was right but used. */
export const mfaError = (): ApiError => new ApiError('accessDenied', 'the MFA code was not accepted for the device `serial_number` names and this caller');

/**
 * The step whose code was given, to be burnt by the commit. Throws the 403 for a device that is not the caller's, a
 * wrong code, and after five wrong codes of one device in five minutes.
 */
export async function verifyMfaCode(services: Services, caller: Caller, serialNumber: string, tokenCode: string, { now, countedMfaCodes }: CallContext): Promise<MfaStep> {
  const device = caller.kind === 'user' ? caller.snapshot.mfaDevices.get(serialNumber) : undefined;
  if (caller.kind !== 'user' || device?.enabled !== true || device.userId !== caller.user.userId) throw mfaError();
  const subject = [caller.accountId, serialNumber];
  // Counted before it is checked: codes tried at the same moment do not slip past the limit.
  if (!countedMfaCodes.has(tokenCode)) {
    if ((await services.mfaAttempts.count(subject)) > wrongCodesUntilRefusal) throw mfaError();
    countedMfaCodes.add(tokenCode);
  }
  const seed = open(services.keyring['secret-sealing'], mfaSeedPlace(caller.accountId, device.userId, serialNumber), device.sealedSeed);
  if (seed === undefined) throw new Error(`the seed of MFA device \`${serialNumber}\` does not open with the key ring`);
  const totp = new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(seed.toString('utf8')), algorithm: 'SHA1', digits: 6, period: periodSeconds });
  const delta = totp.validate({ token: tokenCode, timestamp: now, window });
  if (delta === null) throw mfaError();
  countedMfaCodes.delete(tokenCode);
  await services.mfaAttempts.forgive(subject);
  return { accountId: caller.accountId, serialNumber, step: Math.floor(seconds(now) / periodSeconds) + delta };
}
