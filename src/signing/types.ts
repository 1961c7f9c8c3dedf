// The values that pass between the parser, the verifier and their callers.

/** Names of the algorithms as they stand in Authorization (request signatures §1). SDK-SM2-SM3 is left out. */
export type SignatureAlgorithm = 'SDK-HMAC-SHA256' | 'V11-HMAC-SHA256' | 'SDK-ECDSA-P256-SHA256' | 'SDK-HMAC-SM3';

export interface ReceivedRequest {
  /** As received; HTTP methods are case-sensitive. */
  readonly method: string;
  /** The raw request target, before any decoding or rewriting. */
  readonly target: string;
  /** Name and value alternating, one character per byte received (Node's `rawHeaders`). */
  readonly rawHeaders: readonly string[];
  /** The raw body bytes; empty if there is none. */
  readonly body: Buffer;
}

/** What a signature is verified of: a request as it was received, here or by somebody who kept only the hash of its body. */
export interface SignedRequest extends Omit<ReceivedRequest, 'body'> {
  readonly body: Buffer | BodyHash;
  /** The only one that counts; absent: either. */
  readonly pathReading?: PathReading | undefined;
}

/** How a signer made the path canonical: `decoded` it decoded the escapes first, `escaped` it encoded them once more (request signatures §10). */
export type PathReading = 'decoded' | 'escaped';

/** Stands for a body that is not at hand. */
export interface BodyHash {
  /** Lower-case hex, by the hash function of the signature's algorithm. */
  readonly hash: string;
}

export type SignatureRefusal =
  | 'algorithm_unsupported'
  | 'authorization_malformed'
  | 'authorization_missing'
  | 'content_hash_mismatch'
  | 'date_malformed'
  | 'date_missing'
  | 'date_not_signed'
  | 'date_out_of_range'
  | 'header_malformed'
  | 'header_not_signed'
  | 'header_repeated'
  | 'method_malformed'
  | 'path_malformed'
  | 'query_malformed'
  | 'scope_mismatch'
  | 'security_token_not_signed'
  | 'signature_malformed'
  | 'signature_mismatch'
  | 'signed_header_missing'
  | 'unsigned_payload';

/** What a derived (V11) key is good for (request signatures §6). */
export interface SignatureScope {
  /** `YYYYMMDD`, UTC. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
}

/** Everything the headers of a request say about its signature. Not yet verified. */
export interface ParsedSignature {
  readonly algorithm: SignatureAlgorithm;
  readonly accessKeyId: string;
  /** Present for V11-HMAC-SHA256 only. */
  readonly scope?: SignatureScope | undefined;
  /** Lower-case names, in the order of the Authorization header. */
  readonly signedHeaders: readonly string[];
  /** The trimmed values of `signedHeaders`, in their order, one character per byte received. */
  readonly signedValues: readonly string[];
  /** Lower-case hex: 64 digits, or DER for ECDSA. */
  readonly signature: string;
  /** X-Sdk-Date in milliseconds since the epoch. */
  readonly signedAt: number;
  /** X-Sdk-Date as received, `YYYYMMDDTHHMMSSZ`. */
  readonly dateText: string;
  readonly securityToken?: string | undefined;
  /** Of the path, the only one that it is verified by; absent: either. */
  readonly pathReading?: PathReading | undefined;
  /** The value of a signed header, read as UTF-8 (as latin1 where it is not valid UTF-8); undefined if it is absent or not signed. */
  header(name: string): string | undefined;
}

export interface Refused {
  readonly ok: false;
  readonly refusal: SignatureRefusal;
  /** For people: names the field and the rule. */
  readonly message: string;
}

export type ParseResult = { readonly ok: true; readonly signature: ParsedSignature } | Refused;

/** The one way to build a refusal. */
export function refuse(refusal: SignatureRefusal, message: string): Refused {
  return { ok: false, refusal, message };
}

/** User input for a message: in backticks, at most 100 characters, printable ASCII. */
export function quote(text: string): string {
  const printable = text.slice(0, 100).replace(/[^ -_a-~]/g, '?');
  return text.length > 100 ? `\`${printable}…\`` : `\`${printable}\``;
}
