// Verifying without asking: the token by the published keys, the request by the key in the token or a derived one, and the session by the published lists.
import { hasOtherReading, parseSignedRequest, verifySignature, type ParsedSignature, type ReceivedRequest, type VerificationKey } from '../signing/index.js';
import type { Principal } from './claims.js';
import { derivedKeys, type DerivedKey } from './derived-keys.js';
import type { KeySet } from './key-set.js';
import { plainHost, type Setup } from './options.js';
import { Refused } from './refusal.js';
import type { Remote, VerifierClock } from './remote.js';
import type { ServiceCall } from './service-calls.js';
import { sessionStatus } from './status.js';
import { tokenReader, type KnownToken } from './token.js';

export interface Authenticated {
  readonly principal: Principal;
  readonly signature: ParsedSignature;
}

/** Throws {@link Refused} for everything but a request of a living session. */
export type Authenticate = (request: ReceivedRequest, sourceIp: string) => Promise<Authenticated>;

export interface OfflineParts {
  readonly setup: Setup;
  readonly keys: KeySet;
  readonly remote: Remote;
  readonly clock: VerifierClock;
  /** Undefined: the verifier is no registered service. */
  readonly call: ServiceCall | undefined;
}

export function offlineAuthentication({ setup, keys, remote, clock, call }: OfflineParts): Authenticate {
  const { issuer, endpoint } = setup;
  const tokens = tokenReader(keys, issuer);
  const status = sessionStatus({ keys, issuer, endpoint, remote, clock });
  const scopeKeys = call === undefined ? undefined : derivedKeys(call, clock, setup.derivedKeysPerMinute);

  async function ofSession(request: ReceivedRequest, signature: ParsedSignature, securityToken: string, sourceIp: string): Promise<Principal> {
    const token = await tokens.read(securityToken, signature.accessKeyId, clock.now());
    refuseUnfit(request, signature, signature.algorithm === 'SDK-ECDSA-P256-SHA256' ? publicKeyOf(token) : (await derived(request, signature, sourceIp)).key);
    await status.refuseEnded(token);
    return token.principal;
  }

  /** A long-term key has no token: who it is, and that it is still good, the token service says with the derived key. */
  async function ofLongTermKey(request: ReceivedRequest, signature: ParsedSignature, sourceIp: string): Promise<Principal> {
    if (signature.algorithm !== 'V11-HMAC-SHA256') throw new Refused('security_token_missing', 'offline ECDSA signatures are accepted of temporary access keys only, with their `X-Security-Token`');
    if (!setup.permanentKeys) throw new Refused('security_token_missing', 'offline this service accepts requests of temporary access keys only, with their `X-Security-Token`');
    const { key, principal } = await derived(request, signature, sourceIp);
    refuseUnfit(request, signature, key);
    return principal;
  }

  function derived(request: ReceivedRequest, signature: ParsedSignature, sourceIp: string): Promise<DerivedKey> {
    if (scopeKeys === undefined) throw new Refused('registered_service_only', 'V11 signatures are verified by registered services only, and this verifier has no access key');
    return scopeKeys.find(request, signature, sourceIp);
  }

  return async (request, sourceIp) => {
    const signature = parsed(setup, request, clock.now());
    const { securityToken, algorithm } = signature;
    if (algorithm !== 'SDK-ECDSA-P256-SHA256' && algorithm !== 'V11-HMAC-SHA256') {
      throw new Refused('online_only', `requests signed with ${algorithm} can be verified online only: whoever could verify them could sign them`);
    }
    const principal = await (securityToken === undefined ? ofLongTermKey(request, signature, sourceIp) : ofSession(request, signature, securityToken, sourceIp));
    return { principal, signature };
  };
}

function publicKeyOf({ verificationKey }: KnownToken): VerificationKey {
  if (verificationKey === undefined) throw new Refused('online_only', 'the security token holds no public key of the session: its requests can be verified online only');
  return verificationKey;
}

function refuseUnfit(request: ReceivedRequest, signature: ParsedSignature, key: VerificationKey): void {
  if (!verifySignature(request, signature, key)) throw new Refused('signature_mismatch', 'the signature does not fit the request');
}

/** What can be judged of a request before it is known who signed it. */
export function parsed(setup: Setup, request: ReceivedRequest, now: number): ParsedSignature {
  const { region, service, maximumSkewSeconds, allowUnsignedPayload, pathReading } = setup;
  refuseTwoReadings(request.target);
  const result = parseSignedRequest(request, { now, maximumSkewSeconds, region, service, allowUnsignedPayload, pathReading });
  if (!result.ok) throw new Refused('request_malformed', result.message);
  refuseForeignHost(setup, result.signature);
  return result.signature;
}

/** What was signed for another service, which has seen it, is not for this one. */
function refuseForeignHost({ hosts, allowUnsignedHost }: Setup, signature: ParsedSignature): void {
  const host = signature.header('host');
  if (host === undefined && allowUnsignedHost) return;
  if (host === undefined) throw new Refused('host_foreign', 'header `Host` must be listed in SignedHeaders: the request could be meant for another service');
  if (!hosts.has(plainHost(host))) throw new Refused('host_foreign', 'the request was signed for another `Host` than those of this service');
}

/**
 * [choice] Of two targets with one and the same signature one is refused, so that nobody sends the other in its place:
 * `/a/` would pass for `/a`, `/a%2Fb` for `/a/b`, and `?q=a+b` for `?q=a%2Bb` (request signatures, sections 2 and 10).
 * That `/a%2520b` does not pass for `/a%20b` is for the one reading of escapes that is verified, and for the refusal.
 */
function refuseTwoReadings(target: string): void {
  const [path = ''] = target.split('?');
  if (path.length > 1 && path.endsWith('/')) throw new Refused('request_malformed', 'the path must not end with a slash: its signature would be that of the path without it');
  if (/%2f|%5c|\\/i.test(path)) throw new Refused('request_malformed', 'the path must not hold an escaped slash, or a backslash: its signature would be that of another path');
  if (hasOtherReading(target)) throw new Refused('request_malformed', 'the query must hold no bare `+`, and values of one name in ascending order, as they are signed: its signature would be that of another query');
  if (/%25/.test(path)) throw new Refused('request_malformed', 'the path must not hold `%25`: its signature would be that of another path');
}
