// The keys that the service signs with: fetched, kept as long as it allows, and asked for anew when a token names one that is unknown.
import { importJWK, type CryptoKey, type JWK } from 'jose';
import { kept } from './kept.js';
import { Refused } from './refusal.js';
import type { Remote, VerifierClock } from './remote.js';

export interface SigningKey {
  readonly key: CryptoKey;
  /** INVARIANT: the one algorithm that the key is good for, whatever a header says. */
  readonly algorithm: string;
}

export interface KeySet {
  /** Throws {@link Refused} when the keys cannot be had; undefined for an id that is none of theirs. */
  find(kid: string): Promise<SigningKey | undefined>;
}

const mostBytes = 65_536;
const mostKeys = 64;
const defaultMaxAgeSeconds = 300;
const longestMaxAgeSeconds = 86_400;
const unsureMaxAgeSeconds = 5;

export function keySet(url: string, remote: Remote, clock: VerifierClock): KeySet {
  const keys = kept<ReadonlyMap<string, SigningKey>>(clock, async () => {
    const { status, text, header } = await remote(url, { mostBytes });
    if (status !== 200) throw new Error(`the key set was answered with ${status}`);
    const maxAge = Math.min(maxAgeOf(header('cache-control')), longestMaxAgeSeconds) * 1000;
    return { value: await importKeys(text), life: { fresh: maxAge, usable: maxAge, until: Infinity } };
  });
  const all = (): Promise<ReadonlyMap<string, SigningKey>> => keys.get().catch((error: unknown) => {
    throw new Refused('keys_unavailable', `the keys of the token service cannot be had: ${error instanceof Error ? error.message : 'unknown'}`);
  });
  return {
    async find(kid) {
      const known = (await all()).get(kid);
      if (known !== undefined) return known;
      await keys.renew();
      return (await all()).get(kid);
    },
  };
}

function maxAgeOf(cacheControl: string | undefined): number {
  // The set might lack a key that is in use already.
  if (/\bno-(?:cache|store)\b/.test(cacheControl ?? '')) return unsureMaxAgeSeconds;
  const [, seconds] = /(?:^|[,\s])max-age=(\d{1,9})(?:$|[,\s])/.exec(cacheControl ?? '') ?? [];
  return seconds === undefined ? defaultMaxAgeSeconds : Number(seconds);
}

/** Keys of other types and uses are passed over; a set with two keys of one id is none. */
async function importKeys(text: string): Promise<ReadonlyMap<string, SigningKey>> {
  const json: unknown = JSON.parse(text);
  if (typeof json !== 'object' || json === null || !('keys' in json) || !Array.isArray(json.keys) || json.keys.length > mostKeys) throw new Error('the key set is no JWK set');
  const found = new Map<string, SigningKey>();
  for (const jwk of json.keys as readonly unknown[]) {
    const usable = usableJwk(jwk);
    if (usable === undefined) continue;
    if (found.has(usable.kid)) throw new Error(`the key set has two keys with the id \`${usable.kid}\``);
    const key = await importJWK(usable.jwk, usable.algorithm);
    // Bytes come of symmetric keys only.
    found.set(usable.kid, { key: key as CryptoKey, algorithm: usable.algorithm });
  }
  return found;
}

function usableJwk(jwk: unknown): { readonly kid: string; readonly algorithm: string; readonly jwk: JWK } | undefined {
  if (typeof jwk !== 'object' || jwk === null || 'd' in jwk || 'k' in jwk) return undefined;
  const { kid, kty, crv, alg, use, x, y }: JWK = jwk;
  if (typeof kid !== 'string' || typeof x !== 'string' || (use !== undefined && use !== 'sig')) return undefined;
  if (kty === 'OKP' && crv === 'Ed25519' && (alg === undefined || alg === 'EdDSA')) return { kid, algorithm: 'EdDSA', jwk: { kty, crv, x } };
  if (kty === 'EC' && crv === 'P-256' && typeof y === 'string' && (alg === undefined || alg === 'ES256')) return { kid, algorithm: 'ES256', jwk: { kty, crv, x, y } };
  return undefined;
}
