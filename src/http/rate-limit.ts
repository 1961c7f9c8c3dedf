// Limits of requests: per address before the caller is known, per access key after.
import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, rateLimit, type Store } from 'express-rate-limit';
import { ApiError } from '../base/api-error.js';

/** Of one kind of subject: a request more is there for each, or not. */
export interface RateCounter {
  take(subject: string): Promise<boolean>;
}

/** The window of the counters that {@link addressLimit} and {@link accessKeyLimit} are given. */
export const rateWindowSeconds = 60;
/** An IPv6 subscriber commands a whole network; neighbours beyond share no limit. */
const ipv6PrefixBits = 56;

export function addressLimit(limit: number, counter: RateCounter): RequestHandler {
  return limiter(limit, counter, (request) => ipKeyGenerator(request.ip ?? '', ipv6PrefixBits), 'this address');
}

/** A limiter for the access key that the door has authenticated. */
export function accessKeyLimit(limit: number, counter: RateCounter): (request: Request, response: Response, accessKeyId: string) => Promise<void> {
  const subjects = new WeakMap<Request, string>();
  const middleware = limiter(limit, counter, (request) => subjects.get(request) ?? '', 'this access key');
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

function limiter(limit: number, counter: RateCounter, subject: (request: Request) => string, whose: string): RequestHandler {
  return rateLimit({
    windowMs: rateWindowSeconds * 1000,
    limit,
    store: sharedStore(limit, counter),
    keyGenerator: (request) => subject(request),
    // Its headers cost more than the counting; the one that helps a refused caller is written below.
    standardHeaders: false,
    legacyHeaders: false,
    validate: false,
    handler: (_request, response, next) => {
      response.setHeader('Retry-After', String(rateWindowSeconds));
      next(new ApiError('tooManyRequests', `The throttling threshold has been reached: ${limit} requests a minute from ${whose}`));
    },
  });
}

/** The counters of all processes; the window is theirs, so no reset time is known here, and all that is told of a count is whether it is too high. */
function sharedStore(limit: number, counter: RateCounter): Store {
  return {
    increment: async (subject) => ({ totalHits: (await counter.take(subject)) ? 1 : limit + 1, resetTime: undefined }),
    // Asked for only where some requests are not to count: here all do.
    decrement: () => undefined,
    resetKey: () => undefined,
  };
}
