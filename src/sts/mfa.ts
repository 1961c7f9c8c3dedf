// Verification of MFA codes: of the one that comes with an assume call, and of those that enable a device.
import * as OTPAuth from 'otpauth';
import { ApiError } from '../base/api-error.js';
import { seconds } from '../base/clock.js';
import { mfaSeedPlace, type MfaDevice } from '../directory/entities.js';
import { open } from '../keyring/seal.js';
import type { Caller } from './caller.js';
import type { MfaStep } from './commit.js';
import type { CallContext } from './outcome.js';
import type { Services } from './services.js';

const periodSeconds = 30;
/** [choice] One step early or late is accepted (IAM v5 API §7). */
const window = [-1, 0, 1];
const wrongCodesUntilRefusal = 5;

/** One text for every failure: a caller does not learn which devices exist, or that a code was right but used. */
export const mfaError = (): ApiError => new ApiError('accessDenied', 'the MFA code was not accepted for the device `serial_number` names and this caller');

/**
 * The step whose code was given, to be burnt by the commit. Throws the 403 for a device that is not the caller's, a
 * wrong code, and after five wrong codes of one device in five minutes.
 */
export async function verifyMfaCode(services: Services, caller: Caller, serialNumber: string, tokenCode: string, call: CallContext): Promise<MfaStep> {
  const device = caller.kind === 'user' ? caller.snapshot.mfaDevices.get(serialNumber) : undefined;
  if (caller.kind !== 'user' || device?.enabled !== true || device.userId !== caller.user.userId) throw mfaError();
  const step = await acceptedStep(services, caller.accountId, device, [tokenCode], call);
  if (step === undefined) throw mfaError();
  return step;
}

/**
 * The step of the last of these codes, to be burnt by the commit; undefined for wrong ones, and after five wrong tries
 * at one device in five minutes.
 * @param codes of consecutive steps, the last one's within the window
 */
export async function acceptedStep(
  services: Services, accountId: string, { serialNumber, userId, sealedSeed }: MfaDevice, codes: readonly string[], { now, countedMfaCodes }: Pick<CallContext, 'now' | 'countedMfaCodes'>,
): Promise<MfaStep | undefined> {
  const subject = [accountId, serialNumber];
  const tried = codes.join(' ');
  // Counted before it is checked: codes tried at the same moment do not slip past the limit.
  if (!countedMfaCodes.has(tried)) {
    if ((await services.mfaAttempts.count(subject)) > wrongCodesUntilRefusal) return undefined;
    countedMfaCodes.add(tried);
  }
  const seed = open(services.keyring['secret-sealing'], mfaSeedPlace(accountId, userId, serialNumber), sealedSeed);
  if (seed === undefined) throw new Error(`the seed of MFA device \`${serialNumber}\` does not open with the key ring`);
  const step = lastStepOf(codes, seed.toString('utf8'), Math.floor(seconds(now) / periodSeconds));
  if (step === undefined) return undefined;
  countedMfaCodes.delete(tried);
  await services.mfaAttempts.forgive(subject);
  return { accountId, serialNumber, step };
}

function lastStepOf(codes: readonly string[], seed: string, currentStep: number): number | undefined {
  const totp = new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(seed), algorithm: 'SHA1', digits: 6, period: periodSeconds });
  const isCodeOf = (token: string, step: number): boolean => totp.validate({ token, timestamp: step * periodSeconds * 1000, window: 0 }) !== null;
  return window.map((delta) => currentStep + delta)
    .find((last) => codes.every((code, index) => isCodeOf(code, last - (codes.length - 1 - index))));
}
