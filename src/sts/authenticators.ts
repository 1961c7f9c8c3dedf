// How a request proves whom it comes from: a signature, a token of the older system in its place, or a password for a token.
import { ApiError } from '../base/api-error.js';
import { authenticator, type Authenticate } from './authenticate.js';
import { loginAuthenticator } from './older/login.js';
import { hasHeader, tokenAuthenticator, tokenHeader } from './token-caller.js';
import type { Services } from './services.js';

/** `signature`: nothing else. `token`: or a token, of the older system's operations. `login`: or a password, of the one that makes tokens. */
export type ProofKind = 'signature' | 'token' | 'login';

export function authenticators(services: Services): Readonly<Record<ProofKind, Authenticate>> {
  const bySignature = authenticator(services);
  const byToken = tokenAuthenticator(services);
  const either: Authenticate = (request, sourceIp, now, mayRemember) => {
    if (!hasToken(request)) return bySignature(request, sourceIp, now, mayRemember);
    if (hasSignature(request)) throw twoProofs();
    return byToken(request, sourceIp, now, mayRemember);
  };
  return { signature: refusingTokens(bySignature, byToken), token: either, login: loginAuthenticator(services, either) };
}

type Request = Parameters<Authenticate>[0];

const hasSignature = (request: Request): boolean => hasHeader(request, 'authorization');
const twoProofs = (): ApiError => new ApiError('invalidField', '`X-Auth-Token`: comes with `Authorization`; one of the two is enough, and only one can say who is calling');
const hasToken = (request: Request): boolean => hasHeader(request, tokenHeader);

/** The newer operations take no token; who has a good one is told so, anybody else learns nothing of it. */
function refusingTokens(bySignature: Authenticate, byToken: Authenticate): Authenticate {
  const refused: Authenticate = async (request, ...more) => {
    if (hasSignature(request)) {
      // Who cannot sign is told no more than that.
      await bySignature(request, ...more);
      throw twoProofs();
    }
    const { kind } = await byToken(request, ...more);
    // [choice] That of a user is refused like no proof at all.
    if (kind === 'agency-session') throw new ApiError('legacyAgencyToken', '`X-Auth-Token`: the token of an agency is not accepted by this operation; sign with temporary keys of the agency');
    throw new ApiError('unauthenticated', '`X-Auth-Token`: the token of a user is not accepted by this operation; sign with an access key, or with temporary keys made from the token');
  };
  return (request, sourceIp, now, mayRemember) => (hasToken(request) ? refused : bySignature)(request, sourceIp, now, mayRemember);
}
