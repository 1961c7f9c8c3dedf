// Signing a request, for clients: the same canonicalisation as the verifier's, from the other side.
import { createHmac, createPrivateKey, createSecretKey, sign, type KeyObject } from 'node:crypto';
import { algorithmProperties, bodyHash, supportedAlgorithm } from './algorithms.js';
import { canonicalRequest, canonicalRequestHash, scopeText, stringToSign, trimHeaderValue } from './canonical.js';
import { formatSdkDate } from './date.js';
import { deriveEcdsaPrivateKey, deriveScopeKey, ecdsaPublicJwkOf } from './derive.js';
import { unsignedPayload } from './payload.js';
import { canonicalQuery, canonicalUris, checkTarget } from './target.js';
import { quote, type SignatureAlgorithm, type SignatureScope } from './types.js';

export interface SigningInput {
  readonly method: string;
  /** Absolute. Send what `new URL(url)` makes of it. */
  readonly url: URL | string;
  readonly headers: Readonly<Record<string, string>>;
  /** Text is sent and hashed as UTF-8. */
  readonly body?: string | Buffer;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly securityToken?: string;
  /** SDK-HMAC-SHA256 if absent. */
  readonly algorithm?: SignatureAlgorithm;
  readonly date: Date;
  /** For V11-HMAC-SHA256, with `service`. */
  readonly region?: string;
  readonly service?: string;
}

// They belong to one hop, or are set by the HTTP library after signing.
const unsignedHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Returns all headers to send, names in lower case, Authorization included (request signatures §2, §3). Values are
 * byte strings (one character per UTF-8 byte), as `fetch` and `http.request` send them. Every header given is signed
 * but for those of one hop and, as in the SDKs, names with `_`. X-Sdk-Content-Sha256 (or -Sm3) is used as given.
 * Throws on input that cannot be signed.
 */
export function signRequest(input: SigningInput): Record<string, string> {
  const name = input.algorithm ?? 'SDK-HMAC-SHA256';
  if (supportedAlgorithm(name) === undefined) throw new Error(`algorithm ${quote(name)} is not supported`);
  if (input.accessKeyId === '' || input.secretAccessKey === '')
    throw new Error('access key id and secret access key must not be empty');
  const algorithm = algorithmProperties(name);
  const url = new URL(input.url);
  const target = url.pathname + url.search;
  const targetRefused = checkTarget(target);
  const query = canonicalQuery(target);
  const uri = canonicalUris(target)[0];
  if (targetRefused || query === undefined || uri === undefined)
    throw new Error(targetRefused?.message ?? 'url cannot be signed');

  const dateText = formatSdkDate(input.date.getTime());
  const headers = headersToSend(input, url.host, dateText);
  const signedHeaders = Object.keys(headers)
    .filter((header) => !header.includes('_') && !unsignedHeaders.has(header))
    .sort();
  const body = Buffer.from(input.body ?? '');
  const contentHeader = headers[algorithm.contentHeader];
  const usesBodyHash = contentHeader === undefined || (contentHeader === unsignedPayload && body.length === 0);
  const text = canonicalRequest({
    method: input.method.toUpperCase(),
    uri,
    query,
    signedHeaders,
    signedValues: signedHeaders.map((header) => headers[header] ?? ''),
    payloadHash: usesBodyHash ? bodyHash(algorithm, body) : contentHeader,
  });

  const scope = algorithm.kind === 'derived' ? scopeOf(input, dateText) : undefined;
  const toSign = stringToSign(name, dateText, scope, canonicalRequestHash(algorithm, text, 'latin1'));
  const credential =
    scope === undefined ? `Access=${input.accessKeyId}` : `Credential=${input.accessKeyId}/${scopeText(scope)}`;
  const signature = signatureOf(name, input, scope, toSign);
  return {
    ...headers,
    authorization: `${name} ${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`,
  };
}

function headersToSend(input: SigningInput, host: string, dateText: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(input.headers)) {
    const lowerName = name.toLowerCase();
    if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(lowerName)) throw new Error(`header name ${quote(name)} is malformed`);
    if (Object.hasOwn(headers, lowerName)) throw new Error(`header ${quote(lowerName)} is given twice`);
    const bytes = trimHeaderValue(Buffer.from(value, 'utf8').toString('latin1'));
    if (/[^\t -~\x80-\xff]/.test(bytes)) throw new Error(`header ${quote(lowerName)} contains a control character`);
    if (lowerName !== 'authorization') headers[lowerName] = bytes;
  }
  headers['host'] ??= host;
  headers['x-sdk-date'] = dateText;
  if (input.securityToken !== undefined) {
    if (!/^[!-~]+$/.test(input.securityToken)) throw new Error('security token must be printable ASCII without blanks');
    headers['x-security-token'] = input.securityToken;
  }
  return headers;
}

function scopeOf(input: SigningInput, dateText: string): SignatureScope {
  if (input.region === undefined || input.service === undefined)
    throw new Error('V11-HMAC-SHA256 needs `region` and `service`');
  return { day: dateText.slice(0, 8), region: input.region, service: input.service };
}

function signatureOf(
  name: SignatureAlgorithm,
  input: SigningInput,
  scope: SignatureScope | undefined,
  toSign: string,
): string {
  const secretKey = createSecretKey(input.secretAccessKey, 'utf8');
  const { kind, hash } = algorithmProperties(name);
  if (kind === 'ecdsa')
    return sign('sha256', Buffer.from(toSign), ecdsaPrivateKey(input.accessKeyId, secretKey)).toString('hex');
  const key =
    scope === undefined
      ? secretKey
      : createSecretKey(deriveScopeKey(input.accessKeyId, secretKey, scopeText(scope)), 'utf8');
  return createHmac(hash, key).update(toSign).digest('hex');
}

function ecdsaPrivateKey(accessKeyId: string, secretKey: KeyObject): KeyObject {
  const privateKey = deriveEcdsaPrivateKey(accessKeyId, secretKey);
  return createPrivateKey({
    format: 'jwk',
    key: { ...ecdsaPublicJwkOf(privateKey), d: privateKey.toString('base64url') },
  });
}
