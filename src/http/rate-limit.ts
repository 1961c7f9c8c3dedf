// Limits of requests: per address before the caller is known, per access key after.
import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, rateLimit, type Store } from 'express-rate-limit';
import { ApiError } from '../base/api-error.js';
import type { RateCounter } from '../sts/services.js';
import { addressOf } from './address.js';
import { giveHeader } from './answer.js';

/** The window of the counters that {@link addressLimit} and {@link accessKeyLimit} are given. */
export const rateWindowSeconds = 60;
/** An IPv6 subscriber commands a whole network; neighbours beyond share no limit. */
const ipv6PrefixBits = 56;

/** The library is asked where the process has no request at hand: for the others it would cost a tenth of a call. */
export function addressLimit(limit: number, counter: RateCounter): RequestHandler {
  const subjectOf = (request: Request, response: Response): string => {
    const address = addressOf(request, response);
    return address.includes(':') ? ipKeyGenerator(address, ipv6PrefixBits) : address;
  };
  const limiter = rateLimit({
    windowMs: rateWindowSeconds * 1000,
    limit,
    store: sharedStore(limit, counter),
    keyGenerator: subjectOf,
    // Its headers cost more than the counting; the one that helps a refused caller is written below.
    standardHeaders: false,
    legacyHeaders: false,
    validate: false,
    handler: (_request, response, next) => next(tooMany(response, limit, 'this address')),
  });
  return (request, response, next) => {
    if (counter.takeAtHand(subjectOf(request, response))) next();
    else void limiter(request, response, next);
  };
}

/** The same for the access key that the door has authenticated: behind the middleware, where it would only be in the way. */
export function accessKeyLimit(limit: number, counter: RateCounter): (response: Response, accessKeyId: string) => Promise<void> | undefined {
  const take = async (response: Response, accessKeyId: string): Promise<void> => {
    if (!(await counter.take(accessKeyId))) throw tooMany(response, limit, 'this access key');
  };
  return (response, accessKeyId) => (counter.takeAtHand(accessKeyId) ? undefined : take(response, accessKeyId));
}

function tooMany(response: Response, limit: number, whose: string): ApiError {
  giveHeader(response, 'Retry-After', String(rateWindowSeconds));
  return new ApiError('tooManyRequests', `The throttling threshold has been reached: ${limit} requests a minute from ${whose}`);
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
