// One key of the ring: its purpose, its id, its file form (a JWK) and the checks that a file must pass.
import { createPrivateKey, createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Random } from '../base/clock.js';

/** Each key serves exactly one purpose. */
export const keyPurposes = ['token-signing', 'session-secrets', 'secret-sealing', 'message-sealing', 'record-authentication', 'audit-signing'] as const;
export type KeyPurpose = (typeof keyPurposes)[number];

/** These have a private and a public part, all others a secret. */
const isSigningPair = (purpose: KeyPurpose): boolean => purpose === 'token-signing' || purpose === 'audit-signing';

export interface RingKey {
  readonly id: string;
  readonly purpose: KeyPurpose;
  /** Milliseconds since the epoch; the newest key of a purpose is the active one. */
  readonly createdAt: number;
  /** The private key of a signing pair, the secret of any other purpose. */
  readonly key: KeyObject;
  readonly publicKey?: KeyObject;
}

const common = { kid: z.string().regex(/^[A-Za-z0-9_-]{4,64}$/), purpose: z.enum(keyPurposes), created_at: z.iso.datetime() };
const keyFile = z.discriminatedUnion('kty', [
  z.object({ ...common, kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string(), alg: z.literal('EdDSA') }),
  z.object({ ...common, kty: z.literal('oct'), k: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
]);
export type KeyFile = z.infer<typeof keyFile>;

/** A fresh key in its file form: Ed25519 for what is signed, 256 random bits for everything else. */
export function generateKey(purpose: KeyPurpose, now: number, random: Random): KeyFile {
  const fields = { kid: random.bytes(6).toString('base64url'), purpose, created_at: new Date(now).toISOString() };
  if (!isSigningPair(purpose)) return { ...fields, kty: 'oct', k: random.bytes(32).toString('base64url') };
  const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return keyFile.parse({ ...fields, kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', x, d });
}

/** Reads a key file; throws an error that says what is wrong with it, never with the key's material in it. */
export function parseKey(text: string): RingKey {
  const file = parseFile(text);
  const fields = { id: file.kid, purpose: file.purpose, createdAt: Date.parse(file.created_at) };
  if ((file.kty === 'OKP') !== isSigningPair(file.purpose)) {
    throw new Error(`a key of type \`${file.kty}\` cannot serve the purpose \`${file.purpose}\``);
  }
  if (file.kty === 'oct') return { ...fields, key: createSecretKey(file.k, 'base64url') };
  const key = createPrivateKey({ key: file, format: 'jwk' });
  const publicKey = createPublicKey(key);
  if (publicKey.export({ format: 'jwk' }).x !== file.x) throw new Error('the public part does not belong to the private part');
  return { ...fields, key, publicKey };
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
