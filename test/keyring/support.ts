// A key ring for tests of the room: one fresh key per purpose.
import { pooledRandom } from '../../src/base/clock.js';
import { generateKey, keyPurposes, parseKey, type KeyFile, type KeyPurpose, type RingKey } from '../../src/keyring/key.js';

export const random = pooledRandom();
export const createdAt = Date.UTC(2026, 0, 1);

export const freshFile = (purpose: KeyPurpose, at = createdAt): KeyFile => generateKey(purpose, at, random);
export const freshKey = (purpose: KeyPurpose, at = createdAt): RingKey => parseKey(JSON.stringify(freshFile(purpose, at)));
export const freshKeys = (): RingKey[] => keyPurposes.map((purpose) => freshKey(purpose, Date.UTC(2026, 0, 15)));

/** Of P-256. */
export const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** (r, n − s): it satisfies the same equation. */
export function otherSignature(token: string): string {
  const [header, body, signature = ''] = token.split('.');
  const raw = Buffer.from(signature, 'base64url');
  const s = order - BigInt(`0x${raw.subarray(32).toString('hex')}`);
  return [header, body, Buffer.concat([raw.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]).toString('base64url')].join('.');
}
