// Whether a session lives, as far as the published lists tell: no mark on it or an ancestor, no epoch raised, no boundary behind it, its keys standing.
import { isMarked, readEpochListClaim, readStatusListClaim, type EpochList } from '../status/index.js';
import { boundedMap } from './bounded-map.js';
import { kept, type Fetched, type Kept } from './kept.js';
import type { KeySet } from './key-set.js';
import { Refused } from './refusal.js';
import type { Remote, VerifierClock } from './remote.js';
import { signedClaims } from './signed.js';
import type { KnownToken } from './token.js';

export interface StatusParts {
  readonly keys: KeySet;
  readonly issuer: string;
  /** Where the service is reached. */
  readonly endpoint: string;
  readonly remote: Remote;
  readonly clock: VerifierClock;
}

export interface SessionStatus {
  /** Throws {@link Refused} for a session that was revoked, and where that is not known. */
  refuseEnded(token: KnownToken): Promise<void>;
}

const mostStatusListBytes = 65_536;
const mostEpochListBytes = 1024 * 1024;
const keptLists = 1024;
/** [choice] By as much as requests may be dated ahead: a list of a later time would be replaced by no true one. */
const mostAheadSeconds = 900;

interface Listed<Value> {
  readonly content: Value;
  readonly iat: number;
}

export function sessionStatus({ keys, issuer, endpoint, remote, clock }: StatusParts): SessionStatus {
  const isAddress = /^https?:/.test(issuer);

  /** @param path behind the endpoint @param uri `sub` of the list */
  const listOf = <Value>(path: string, uri: string, typ: string, mostBytes: number, read: (claims: Readonly<Record<string, unknown>>) => Value | undefined): Kept<Listed<Value>> =>
    kept<Listed<Value>>(clock, async (known): Promise<Fetched<Listed<Value>>> => {
      const { status, text } = await remote(`${endpoint}${path}`, { headers: { accept: `application/${typ}` }, mostBytes });
      if (status !== 200) throw new Error(`${path} was answered with ${status}`);
      const now = clock.now();
      const claims = await signedClaims(keys, text, { typ, issuer, now, mostBytes });
      if (claims === undefined || claims === 'expired' || claims.sub !== uri) throw new Error(`${path} is no list that is good now`);
      if (claims.iat * 1000 > now + mostAheadSeconds * 1000) throw new Error(`${path} is dated ahead of the time of this verifier`);
      const content = read(claims);
      if (content === undefined) throw new Error(`${path} is no list`);
      // INVARIANT: a list never takes the place of a newer one.
      if (known !== undefined && claims.iat < known.iat) throw new Error(`${path} is older than the list that is known`);
      const lifeMilliseconds = (claims.exp - claims.iat) * 1000;
      const ttl = claims['ttl'];
      const fresh = typeof ttl === 'number' && ttl > 0 ? Math.min(ttl * 1000, lifeMilliseconds) : lifeMilliseconds / 6;
      return { value: { content, iat: claims.iat }, life: { fresh, usable: lifeMilliseconds, until: claims.exp * 1000 } };
    });

  const statusList = rememberedBy((list: string) => listOf(`/v1/status-lists/${list}`, isAddress ? `${issuer}/v1/status-lists/${list}` : `${issuer}:status-list:${list}`, 'statuslist+jwt', mostStatusListBytes,
    ({ status_list: claim }) => readStatusListClaim(claim)));
  /** @param name of an account and its handle, with a slash between them */
  const epochList = rememberedBy((name: string) => listOf<EpochList>(`/v1/epochs/${name}`, isAddress ? `${issuer}/v1/epochs/${name}` : `${issuer}:epochs:${name.replace('/', ':')}`, 'epochlist+jwt', mostEpochListBytes,
    ({ epoch_list: claim }) => readEpochListClaim(claim)));

  return {
    async refuseEnded(token) {
      const { lineage, places, epochs } = token;
      if (lineage === undefined) throw new Refused('chain_unknown', 'the security token does not hold its chain: the session can be verified online only');
      const epochLists = lineage.accounts.map(({ id, handle }) => epochList(`${id}/${handle}`));
      const [known, bits] = await Promise.all([Promise.all(epochLists.map((list) => list.get())), Promise.all(places.map((place) => statusList(place.list).get()))]).catch((error: unknown) => {
        throw error instanceof Refused ? error : new Refused('status_unavailable', `whether the session was revoked is not known: ${error instanceof Error ? error.message : 'unknown'}`);
      });
      const marks = places.map(({ index }, at) => isMarked(bits[at]?.content ?? new Uint8Array(), index));
      if (marks.includes(true)) throw revoked();
      if (marks.includes(undefined)) throw new Refused('status_unavailable', 'the session has no place in its status list');
      const findings = (lists: readonly Listed<EpochList>[]): readonly Finding[] => [...lists.map((list) => ofKeys(token, list)), ...epochs.map((carried) => ofEpoch(carried, lists[carried.account]))];
      if (findings(known).every((finding) => finding === 'lives')) return;
      // The token may be newer than the lists.
      await Promise.all(epochLists.map((list) => list.renew()));
      const found = findings(await Promise.all(epochLists.map((list, at) => list.get().catch(() => known[at] ?? Promise.reject(newer())))));
      if (found.includes('dead')) throw revoked();
      if (found.includes('unknown')) throw newer();
    },
  };
}

/** One of each name, as long as there are not too many. */
function rememberedBy<Value>(make: (name: string) => Value & object): (name: string) => Value {
  const all = boundedMap<string, Value & object>(keptLists);
  return (name) => {
    const known = all.get(name) ?? make(name);
    all.set(name, known);
    return known;
  };
}

/** `unknown`: the session is newer than the list. */
type Finding = 'lives' | 'dead' | 'unknown';

/** INVARIANT: a session is dead once a carried epoch is not the current one, or a link of it was issued before a boundary. */
function ofEpoch({ digest, epoch, issuedAt }: KnownToken['epochs'][number], list: Listed<EpochList> | undefined): Finding {
  if (list === undefined) return 'unknown';
  const current = list.content.epochs.get(digest) ?? epoch;
  if (epoch < current || issuedAt < (list.content.boundaries.get(digest) ?? 0)) return 'dead';
  return epoch === current ? 'lives' : 'unknown';
}

/** INVARIANT: a session is dead once the key that signed its token, or that its secret is derived from, stands no more. */
function ofKeys({ tokenKey, secretKey, issuedAt }: KnownToken, { content: { tokenKeys, secretKeys }, iat }: Listed<EpochList>): Finding {
  if (tokenKeys.has(tokenKey) && secretKeys.has(secretKey)) return 'lives';
  return issuedAt < iat ? 'dead' : 'unknown';
}

const newer = (): Refused => new Refused('status_unavailable', 'the session is newer than what is known of revocations');
const revoked = (): Refused => new Refused('revoked', 'the session was revoked');
