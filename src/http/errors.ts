// The one error handler: every error becomes one body, one log line and, where nobody was identified, one count.
import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, Response } from 'express';
import type { UnidentifiedCalls } from '../audit/event.js';
import { LogDamagedError } from '../audit/log/log.js';
import { ApiError, type ErrorFamily } from '../base/api-error.js';
import { TamperedRecordError } from '../keyring/authenticate.js';
import { claimedAccessKeyId } from '../signing/index.js';
import { addressOf } from './address.js';
import { giveHeader, send } from './answer.js';
import { maximumBodyBytes } from './received-body.js';
import { requestIdOf } from './request-id.js';

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type UnidentifiedCall = Omit<UnidentifiedCalls, 'time' | 'count'>;

export function errorHandler(log: Log, countUnidentified: (call: UnidentifiedCall) => void): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (error: unknown, request, response, _next) => {
    const apiError = asApiError(error);
    const requestId = requestIdOf(response);
    const code = apiError.code(familyOf(response));
    const fields = { requestId, operation: operationOf(response), status: apiError.status, code, sourceIp: addressOf(request, response) };
    if (apiError.status >= 500) log.error({ ...fields, ...causeOf(error), alarm: isAlarming(error) }, apiError.message);
    else log.info(fields, 'refused');
    if (response.locals['identified'] !== true || apiError.status === 429) {
      countUnidentified({ sourceIp: addressOf(request, response), operation: operationOf(response), errorCode: code, claimedAccessKeyId: claimOf(response) ?? claimedAccessKeyId(request.headers.authorization ?? '') });
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (apiError.status === 503) giveHeader(response, 'Retry-After', '1');
    send(response, apiError.status, errorBody(apiError, familyOf(response), requestId));
  };
}

export function errorBody(error: ApiError, family: ErrorFamily, requestId: string): Readonly<Record<string, unknown>> {
  if (family === 'keystone') return { error: { code: error.status, message: error.message, title: STATUS_CODES[error.status] ?? '' }, request_id: requestId };
  const { encodedAuthorizationMessage } = error;
  return {
    error_code: error.code(family),
    error_msg: error.message,
    request_id: requestId,
    ...(encodedAuthorizationMessage !== undefined && { encoded_authorization_message: encodedAuthorizationMessage }),
  };
}

/** What nobody but an intruder, or a disk that fails, brings about. */
const isAlarming = (error: unknown): boolean => error instanceof TamperedRecordError || (error instanceof ApiError && error.cause instanceof LogDamagedError);

/** Callers learn nothing of what they did not cause. */
function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof TamperedRecordError) return new ApiError('storeUnavailable', 'the state of this service cannot be trusted at the moment');
  if (hasStatus(error, 413)) return new ApiError('bodyTooLarge', `the body is larger than ${maximumBodyBytes} bytes`);
  if (hasStatus(error, 400)) return new ApiError('malformedBody', 'the body did not arrive as announced');
  return new ApiError('internal', 'an unexpected error; the request id leads to it in the log of the service');
}

const hasStatus = (error: unknown, status: number): boolean => error instanceof Error && 'status' in error && error.status === status;

/** For our own log, never a request body, a header or a token; a stack only where it tells more than the cause does. */
function causeOf(error: unknown): object {
  if (error instanceof ApiError) return error.cause instanceof Error ? { cause: error.cause.message } : {};
  return error instanceof Error ? { cause: error.message, stack: error.stack } : {};
}

/** Until the operation is known, and of what is none, in the terms of the token service. */
const familyOf = (response: Response): ErrorFamily => families.find((family) => family === response.locals['family']) ?? 'sts';
const families = ['sts', 'iam', 'legacy', 'keystone'] as const satisfies readonly ErrorFamily[];

/** Whose password a login named. */
function claimOf(response: Response): string | undefined {
  const claimed: unknown = response.locals['claimedLogin'];
  return typeof claimed === 'string' ? claimed : undefined;
}

const operationOf = (response: Response): string => String(response.locals['operation'] ?? 'none');
