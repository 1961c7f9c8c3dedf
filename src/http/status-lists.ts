// `GET /v1/status-lists/{id}` and `GET /v1/epochs/{account_id}/{handle}`: what ended sessions, for whoever verifies tokens without asking the service.
import type { RequestHandler, Response } from 'express';
import { ApiError } from '../base/api-error.js';
import { statusListPattern } from '../status/index.js';
import { epochListType, statusListType, type StatusPublication } from '../sts/status-publication.js';

export function serveStatusList(published: StatusPublication): RequestHandler<{ list_id: string }> {
  return async ({ params: { list_id: list } }, response) => {
    const text = statusListPattern.test(list) ? await published.statusList(list) : undefined;
    if (text === undefined) throw new ApiError('entityNotFound', 'there is no such status list');
    sendJwt(response, statusListType, text);
  };
}

/** INVARIANT: a handle that is not the account's is answered in the same way whether there is such an account or not. */
export function serveEpochList(published: StatusPublication): RequestHandler<{ account_id: string; handle: string }> {
  return async ({ params: { account_id: accountId, handle } }, response) => {
    const text = await published.epochList(accountId, handle);
    if (text === undefined) throw new ApiError('entityNotFound', 'there is no such epoch list');
    sendJwt(response, epochListType, text);
  };
}

/** Public, and kept nowhere for longer than a second. */
function sendJwt(response: Response, type: string, text: string): void {
  const bytes = Buffer.from(text);
  response.statusCode = 200;
  response.setHeader('Content-Type', `application/${type}`);
  response.setHeader('Content-Length', bytes.length);
  response.setHeader('Cache-Control', 'public, max-age=1');
  response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.end(bytes);
}
