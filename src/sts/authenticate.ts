// From a signed request to its caller: which key, whose key, alive, and really the signer.
import { ApiError } from '../base/api-error.js';
import {
  canonicalRequestForDisplay, dummyVerificationKey, parseSignedRequest, verifiedRequestHash,
  type ParsedSignature, type SignedRequest, type Refused,
} from '../signing/index.js';
import { cellOfSessionId } from '../urn/ids.js';
import type { Caller } from './caller.js';
import { authenticationError } from './candidate.js';
import { permanentKey } from './permanent-key.js';
import { securityTokenVerifier } from './security-token.js';
import type { Services } from './services.js';
import { temporaryKey } from './temporary-key.js';

export const maximumSkewSeconds = 900;
/** [choice] Failures of one key from one address in five minutes, after which the answer no longer helps with the signature. */
const failuresUntilSilence = 20;

/** `now`: milliseconds since the epoch. */
export type Authenticate = (request: SignedRequest, sourceIp: string, now: number) => Promise<Caller>;

/**
 * Throws {@link ApiError} 401; unknown key, disabled key and wrong signature give one code and one text.
 * @param serviceName the service that V11 signatures must name: whose requests these are
 */
export function authenticator(services: Services, serviceName = services.settings.serviceName): Authenticate {
  const { settings } = services;
  const verifyToken = securityTokenVerifier(services.keyring, settings.issuer);
  const dummyKey = dummyVerificationKey();
  const options = { maximumSkewSeconds, region: settings.region, service: serviceName, allowUnsignedPayload: settings.allowUnsignedPayload };

  return async (request, sourceIp, now) => {
    const parsed = parseSignedRequest(request, { ...options, now });
    if (!parsed.ok) throw refusalError(parsed);
    const { signature } = parsed;
    const candidate = cellOfSessionId(signature.accessKeyId) === undefined
      ? await permanentKey(services, signature)
      : await temporaryKey(services, signature, verifyToken, now);
    // An unknown key costs the same work, so that time does not tell it from a wrong signature.
    const requestHash = verifiedRequestHash(request, signature, candidate?.key ?? dummyKey);
    if (requestHash === undefined || candidate === undefined) throw await signatureFailure(services, request, signature, sourceIp);
    return { ...candidate.caller, signature, requestHash, verificationKey: candidate.key, sourceIp };
  };
}

/**
 * The one answer to an unknown key, a disabled key and a wrong signature. Failures are counted per key and address;
 * a valid signature always passes, so nobody can lock an owner out.
 */
async function signatureFailure(services: Services, request: SignedRequest, signature: ParsedSignature, sourceIp: string): Promise<ApiError> {
  const failures = await services.signatureFailures.count([signature.accessKeyId, sourceIp]);
  if (failures > failuresUntilSilence) return new ApiError('unauthenticated', `${authenticationError}AK access failed to reach the limit,forbidden.`);
  return new ApiError('unauthenticated', `${authenticationError}verify aksk signature fail, canonicalRequest:${canonicalRequestForDisplay(request, signature)}`);
}

/** The message of a date out of range is the gateway's own. */
const refusalError = ({ refusal, message }: Refused): ApiError =>
  new ApiError(refusal === 'date_out_of_range' ? 'signatureExpired' : 'unauthenticated', `${authenticationError}${message}`);
