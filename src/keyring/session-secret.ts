// A session's secret access key: derived from the ring and the session id, stored nowhere.
import { hmacSha256 } from '../base/hmac.js';
import type { RingKey } from './key.js';

/** 40 characters (240 bits) of HMAC-SHA256 over the session id, in base64url. */
export function deriveSessionSecret(key: RingKey, sessionId: string): string {
  return hmacSha256(key.key, `agency-sts session secret\n${sessionId}`, 'base64url').slice(0, 40);
}
