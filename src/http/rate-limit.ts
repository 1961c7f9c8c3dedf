// Limits of requests: per address before the caller is known, per access key after.
import { createHash } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, rateLimit, type Store } from 'express-rate-limit';
import { ApiError } from '../base/api-error.js';

const windowMilliseconds = 60_000;
/** An IPv6 subscriber commands a whole network; neighbours beyond share no limit. */
const ipv6PrefixBits = 56;
/** Counters that may exist at once; more subjects share them, so that no flood of addresses fills Redis. */
const slots = 262_144;

const slot = (subject: string): string => String(createHash('sha256').update(subject).digest().readUIntBE(0, 6) % slots);

export interface RateLimits {
  readonly perAddress: number;
  readonly perAccessKey: number;
}

/** @param store makes a counter store, shared by all processes, for keys with this prefix */
export function addressLimit(limits: RateLimits, store: (prefix: string) => Store): RequestHandler {
  return limiter(limits.perAddress, store('address:'), (request) => ipKeyGenerator(request.ip ?? '', ipv6PrefixBits), 'this address');
}

/** A limiter for the access key that the door has authenticated, which stands in `response.locals`. */
export function accessKeyLimit(limits: RateLimits, store: (prefix: string) => Store): (request: Request, response: Response, accessKeyId: string) => Promise<void> {
  const subjects = new WeakMap<Request, string>();
  const middleware = limiter(limits.perAccessKey, store('access-key:'), (request) => subjects.get(request) ?? '', 'this access key');
  return (request, response, accessKeyId) => {
    subjects.set(request, accessKeyId);
    return new Promise((resolve, reject) => {
      const done = (error?: unknown): void => {
        if (error instanceof Error) reject(error);
        else resolve();
      };
      void middleware(request, response, done);
    });
  };
}

function limiter(limit: number, store: Store, subject: (request: Request) => string, whose: string): RequestHandler {
  return rateLimit({
    windowMs: windowMilliseconds,
    limit,
    store,
    keyGenerator: (request) => slot(subject(request)),
    // Its headers cost more than the counting; the one that helps a refused caller is written below.
    standardHeaders: false,
    legacyHeaders: false,
    validate: false,
    handler: (_request, response, next) => {
      response.setHeader('Retry-After', String(windowMilliseconds / 1000));
      next(new ApiError('tooManyRequests', `The throttling threshold has been reached: ${limit} requests a minute from ${whose}`));
    },
  });
}
