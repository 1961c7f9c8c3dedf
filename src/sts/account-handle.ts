// The handle of an account: in the tokens that concern it, so that only they can be held against what is published of it.
import { createHmac } from 'node:crypto';
import type { RingKey } from '../keyring/key.js';
import type { Keyring } from '../keyring/keyring.js';

/** 96 bits of an HMAC-SHA256, in base64url. */
export const accountHandle = ({ key }: RingKey, accountId: string): string => createHmac('sha256', key).update(`["account-handle"]\n${accountId}`).digest('base64url').slice(0, 16);

/** Keys that handles are made with: a token has those of the active one. */
export const handleKeys = (keyring: Keyring): Keyring['record-authentication'] => keyring['record-authentication'];
