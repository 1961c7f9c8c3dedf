// `GET /.well-known/jwks.json`: the public keys of the tokens, for whoever verifies them without asking the service.
import type { RequestHandler } from 'express';
import type { JwkSet } from '../keyring/jwks.js';
import { sendPublic } from './answer.js';

export interface PublishedKeys {
  /** `isFresh`: all keys that may be used within the time for which the set may be kept are in it. */
  readonly read: () => Promise<{ readonly set: JwkSet; readonly isFresh: boolean }>;
  /** Seconds for which the set may be kept. */
  readonly maxAgeSeconds: number;
}

/** Public, unlike every other answer: shared caches may keep it as well, unless it might lack a key. */
export function serveKeySet({ read, maxAgeSeconds }: PublishedKeys): RequestHandler {
  return async (_request, response) => {
    const { set, isFresh } = await read();
    sendPublic(response, 'application/jwk-set+json', isFresh ? `public, max-age=${maxAgeSeconds}` : 'no-cache', JSON.stringify(set));
  };
}
