// Keys of V11 signatures: one per access key and scope, handed out by the token service against a request that is signed with it.
import { scopeVerificationKey, type ParsedSignature, type ReceivedRequest, type VerificationKey } from '../signing/index.js';
import { boundedMap } from './bounded-map.js';
import type { Principal } from './claims.js';
import { minuteBound } from './minute-bound.js';
import { membersOf, principalOf } from './online.js';
import { Refused } from './refusal.js';
import type { VerifierClock } from './remote.js';
import { authorizationOf, forwarded, type ServiceCall } from './service-calls.js';

export interface DerivedKeys {
  /** Throws {@link Refused} when the token service does not vouch for the request. */
  find(request: ReceivedRequest, signature: ParsedSignature, sourceIp: string): Promise<DerivedKey>;
}

export interface DerivedKey {
  readonly key: VerificationKey;
  readonly principal: Principal;
}

const keptKeys = 10_000;
/** [choice] Requests of one key from one address in a minute that the token service did not vouch for, after which it is not asked; of permanent keys, which anybody can make up, also of all keys from one address. */
const mostFailures = 5;
const mostFailuresOfAddress = 20;

interface Known extends DerivedKey {
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Milliseconds of the monotonic clock. */
  readonly usableUntil: number;
}

/** @param mostPerMinute calls to the token service, for sessions and for permanent keys each */
export function derivedKeys(call: ServiceCall, clock: VerifierClock, mostPerMinute: number): DerivedKeys {
  const calls = minuteBound(mostPerMinute, clock);
  const failures = minuteBound(mostFailures, clock);
  const failuresOfAddress = minuteBound(mostFailuresOfAddress, clock);
  const known = boundedMap<string, Known>(keptKeys);
  const running = new Map<string, Promise<Known>>();

  async function fetched(request: ReceivedRequest, signature: ParsedSignature, scope: string, sourceIp: string): Promise<Known> {
    const { accessKeyId } = signature;
    const kind = signature.securityToken === undefined ? 'permanent' : 'session';
    if (!failures.hasRoom(`${accessKeyId} ${sourceIp}`) || (kind === 'permanent' && !failuresOfAddress.hasRoom(sourceIp))) {
      throw new Refused('service_unavailable', 'too many requests from this address had wrong signatures: the token service is asked again in a minute');
    }
    if (!calls.hasRoom(kind)) throw new Refused('service_unavailable', 'the token service was asked for too many keys: it is asked again in a minute');
    calls.count(kind);
    const asked = clock.monotonic();
    const { derived_key: answer, principal } = await call('/v1/derived-keys', { request: forwarded(request, signature, authorizationOf(request), sourceIp) });
    if (answer === undefined) {
      failures.count(`${accessKeyId} ${sourceIp}`);
      failuresOfAddress.count(sourceIp);
      throw new Refused('signature_mismatch', 'the token service does not know who signed the request');
    }
    const { access_key_id: id, scope: given, key, expires_at: expiration, expires_in: life } = membersOf(answer);
    const until = typeof expiration === 'string' ? Date.parse(expiration) : NaN;
    if (id !== signature.accessKeyId || given !== scope || typeof key !== 'string' || Number.isNaN(until) || typeof life !== 'number') {
      throw new Refused('service_unavailable', 'the token service answered another key than was asked for');
    }
    return { key: scopeVerificationKey(signature.accessKeyId, scope, key), principal: principalOf(membersOf(principal), signature.accessKeyId), until, usableUntil: asked + life * 1000 };
  }

  return {
    async find(request, signature, sourceIp) {
      const { scope } = signature;
      if (scope === undefined) throw new TypeError('only V11 signatures have a scope');
      const text = `${scope.day}/${scope.region}/${scope.service}`;
      const name = `${signature.accessKeyId} ${text}`;
      const kept = known.get(name);
      if (kept !== undefined && clock.now() < kept.until && clock.monotonic() < kept.usableUntil) return kept;
      // Who comes meanwhile must not be refused for a request of somebody else: each failure is its own.
      const others = running.get(name);
      if (others !== undefined) {
        const found = await others.catch(() => undefined);
        if (found !== undefined) return found;
      }
      const work = fetched(request, signature, text, sourceIp);
      running.set(name, work);
      try {
        const found = await work;
        known.set(name, found);
        return found;
      } finally {
        if (running.get(name) === work) running.delete(name);
      }
    },
  };
}
