// The envelope of exported secrets: a JWE that the holder of one private key opens, bound to what it is the secret of.
import { CompactEncrypt, compactDecrypt, importJWK, type CryptoKey, type JWK } from 'jose';
import { z } from 'zod';

const keyManagement = 'ECDH-ES+A256KW';
const contentEncryption = 'A256GCM';
const type = 'agency-sts-secret';

const curve = z.union([
  z.object({ kty: z.literal('OKP'), crv: z.literal('X25519'), x: z.string(), d: z.string().optional() }),
  z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string(), d: z.string().optional() }),
]);

/** Seals one secret. @param subject what it is the secret of; it can be opened as that alone */
export type SealForExport = (subject: string, secret: string) => Promise<string>;
/** Undefined when the text was altered, is the secret of something else, or is sealed for another key. */
export type OpenExported = (subject: string, sealed: string) => Promise<string | undefined>;

/** @param text a public JWK, X25519 or P-256; throws an error that says what is wrong with any other */
export async function exportSealer(text: string): Promise<SealForExport> {
  const jwk = parseJwk(text);
  if (jwk.d !== undefined) throw new Error('it is a private key: give its public part, without `d`');
  const key = await importKey(jwk);
  return (subject, secret) => new CompactEncrypt(Buffer.from(secret))
    .setProtectedHeader({ alg: keyManagement, enc: contentEncryption, typ: type, sub: subject }).encrypt(key);
}

/** @param text a private JWK, X25519 or P-256; throws an error that says what is wrong with any other, without its material */
export async function exportOpener(text: string): Promise<OpenExported> {
  const jwk = parseJwk(text);
  if (jwk.d === undefined) throw new Error('it is a public key: what is sealed is opened with the private one');
  const key = await importKey(jwk);
  return async (subject, sealed) => {
    try {
      const { plaintext, protectedHeader } = await compactDecrypt(sealed, key, { keyManagementAlgorithms: [keyManagement], contentEncryptionAlgorithms: [contentEncryption] });
      return protectedHeader['typ'] === type && protectedHeader['sub'] === subject ? Buffer.from(plaintext).toString('utf8') : undefined;
    } catch {
      return undefined;
    }
  };
}

function parseJwk(text: string): z.infer<typeof curve> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error('it is no JSON');
  }
  const result = curve.safeParse(json);
  if (!result.success) throw new Error('it is no JWK of the curve X25519 (`kty` OKP) or P-256 (`kty` EC)');
  return result.data;
}

async function importKey({ d, ...publicPart }: z.infer<typeof curve>): Promise<CryptoKey> {
  const jwk: JWK = d === undefined ? publicPart : { ...publicPart, d };
  try {
    // Bytes come of symmetric keys only.
    return (await importJWK(jwk, keyManagement)) as CryptoKey;
  } catch {
    throw new Error('its members do not make a key of its curve');
  }
}
