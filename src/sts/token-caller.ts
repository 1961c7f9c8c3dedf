// X-Auth-Token: whose token it is, and whether that agency session or user is alive.
import { ApiError } from '../base/api-error.js';
import type { SignedRequest } from '../signing/index.js';
import type { Authenticate } from './authenticate.js';
import { readAuthToken } from './auth-token.js';
import type { Caller, Proof, SessionCaller, UserCaller } from './caller.js';
import { authenticationError, forgetRefusal, type Proved } from './candidate.js';
import type { CallContext } from './outcome.js';
import { presentedSession } from './temporary-key.js';
import { rememberedReads, type Reads, type Services } from './services.js';
import { livingUser } from './user-credentials.js';

export const tokenHeader = 'x-auth-token';

/** The values of a header, as they were received. */
export const valuesOf = ({ rawHeaders }: Pick<SignedRequest, 'rawHeaders'>, name: string): readonly string[] =>
  rawHeaders.filter((_text, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name).map((value) => value.trim());

/** The same as whether there are any. */
export function hasHeader({ rawHeaders }: Pick<SignedRequest, 'rawHeaders'>, name: string): boolean {
  // Every signed call is asked: a list of the values would take it one and a half microseconds.
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at];
    if (header?.length === name.length && header.toLowerCase() === name) return true;
  }
  return false;
}

/** Whoever has a token may write any header; one that is there twice says nothing. */
export const tokenProof = (request: Pick<SignedRequest, 'rawHeaders'>): Proof => ({
  algorithm: 'token',
  header: (name) => {
    const [value, ...more] = valuesOf(request, name.toLowerCase());
    return more.length > 0 ? undefined : value;
  },
});

/** One text for every token that is not accepted. */
export const tokenError = (header = 'X-Auth-Token'): ApiError => new ApiError('unauthenticated', `${authenticationError}\`${header}\` is no token of a living session or user`);

export type TokenOwner = Proved<SessionCaller> | Proved<UserCaller>;

/** The living session or user that a token speaks of, or undefined. @param now milliseconds since the epoch */
export async function tokenOwner(services: Services, reads: Reads, token: string, now: number): Promise<TokenOwner | undefined> {
  const read = await readAuthToken(services.keyring, services.settings.issuer, token, now);
  if (read === undefined) return undefined;
  if (read.kind === 'user') return livingUser(reads, read.grant);
  const session = await presentedSession(services, reads, read, now);
  return session?.session.way === 'legacy-token' ? session : undefined;
}

/**
 * Whose token it is that a call brings along. INVARIANT: no refusal comes from memory: who is remembered and would be
 * refused is asked for again. Who is found there is asked again by the commit, where the outcome names him as proved.
 * @param accepted throws what refuses this owner, or that there is none
 */
export async function presentedOwner<Owner>(services: Services, { reads }: Pick<CallContext, 'reads'>, find: (reads: Reads) => Promise<Owner | undefined>, accepted: (owner: Owner | undefined) => Owner): Promise<Owner> {
  const remembered = reads === services ? undefined : await find(reads).then(accepted).catch(forgetRefusal);
  return remembered ?? accepted(await find(services));
}

/** Throws the 401. A caller may be known from memory, a refusal never is. */
export const tokenAuthenticator = (services: Services): Authenticate => async (request, sourceIp, now, mayRemember = false) => {
  const [token, ...more] = valuesOf(request, tokenHeader);
  if (token === undefined || more.length > 0) throw tokenError();
  const known = mayRemember ? await tokenOwner(services, rememberedReads(services), token, now).catch(forgetRefusal) : undefined;
  const owner = known ?? await tokenOwner(services, services, token, now);
  if (owner === undefined) throw tokenError();
  const caller: Caller = { ...owner, signature: tokenProof(request), requestHash: undefined, verificationKey: undefined, sourceIp };
  return caller;
};
