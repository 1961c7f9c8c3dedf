// Request signatures: what the rest of the house may use of this room.
export { claimedAccessKeyId } from './authorization.js';
export { formatSdkDate } from './date.js';
export { deriveScopeKey, type EcdsaPublicJwk } from './derive.js';
export { readHeaderText } from './headers.js';
export {
  dummyVerificationKey,
  ecdsaPublicJwk,
  publicVerificationKey,
  scopeVerificationKey,
  verificationKey,
  type VerificationKey,
} from './key.js';
export { parseSignedRequest, type ParseOptions } from './parse.js';
export { signRequest, type SigningInput } from './sign.js';
export { canonicalUris, checkPath, hasOtherReading, queryPairs, type QueryPair } from './target.js';
export type {
  ParsedSignature,
  ParseResult,
  PathReading,
  ReceivedRequest,
  Refused,
  SignatureAlgorithm,
  SignatureRefusal,
  SignatureScope,
  SignedRequest,
} from './types.js';
export { canonicalRequestForDisplay, verifiedRequestHash, verifySignature } from './verify.js';
