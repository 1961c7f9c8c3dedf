// `GET /.well-known/jwks.json`: the public keys of the tokens, for whoever verifies them without asking the service.
import type { RequestHandler } from 'express';
import type { JwkSet } from '../keyring/jwks.js';

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
    const text = Buffer.from(JSON.stringify(set));
    response.statusCode = 200;
    response.setHeader('Content-Type', 'application/jwk-set+json');
    response.setHeader('Content-Length', text.length);
    response.setHeader('Cache-Control', isFresh ? `public, max-age=${maxAgeSeconds}` : 'no-cache');
    // Helmet lets no other origin read what is not marked so; these keys are for everybody.
    response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.end(text);
  };
}
