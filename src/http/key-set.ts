// `GET /.well-known/jwks.json`: the public keys of the tokens, for whoever verifies them without asking the service.
import type { RequestHandler } from 'express';
import type { JwkSet } from '../keyring/jwks.js';

export interface PublishedKeys {
  readonly read: () => JwkSet;
  /** Seconds for which the set may be kept. */
  readonly maxAgeSeconds: number;
}

/** Public, unlike every other answer: shared caches may keep it as well. */
export function serveKeySet({ read, maxAgeSeconds }: PublishedKeys): RequestHandler {
  return (_request, response) => {
    const text = Buffer.from(JSON.stringify(read()));
    response.statusCode = 200;
    response.setHeader('Content-Type', 'application/jwk-set+json');
    response.setHeader('Content-Length', text.length);
    response.setHeader('Cache-Control', `public, max-age=${maxAgeSeconds}`);
    // Helmet lets no other origin read what is not marked so; these keys are for everybody.
    response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.end(text);
  };
}
