// From a signed request to its caller: which key, whose key, alive, and really the signer.
import { ApiError } from '../base/api-error.js';
import {
  canonicalRequestForDisplay, dummyVerificationKey, parseSignedRequest, verifiedRequestHash,
  type ParsedSignature, type SignedRequest, type Refused,
} from '../signing/index.js';
import { cellOfSessionId, isUserKeysId } from '../urn/ids.js';
import type { Caller } from './caller.js';
import { authenticationError, forgetRefusal, type Candidate } from './candidate.js';
import { permanentKey } from './permanent-key.js';
import { securityTokenVerifier, type VerifyToken } from './security-token.js';
import { rememberedReads, type Reads, type Services } from './services.js';
import { temporaryKey } from './temporary-key.js';
import { userKeys } from './user-credentials.js';

export const maximumSkewSeconds = 900;
/** [choice] Failures of one key from one address in five minutes, after which the answer no longer helps with the signature. */
const failuresUntilSilence = 20;

/**
 * @param now milliseconds since the epoch
 * @param mayRemember whether a caller may be known from memory: then what he is must be asked again before anything is
 * answered, as a commit with his guards does. A refusal never comes from memory.
 */
export type Authenticate = (request: SignedRequest, sourceIp: string, now: number, mayRemember?: boolean) => Promise<Caller>;

/**
 * Throws {@link ApiError} 401; unknown key, disabled key and wrong signature give one code and one text.
 * @param serviceName the service that V11 signatures must name: whose requests these are
 */
export function authenticator(services: Services, serviceName = services.settings.serviceName): Authenticate {
  const { settings } = services;
  const verifyToken = securityTokenVerifier(services.keyring, settings.issuer);
  const dummyKey = dummyVerificationKey();
  const remembered = rememberedReads(services);
  const { region, allowUnsignedPayload } = settings;

  function candidateOf(reads: Reads, signature: ParsedSignature, verifyOnce: VerifyToken, now: number): Promise<Candidate | undefined> {
    const { accessKeyId, securityToken } = signature;
    if (cellOfSessionId(accessKeyId) !== undefined) return temporaryKey(services, reads, signature, verifyOnce, now);
    if (securityToken !== undefined && isUserKeysId(accessKeyId)) return userKeys(services, reads, { accessKeyId, securityToken }, now);
    return permanentKey(services, reads, signature);
  }

  async function identified({ request, signature, sourceIp, now, verifyOnce }: Signed, reads: Reads): Promise<Caller | undefined> {
    const candidate = await candidateOf(reads, signature, verifyOnce, now);
    // An unknown key costs the same work, so that time does not tell it from a wrong signature.
    const requestHash = verifiedRequestHash(request, signature, candidate?.key ?? dummyKey);
    if (requestHash === undefined || candidate === undefined) return undefined;
    return { ...candidate.caller, signature, requestHash, verificationKey: candidate.key, sourceIp };
  }

  return async (request, sourceIp, now, mayRemember = false) => {
    const parsed = parseSignedRequest(request, { maximumSkewSeconds, region, service: serviceName, allowUnsignedPayload, now, pathReading: request.pathReading });
    if (!parsed.ok) throw refusalError(parsed);
    let verified: ReturnType<VerifyToken> | undefined;
    // A bad token is not remembered: asked about twice, it is verified once all the same.
    const verifyOnce: VerifyToken = (token, time) => (verified ??= verifyToken(token, time));
    const signed = { request, signature: parsed.signature, sourceIp, now, verifyOnce };
    let caller: Caller | undefined;
    if (mayRemember) {
      try {
        caller = await identified(signed, remembered);
      } catch (error) {
        forgetRefusal(error);
      }
    }
    caller ??= await identified(signed, services);
    if (caller === undefined) throw await signatureFailure(services, request, parsed.signature, sourceIp);
    return caller;
  };
}

interface Signed {
  readonly request: SignedRequest;
  readonly signature: ParsedSignature;
  readonly sourceIp: string;
  readonly now: number;
  readonly verifyOnce: VerifyToken;
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
