// A key ring for tests of the room: one fresh key per purpose.
import { pooledRandom } from '../../src/base/clock.js';
import { generateKey, keyPurposes, parseKey, type KeyFile, type KeyPurpose, type RingKey } from '../../src/keyring/key.js';

export const random = pooledRandom();
export const createdAt = Date.UTC(2026, 0, 1);

export const freshFile = (purpose: KeyPurpose, at = createdAt): KeyFile => generateKey(purpose, at, random);
export const freshKey = (purpose: KeyPurpose, at = createdAt): RingKey => parseKey(JSON.stringify(freshFile(purpose, at)));
export const freshKeys = (): RingKey[] => keyPurposes.map((purpose) => freshKey(purpose, Date.UTC(2026, 0, 15)));
