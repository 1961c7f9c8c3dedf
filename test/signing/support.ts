// What the tests of this room share: the vectors as typed values, and the way from a vector to a received request.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { algorithmProperties } from '../../src/signing/algorithms.js';
import {
  canonicalRequest,
  canonicalRequestHash,
  stringToSign,
  type HeaderReading,
} from '../../src/signing/canonical.js';
import { parseSdkDate } from '../../src/signing/date.js';
import {
  parseSignedRequest,
  signRequest,
  verificationKey,
  verifySignature,
  type ParsedSignature,
  type ParseOptions,
  type ReceivedRequest,
  type SignatureRefusal,
  type SigningInput,
} from '../../src/signing/index.js';
import { payloadHashes } from '../../src/signing/payload.js';
import { canonicalQuery, canonicalUris } from '../../src/signing/target.js';

const Case = z.object({
  id: z.string(),
  description: z.string().optional(),
  change: z.string().optional(),
  algorithm: z.string().optional(),
  deterministic: z.boolean().optional(),
  credentials: z.object({ access_key_id: z.string(), secret_access_key: z.string() }),
  server_time: z.string(),
  request: z.object({
    method: z.string(),
    host: z.string(),
    request_target: z.string(),
    headers: z.record(z.string(), z.string()),
    body_base64: z.string(),
  }),
  expect: z.string().optional(),
  signed_headers: z.array(z.string()).default([]),
  payload_hash: z.string().default(''),
  canonical_request: z.string().default(''),
  canonical_request_hash: z.string().default(''),
  string_to_sign: z.string().default(''),
  signature: z.string().default(''),
  authorization: z.string().default(''),
  derivation: z
    .object({ info: z.string(), hkdf_prk_hex: z.string(), hkdf_okm_hex: z.string(), hmac_key_utf8: z.string() })
    .optional(),
  key_derivation: z.object({ private_key_hex: z.string() }).optional(),
  public_key_jwk: z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() }).optional(),
});
export type VectorCase = z.infer<typeof Case>;

const File = z.object({
  vectors: z.array(Case),
  published_vectors: z.array(Case),
  negative_cases: z.array(Case),
  boundary_cases: z.array(Case),
});

export const vectorFile = File.parse(
  JSON.parse(readFileSync(new URL('../vectors/signing-vectors.json', import.meta.url), 'utf8')),
);

export function vectorOf(id: string): VectorCase {
  const found = [...vectorFile.vectors, ...vectorFile.published_vectors].find((vector) => vector.id === id);
  if (found === undefined) throw new Error(`no vector ${id}`);
  return found;
}

/** As Node's `rawHeaders` show what a client sent as UTF-8. */
export function wireHeaders(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).flatMap(([name, value]) => [name, Buffer.from(value, 'utf8').toString('latin1')]);
}

export function receivedOf(vector: VectorCase): ReceivedRequest {
  const { method, request_target: target, headers, body_base64: body } = vector.request;
  return { method, target, rawHeaders: wireHeaders(headers), body: Buffer.from(body, 'base64') };
}

export function milliseconds(dateText: string): number {
  const parsed = parseSdkDate(dateText);
  if (parsed === undefined) throw new Error(`no date: ${dateText}`);
  return parsed;
}

/** The service a vector was signed for: the region and service of its own scope, else ours. */
export function optionsOf(vector: VectorCase): ParseOptions {
  const [, , region = 'example-1', service = 'sts'] =
    /Credential=[^/]+\/([^/]+)\/([^/]+)\/([^,]+)/.exec(vector.request.headers['Authorization'] ?? '') ?? [];
  return {
    now: milliseconds(vector.server_time),
    maximumSkewSeconds: 900,
    region,
    service,
    allowUnsignedPayload: vector.id === 'py-post-unsigned-payload',
  };
}

/** The whole way of a request: 'valid', or why not. */
export function outcome(
  request: ReceivedRequest,
  options: ParseOptions,
  accessKeyId: string,
  secretAccessKey: string,
): SignatureRefusal | 'valid' {
  const parsed = parseSignedRequest(request, options);
  if (!parsed.ok) return parsed.refusal;
  if (parsed.signature.accessKeyId !== accessKeyId) return 'signature_mismatch';
  return verifySignature(request, parsed.signature, verificationKey(accessKeyId, secretAccessKey))
    ? 'valid'
    : 'signature_mismatch';
}

export function outcomeOf(vector: VectorCase): SignatureRefusal | 'valid' {
  return outcome(
    receivedOf(vector),
    optionsOf(vector),
    vector.credentials.access_key_id,
    vector.credentials.secret_access_key,
  );
}

export function parsed(request: ReceivedRequest, options: ParseOptions): ParsedSignature {
  const result = parseSignedRequest(request, options);
  if (!result.ok) throw new Error(`${result.refusal}: ${result.message}`);
  return result.signature;
}

/** Every canonical request and string to sign that the verifier may try, as text. */
export function candidatesOf(request: ReceivedRequest, signature: ParsedSignature) {
  const algorithm = algorithmProperties(signature.algorithm);
  const { signedHeaders, signedValues } = signature;
  const readings: readonly HeaderReading[] = ['latin1', 'utf8'];
  return canonicalUris(request.target).flatMap((uri) =>
    payloadHashes(algorithm, signature.header(algorithm.contentHeader), request.body).flatMap((payloadHash) =>
      readings.map((reading) => {
        const text = canonicalRequest({
          method: request.method,
          uri,
          query: canonicalQuery(request.target) ?? '',
          signedHeaders,
          signedValues,
          payloadHash,
        });
        const hash = canonicalRequestHash(algorithm, text, reading);
        return {
          payloadHash,
          canonicalRequest: Buffer.from(text, reading).toString('utf8'),
          hash,
          stringToSign: stringToSign(signature.algorithm, signature.dateText, signature.scope, hash),
        };
      }),
    ),
  );
}

export const now = milliseconds('20260115T083000Z');
export const ourOptions: ParseOptions = {
  now,
  maximumSkewSeconds: 900,
  region: 'example-1',
  service: 'sts',
  allowUnsignedPayload: false,
};
export const accessKeyId = 'HPUAEXAMPLE0AK000001';
export const secretAccessKey = 'Example0Secret0Key0Not0Real0000000000001';

/** A request signed by our own signer, as our server receives it. */
export function signed(input: Partial<SigningInput> = {}): ReceivedRequest {
  const url = new URL(input.url ?? 'https://sts.example-1.example.com/v5/agencies/assume');
  const full: SigningInput = {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'User-Agent': 'test/1' },
    body: '{"agency_session_name":"session1"}',
    accessKeyId,
    secretAccessKey,
    date: new Date(now),
    region: 'example-1',
    service: 'sts',
    ...input,
    url,
  };
  return {
    method: full.method,
    target: url.pathname + url.search,
    rawHeaders: Object.entries(signRequest(full)).flat(),
    body: Buffer.from(full.body ?? ''),
  };
}

/** The same request with another value for one header; undefined takes the header out. */
export function withHeader(request: ReceivedRequest, name: string, value: string | undefined): ReceivedRequest {
  const rawHeaders: string[] = [];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const header = request.rawHeaders[index] ?? '';
    if (header.toLowerCase() !== name.toLowerCase()) rawHeaders.push(header, request.rawHeaders[index + 1] ?? '');
  }
  return { ...request, rawHeaders: value === undefined ? rawHeaders : [...rawHeaders, name, value] };
}

/** The same request with one more header. */
export function plusHeader(request: ReceivedRequest, name: string, value: string): ReceivedRequest {
  return { ...request, rawHeaders: [...request.rawHeaders, name, value] };
}

/** The same request with its Authorization rewritten. */
export function reauthorized(request: ReceivedRequest, change: (authorization: string) => string): ReceivedRequest {
  const index = request.rawHeaders.findIndex(
    (name, position) => position % 2 === 0 && name.toLowerCase() === 'authorization',
  );
  return {
    ...request,
    rawHeaders: request.rawHeaders.map((text, position) => (position === index + 1 ? change(text) : text)),
  };
}

/** Why our server refuses it, with the true secret at hand; 'valid' if it does not. */
export function ourOutcome(request: ReceivedRequest, options: Partial<ParseOptions> = {}): SignatureRefusal | 'valid' {
  return outcome(request, { ...ourOptions, ...options }, accessKeyId, secretAccessKey);
}
