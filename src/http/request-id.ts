// The id of a request: in the answer, in the log and in the audit event.
import type { RequestHandler, Response } from 'express';
import type { Random } from '../base/clock.js';
import { giveHeader } from './answer.js';

const header = 'X-Request-Id';

/** Always our own: an id from outside could make one request look like another in the audit. */
export const giveRequestId = (random: Random): RequestHandler => (_request, response, next) => {
  const id = random.bytes(16).toString('hex');
  // All that is kept of a request, from the start: Express's own object without a prototype is a dictionary, which V8
  // looks up member by member.
  response.locals = { requestId: id, headers: [], address: undefined, operation: undefined, family: undefined, identified: undefined };
  giveHeader(response, header, id);
  next();
};

export const requestIdOf = (response: Response): string => String(response.locals['requestId'] ?? '');
