// What a registered service is handed about a session that presents itself to it: decided on a signed request that it received.
import { ApiError } from '../base/api-error.js';
import { claimedAccessKeyId } from '../signing/index.js';
import { sessionResourceUrn } from '../urn/urn.js';
import { authorizationOf, ownedService } from './authorize.js';
import type { ForwardedRequest } from './authorize-input.js';
import { eventPrincipal, eventSession, type Caller } from './caller.js';
import { presenterOf, type Signer } from './forwarded-request.js';
import type { CallContext, Outcome } from './outcome.js';
import type { Services } from './services.js';

export interface Handing<Body> {
  /** Name of what is handed out, for the events. */
  readonly what: string;
  /** Undefined: not to this signer. */
  readonly make: (signer: Signer, serviceCode: string) => Body | undefined;
}

/** What the answer holds if it holds anything. */
export type Handed<Body> = { readonly granted: false } | (Body & { readonly granted: true });

/**
 * 403 for who is no registered service. Where nobody can be identified, or nothing is handed out about him, the answer
 * is empty and tells no reason. The signer's account has an event of what was handed out as well.
 */
export async function handOut<Body extends object>(
  services: Services, caller: Caller, request: Omit<ForwardedRequest, 'questions'>, { what, make }: Handing<Body>, call: CallContext,
): Promise<Outcome<Handed<Body>>> {
  if (caller.kind !== 'service') throw new ApiError('accessDenied', `access denied: only registered services may ask, and \`${caller.principalUrn}\` is none`);
  const serviceCode = ownedService(services, caller);
  const signer = await presenterOf(services, caller, serviceCode, request, call);
  const body = signer === undefined ? undefined : make(signer, serviceCode);
  if (signer === undefined || body === undefined) {
    return { ok: true, body: { granted: false }, guards: [], details: { request: { access_key_id: claimedAccessKeyId(authorizationOf(request)) }, decision: signer === undefined ? 'unauthenticated' : 'denied' } };
  }
  const resource = signer.kind === 'agency-session' ? sessionResourceUrn(signer.accountId, signer.session.sessionId) : signer.principalUrn;
  return {
    ok: true, body: { granted: true, ...body }, guards: [], alsoProved: [signer], usedBy: [signer],
    details: { resource, request: { handed: what, principal: signer.principalUrn, access_key_id: signer.accessKeyId }, decision: 'allowed' },
    moreEvents: [{
      resource, accountId: signer.accountId, principal: eventPrincipal(signer), sourceIp: request.sourceIp,
      ...(signer.kind === 'agency-session' && { callerSession: eventSession(signer.session) }),
      request: { service: caller.servicePrincipal, handed: what }, decision: 'allowed',
    }],
  };
}
