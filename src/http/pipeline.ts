// The pipeline behind every operation: authenticate, limit, validate, decide and commit, answer.
import type { Request, RequestHandler, Response } from 'express';
import type { ReceivedRequest } from '../signing/index.js';
import type { Authenticate } from '../sts/authenticate.js';
import type { ProofKind } from '../sts/authenticators.js';
import type { CommitStore } from '../sts/commit.js';
import { perform } from '../sts/perform.js';
import { claimedLogin } from '../sts/older/login.js';
import type { Services } from '../sts/services.js';
import { addressOf } from './address.js';
import { giveHeader, send, sendNothing } from './answer.js';
import { writes, type Input, type Operation } from './operation.js';
import { formBody, jsonBody, rawBody } from './received-body.js';
import { requestIdOf } from './request-id.js';
import { validate } from './validate.js';

/** Id of the call's event in the audit of the caller's account. */
const eventIdHeader = 'X-Audit-Event-Id';

export interface Door {
  readonly services: Services;
  readonly store: CommitStore;
  readonly authenticate: Readonly<Record<ProofKind, Authenticate>>;
  readonly limitAccessKey: (response: Response, accessKeyId: string) => Promise<void> | undefined;
}

/** Serves one operation; errors go to the one error handler. */
export function serve(door: Door, operation: Operation): RequestHandler {
  return async (request, response) => {
    response.locals['operation'] = operation.name;
    response.locals['family'] = operation.family;
    const received = receivedRequest(request);
    const requestId = requestIdOf(response);
    let input: Input<unknown, unknown, unknown> | undefined;
    // A call that is decided again is authenticated again: who is refused then was never identified.
    const authenticate: Authenticate = async (...signed) => {
      response.locals['identified'] = false;
      if (operation.authentication === 'login') response.locals['claimedLogin'] = claimedLogin(received);
      const caller = await door.authenticate[proofOf(operation)](...signed);
      response.locals['identified'] = true;
      return caller;
    };
    const { body, headers } = await perform(door.services, door.store, authenticate, {
      operation: operation.name,
      family: operation.family,
      status: operation.status,
      writes: writes(operation),
      request: received,
      requestId,
      sourceIp: addressOf(request, response),
      admit: (caller) => door.limitAccessKey(response, caller.accessKeyId),
      decide: (caller, call) => {
        input = validate(operation, {
          path: request.params, query: queryOf(received.target), body: () => bodyOf(operation)(received.body, caller.signature.header('content-type')),
        });
        return operation.handle(door.services, caller, input, call);
      },
      recorded: (eventId) => giveHeader(response, eventIdHeader, eventId),
      refine: (caller, error) => (input === undefined ? error : operation.refine?.(door.services, caller, input, error) ?? error),
    });
    for (const [name, value] of Object.entries(headers)) giveHeader(response, name, value);
    if (operation.response === undefined) sendNothing(response, operation.status);
    else send(response, operation.status, body);
  };
}

export const proofOf = ({ authentication, family }: Operation): ProofKind => (authentication === 'signature' && (family === 'legacy' || family === 'keystone') ? 'token' : authentication);

const bodyOf = ({ bodyForm }: Operation) => (bodyForm === 'urlencoded' ? formBody : jsonBody);

/** INVARIANT: what is verified is what was received: the raw target, the raw headers, the raw bytes. */
function receivedRequest(request: Request): ReceivedRequest {
  return { method: request.method, target: request.originalUrl, rawHeaders: request.rawHeaders, body: rawBody(request) };
}

/** Behind the first `?`; empty without one. */
function queryOf(target: string): string {
  const mark = target.indexOf('?');
  return mark < 0 ? '' : target.slice(mark + 1);
}
