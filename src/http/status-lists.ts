// `GET /v1/status-lists/{id}` and `GET /v1/epochs/{account_id}/{handle}`: what ended sessions, for whoever verifies tokens without asking the service.
import type { RequestHandler, Response } from 'express';
import { ApiError } from '../base/api-error.js';
import { statusListPattern } from '../status/index.js';
import { sendPublic } from './answer.js';
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

/** Kept nowhere for longer than a second. */
const sendJwt = (response: Response, type: string, text: string): void => sendPublic(response, `application/${type}`, 'public, max-age=1', text);
