// The handle of an account: in the tokens that concern it, so that only they can be held against what is published of it.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { madeOnce } from '../base/made-once.js';
import type { RingKey } from '../keyring/key.js';
import type { Keyring } from '../keyring/keyring.js';

/** Every token has some, and most are of the same accounts. */
const keptHandles = 10_000;
const handlesOf = madeOnce((_key: RingKey) => new LRUCache<string, string>({ max: keptHandles }));

/** 96 bits of an HMAC-SHA256, in base64url. */
export function accountHandle(key: RingKey, accountId: string): string {
  const handles = handlesOf(key, '');
  const known = handles.get(accountId);
  if (known !== undefined) return known;
  const handle = handleOf(key, accountId);
  handles.set(accountId, handle);
  return handle;
}

const handleOf = (key: RingKey, accountId: string): string => createHmac('sha256', key.key).update(`["account-handle"]\n${accountId}`).digest('base64url').slice(0, 16);

/** For whatever somebody sends: nothing of it is remembered. @param handle 16 characters */
export const isHandle = (key: RingKey, accountId: string, handle: string): boolean => timingSafeEqual(Buffer.from(handleOf(key, accountId)), Buffer.from(handle));

/** Of the two in the path of an epoch list. */
export const accountIdPattern = /^[A-Za-z0-9-]{1,64}$/;
export const handlePattern = /^[\w-]{16}$/;

/** Keys that handles are made with: a token has those of the active one. */
export const handleKeys = (keyring: Keyring): Keyring['record-authentication'] => keyring['record-authentication'];
