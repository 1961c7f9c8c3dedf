// Which key signs the audit log, as far as the audit tells: remembered, so that a change of it is told once.
import { authenticateRecord, openRecord } from '../keyring/authenticate.js';
import type { Keyring } from '../keyring/keyring.js';
import { auditSignerChangeKey, auditSignerKey } from './cells.js';
import { reach, type RedisConnection } from './client.js';

const place = ['audit-signer'];

/** Id of the key; undefined before the first. Throws a TamperedRecordError. */
export async function recordedSigner(redis: RedisConnection, keyring: Keyring): Promise<string | undefined> {
  const record = await reach(() => redis.get(auditSignerKey));
  return record === null ? undefined : openRecord(keyring['record-authentication'], place, record);
}

/** Ends the claim of the process that told of the change. */
export async function recordSigner(redis: RedisConnection, keyring: Keyring, keyId: string): Promise<void> {
  await reach(() => redis.set(auditSignerKey, authenticateRecord(keyring['record-authentication'], place, keyId)));
  await reach(() => redis.del(auditSignerChangeKey));
}

/** Of a process that was killed while it told of a change: another one does after this. */
const claimMilliseconds = 3000;

/** True for the one process that is to tell of a change now. */
export const claimSignerChange = async (redis: RedisConnection): Promise<boolean> =>
  (await reach(() => redis.set(auditSignerChangeKey, '1', 'PX', claimMilliseconds, 'NX'))) === 'OK';
