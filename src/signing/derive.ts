// Keys derived from an access key: the V11 key of one scope and the P-256 key pair.
import { createECDH, createHmac, type KeyObject } from 'node:crypto';

/** A JWK of the public half (RFC 7517, RFC 7518 §6.2). */
export interface EcdsaPublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

/**
 * The HMAC key of one scope: 64 lower-case hex characters, used as text (request signatures §6).
 * It signs for one access key, day, region and service only.
 * @param scope `YYYYMMDD/region/service`
 */
export function deriveScopeKey(accessKeyId: string, secretAccessKey: KeyObject, scope: string): string {
  // HKDF extract takes the access key as the HMAC key: the secret is the data, so it has to leave its KeyObject here.
  const extracted = createHmac('sha256', accessKeyId).update(secretAccessKey.export()).digest();
  return createHmac('sha256', extracted).update(scope).update('\x01').digest('hex');
}

const orderMinusTwo = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n - 2n;

/** The private key d, 32 bytes big-endian (request signatures §7). Throws if no counter gives one, which cannot be met. */
export function deriveEcdsaPrivateKey(accessKeyId: string, secretAccessKey: KeyObject): Buffer {
  for (let counter = 0; counter < 255; counter += 1) {
    const block = createHmac('sha256', secretAccessKey)
      .update(Buffer.from([0, 0, 0, 1]))
      .update('SDK-ECDSA-P256-SHA256\0')
      .update(accessKeyId)
      .update(Buffer.from([counter, 0, 0, 1, 0]))
      .digest('hex');
    const candidate = BigInt(`0x${block}`);
    if (candidate <= orderMinusTwo) return Buffer.from((candidate + 1n).toString(16).padStart(64, '0'), 'hex');
  }
  throw new Error('no P-256 key can be derived from this access key');
}

export function ecdsaPublicJwkOf(privateKey: Buffer): EcdsaPublicJwk {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(privateKey);
  const point = ecdh.getPublicKey();
  return {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33, 65).toString('base64url'),
  };
}
