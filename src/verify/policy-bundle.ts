// What bounds a principal at this service, signed by the token service and kept for a minute at most.
import { parseEither, parsePolicy, type NamedPolicy, type PolicyKind, type PrincipalIdentity } from '../policy/index.js';
import type { ReceivedRequest } from '../signing/index.js';
import { boundedMap } from './bounded-map.js';
import type { PrincipalTag } from './claims.js';
import type { KeySet } from './key-set.js';
import type { Authenticated } from './offline.js';
import { Refused } from './refusal.js';
import type { VerifierClock } from './remote.js';
import { authorizationOf, forwarded, type ServiceCall } from './service-calls.js';
import { signedClaims } from './signed.js';

export interface PolicyBundle {
  readonly identity: PrincipalIdentity;
  readonly tags: readonly PrincipalTag[];
  readonly conditions: readonly (readonly [name: string, value: string | boolean])[];
  /** Seconds since the epoch; undefined for a long-term key. */
  readonly issuedAt: number | undefined;
  readonly mfaAuthenticatedAt: number | undefined;
  readonly identityPolicies: readonly NamedPolicy[];
  /** Sets of which each must allow. */
  readonly sessionPolicies: readonly (readonly NamedPolicy[])[];
  /** Undefined: no organization, or exempt. */
  readonly serviceControlPolicies: readonly NamedPolicy[] | undefined;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Milliseconds of the monotonic clock. */
  readonly usableUntil: number;
}

export interface PolicyBundles {
  /** Throws {@link Refused} where the token service gives none. */
  find(request: ReceivedRequest, authenticated: Authenticated, sourceIp: string): Promise<PolicyBundle>;
}

export interface PolicyBundleParts {
  readonly keys: KeySet;
  readonly issuer: string;
  readonly service: string;
  readonly call: ServiceCall;
  readonly clock: VerifierClock;
}

const bundleType = 'policybundle+jwt';
const mostBundleBytes = 4 * 1024 * 1024;
/** [choice] Of the texts of all bundles that are kept. Tenants choose how large theirs are: what there is room for is told in bytes. */
const mostKeptBytes = 32 * 1024 * 1024;
/** What a small one takes beside its text. */
const bytesBeside = 1024;
/** [choice] Whatever a bundle says of itself. */
const longestMilliseconds = 300_000;

interface Kept {
  readonly bundle: PolicyBundle;
  readonly bytes: number;
}

/** @param keptBytes at most so many bytes of bundles are kept */
export function policyBundles(parts: PolicyBundleParts, keptBytes = mostKeptBytes): PolicyBundles {
  const { clock } = parts;
  const known = boundedMap<string, Kept>(keptBytes, ({ bytes }) => bytes + bytesBeside);
  const running = new Map<string, Promise<Kept>>();
  return {
    async find(request, authenticated, sourceIp) {
      const { accessKeyId } = authenticated.signature;
      const kept = known.get(accessKeyId)?.bundle;
      if (kept !== undefined && clock.now() < kept.until && clock.monotonic() < kept.usableUntil) return kept;
      const work = running.get(accessKeyId) ?? fetchBundle(parts, request, authenticated, sourceIp).finally(() => running.delete(accessKeyId));
      running.set(accessKeyId, work);
      const fetched = await work;
      known.set(accessKeyId, fetched);
      return fetched.bundle;
    },
  };
}

async function fetchBundle({ keys, issuer, service, call, clock }: PolicyBundleParts, request: ReceivedRequest, { signature, principal }: Authenticated, sourceIp: string): Promise<Kept> {
  const asked = clock.monotonic();
  const { policy_bundle: text } = await call('/v1/policy-bundles', { request: forwarded(request, signature, authorizationOf(request), sourceIp) });
  if (typeof text !== 'string') throw new Refused('permission_unknown', 'the token service gives nothing that bounds this principal');
  const claims = await signedClaims(keys, text, { typ: bundleType, issuer, now: clock.now(), mostBytes: mostBundleBytes });
  // A bundle is trimmed to the actions of one service, so it decides for that one alone.
  if (claims === undefined || claims === 'expired' || claims.aud !== `${issuer}#${service}` || claims.jti !== signature.accessKeyId || claims.sub !== principal.urn) throw noBundle();
  const life = Math.min((claims.exp - claims.iat) * 1000, longestMilliseconds);
  return { bundle: { ...contentOf(claims['policy_bundle'], principal.urn), until: claims.exp * 1000, usableUntil: asked + life }, bytes: text.length };
}

const noBundle = (): Refused => new Refused('permission_unknown', 'the policy bundle is none of this issuer, principal and service');

function contentOf(value: unknown, urn: string): Omit<PolicyBundle, 'until' | 'usableUntil'> {
  try {
    const content = membersOf(value);
    // Policies that are named by their ids are identity policies.
    const sets = ([['session', 'session'], ['session_ids', 'identity']] as const).flatMap(([name, kind]) => (content[name] === undefined ? [] : [policiesOf(kind, content[name])]));
    return {
      identity: identityOf(content, urn),
      tags: listOf(content['tags']).map((tag) => {
        const [key, given] = listOf(tag);
        return { key: String(key), value: String(given) };
      }),
      conditions: listOf(content['conditions']).map((entry) => {
        const [name, given] = listOf(entry);
        return [String(name), typeof given === 'boolean' ? given : String(given)] as const;
      }),
      issuedAt: numberOf(content['issued_at']), mfaAuthenticatedAt: numberOf(content['mfa']),
      identityPolicies: policiesOf('identity', content['identity']),
      sessionPolicies: sets,
      serviceControlPolicies: content['service_control'] === undefined ? undefined : policiesOf('service-control', content['service_control']),
    };
  } catch {
    // INVARIANT: what cannot be read allows nothing.
    throw noBundle();
  }
}

function identityOf({ kind, account, agency }: Readonly<Record<string, unknown>>, urn: string): PrincipalIdentity {
  if (typeof account !== 'string') throw new TypeError('no account');
  if (kind === 'root' || kind === 'user') return { kind, urn, accountId: account };
  if (kind !== 'agency-session' || typeof agency !== 'string') throw new TypeError('no principal');
  return { kind, urn, accountId: account, agencyUrn: agency };
}

const policiesOf = (kind: PolicyKind, value: unknown): readonly NamedPolicy[] => listOf(value).map((entry) => {
  const [name, document] = listOf(entry);
  // Roles stand among identity policies, and sessions of temporary keys have policies of the older system.
  return { name: String(name), policy: kind === 'identity' || kind === 'session' ? parseEither(kind, String(document)) : parsePolicy(kind, String(document)) };
});

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no object');
  return Object.fromEntries(Object.entries(value));
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('no list');
  return value;
}

function numberOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new TypeError('no number');
  return value;
}
