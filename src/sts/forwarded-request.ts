// Who signed a request that a registered service received.
import { ApiError } from '../base/api-error.js';
import { madeOnce } from '../base/made-once.js';
import { systemAccountId } from '../directory/entities.js';
import { canonicalUris } from '../signing/index.js';
import { isSwitchedOff } from './asymmetric-signature.js';
import { authenticator } from './authenticate.js';
import type { ForwardedRequest } from './authorize-input.js';
import type { Caller, ServiceCaller, SessionCaller, UserCaller } from './caller.js';
import type { CallContext } from './outcome.js';
import type { Services } from './services.js';
import { tokenAuthenticator, tokenHeader, valuesOf } from './token-caller.js';

export type Signer = UserCaller | SessionCaller;

/** One per service, so that what it remembers is warm. */
const authenticatorOf = madeOnce((services: Services, serviceCode: string) => authenticator(services, serviceCode));

/** Of the operations of this service. */
export const ownPaths = /^\/(?:v1|v1\.0|v3|v3\.0|v5|oauth2)(?:\/|$)/;

/**
 * The living user or session that signed the request; undefined for every other one, whatever is wrong with it. Failed
 * signatures are counted as at our own door.
 * INVARIANT: nothing is told of the reason, here or to the caller.
 * @param place of the request among those of the call
 */
export async function signerOf(services: Services, caller: ServiceCaller, serviceCode: string, request: ForwardedRequest, place: number, call: CallContext): Promise<Signer | undefined> {
  const signer = await presenterOf(services, caller, serviceCode, request, call);
  return signer === undefined || (await wasPresented(services, signer, place, call)) ? undefined : signer;
}

/** The same for a request that is not accepted by this: it may be presented again. */
export async function presenterOf(services: Services, caller: ServiceCaller, serviceCode: string, request: Omit<ForwardedRequest, 'questions'>, call: CallContext): Promise<Signer | undefined> {
  const signer = await verified(services, serviceCode, request, call);
  // [choice] Services and the operator are principals of this installation, not of an account that other services serve.
  if (signer === undefined || signer.kind === 'service' || signer.accountId === systemAccountId) return undefined;
  return isMeantForUs(services, caller, signer, request) ? undefined : signer;
}

async function verified(services: Services, serviceCode: string, { received, sourceIp }: Omit<ForwardedRequest, 'questions'>, { now, reads }: CallContext): Promise<Caller | undefined> {
  // From clients of the older system services get tokens.
  const isByToken = valuesOf(received, 'authorization').length === 0 && valuesOf(received, tokenHeader).length > 0;
  const prove = isByToken ? tokenAuthenticator(services) : authenticatorOf(services, serviceCode);
  try {
    const signer = await prove(received, sourceIp, now, reads !== services);
    if (!isSwitchedOff(signer)) return signer;
    // INVARIANT: no refusal comes from memory: nobody's guards are in the commit then.
    const fresh = await prove(received, sourceIp, now);
    return isSwitchedOff(fresh) ? undefined : fresh;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return undefined;
    throw error;
  }
}

/**
 * Whether the signed request is a call of this very service: no other one can have received it. It names a host of ours,
 * which is that of the issuer, or by which the asking service calls, and a path of ours, however that is escaped.
 */
function isMeantForUs({ settings: { issuer } }: Services, caller: ServiceCaller, signer: Signer, { received: { target } }: Omit<ForwardedRequest, 'questions'>): boolean {
  const host = plainHost(signer.signature.header('host'));
  const own = [caller.signature.header('host'), /^https?:\/\/([^/?#]+)/.exec(issuer)?.[1]].map(plainHost);
  return host !== undefined && own.includes(host) && canonicalUris(target).some((uri) => ownPaths.test(uri));
}

/** Without a port that goes without saying. */
const plainHost = (host: string | undefined): string | undefined => host?.toLowerCase().replace(/:(?:80|443)$/, '');

/** Where a signed request is accepted once only, that is once by all services together. */
async function wasPresented(services: Services, { accessKeyId, requestHash }: Signer, place: number, { presentedRequests }: CallContext): Promise<boolean> {
  // A token may be presented again and again.
  if (!services.settings.rejectReplays || requestHash === undefined) return false;
  const presented = `${place}:${accessKeyId}:${requestHash}`;
  if (presentedRequests.has(presented)) return false;
  if ((await services.presentations.count([accessKeyId, requestHash])) > 1) return true;
  presentedRequests.add(presented);
  return false;
}
