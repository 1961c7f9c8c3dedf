// One key of the ring: its purpose, its id, its file form (a JWK) and the checks that a file must pass.
import { createHash, createHmac, createPrivateKey, createPublicKey, createSecretKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Random } from '../base/clock.js';

/** Each key serves exactly one purpose. */
export const keyPurposes = ['token-signing', 'session-secrets', 'secret-sealing', 'message-sealing', 'record-authentication', 'audit-signing'] as const;
export type KeyPurpose = (typeof keyPurposes)[number];

/** These have a private and a public part, all others a secret. */
const isSigningPair = (purpose: KeyPurpose): boolean => purpose === 'token-signing' || purpose === 'audit-signing';

/** Of signatures (RFC 8037, RFC 7518 §3.4); bound to a key for good. */
export const signatureAlgorithms = ['EdDSA', 'ES256'] as const;
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

export interface RingKey {
  readonly id: string;
  readonly purpose: KeyPurpose;
  /** Milliseconds since the epoch; the newest key of a purpose is the active one. */
  readonly createdAt: number;
  /** The private key of a signing pair, the secret of any other purpose. */
  readonly key: KeyObject;
  readonly publicKey?: KeyObject;
  /** Of a signing pair: the only one that its signatures are made and accepted with. */
  readonly algorithm?: SignatureAlgorithm;
}

const common = { kid: z.string().regex(/^[A-Za-z0-9_-]{4,64}$/), purpose: z.enum(keyPurposes), created_at: z.iso.datetime() };
const keyFile = z.discriminatedUnion('kty', [
  z.object({ ...common, kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string(), alg: z.literal('EdDSA') }),
  z.object({ ...common, kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string(), d: z.string(), alg: z.literal('ES256') }),
  z.object({ ...common, kty: z.literal('oct'), k: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
]);
export type KeyFile = z.infer<typeof keyFile>;

/** 48 random bits, or a little less: an id that begins with a dash would be read as an option of a command. */
const newKeyId = (random: Random): string => random.bytes(6).toString('base64url').replace(/^[-_]/, 'k');

/** A fresh key in its file form: 256 random bits, or a pair for what is signed. The audit log is signed with Ed25519 alone. */
export function generateKey(purpose: KeyPurpose, now: number, random: Random, algorithm: SignatureAlgorithm = 'EdDSA'): KeyFile {
  const fields = { kid: newKeyId(random), purpose, created_at: new Date(now).toISOString() };
  if (!isSigningPair(purpose)) return { ...fields, kty: 'oct', k: random.bytes(32).toString('base64url') };
  const { privateKey } = algorithm === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return keyFile.parse({ ...fields, ...privateKey.export({ format: 'jwk' }), alg: algorithm });
}

/** Which type of key may serve a purpose. */
function fits({ kty, purpose }: KeyFile): boolean {
  return isSigningPair(purpose) ? kty === 'OKP' || (kty === 'EC' && purpose === 'token-signing') : kty === 'oct';
}

/** Reads a key file; throws an error that says what is wrong with it, never with the key's material in it. */
export function parseKey(text: string): RingKey {
  const file = parseFile(text);
  const fields = { id: file.kid, purpose: file.purpose, createdAt: Date.parse(file.created_at) };
  if (!fits(file)) throw new Error(`a key of type \`${file.kty}\` cannot serve the purpose \`${file.purpose}\``);
  if (file.kty === 'oct') return { ...fields, key: createSecretKey(file.k, 'base64url') };
  const key = createPrivateKey({ key: file, format: 'jwk' });
  const publicKey = createPublicKey(key);
  const { x, y } = publicKey.export({ format: 'jwk' });
  if (x !== file.x || (file.kty === 'EC' && y !== file.y) || !belongTogether(key, publicKey)) throw new Error('the public part does not belong to the private part');
  return { ...fields, key, publicKey, algorithm: file.alg };
}

/** Node takes the public part of an EC key from the file as it stands there. */
function belongTogether(key: KeyObject, publicKey: KeyObject): boolean {
  const digest = key.asymmetricKeyType === 'ec' ? 'sha256' : null;
  const text = Buffer.from('agency-sts');
  return verify(digest, text, publicKey, sign(digest, text, key));
}

/** Tells two keys of one id apart, and nothing of their material. */
export function fingerprint({ key, publicKey }: RingKey): string {
  const digest = publicKey === undefined
    ? createHmac('sha256', key).update('agency-sts key fingerprint').digest()
    : createHash('sha256').update(publicKey.export({ format: 'der', type: 'spki' })).digest();
  return digest.toString('base64url').slice(0, 22);
}

function parseFile(text: string): KeyFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error('not JSON');
  }
  const result = keyFile.safeParse(json);
  if (!result.success) throw new Error(result.error.issues.map((issue) => `\`${issue.path.join('.')}\`: ${issue.code}`).join(', '));
  return result.data;
}
