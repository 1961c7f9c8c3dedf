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
const mostEpochListBytes = 16 * 1024 * 1024;
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

  const lists = boundedMap<string, Kept<Listed<Uint8Array>>>(keptLists);
  const statusList = (list: string): Kept<Listed<Uint8Array>> => {
    const known = lists.get(list);
    if (known !== undefined) return known;
    const made = listOf(`/v1/status-lists/${list}`, isAddress ? `${issuer}/v1/status-lists/${list}` : `${issuer}:status-list:${list}`, 'statuslist+jwt', mostStatusListBytes,
      ({ status_list: claim }) => readStatusListClaim(claim));
    lists.set(list, made);
    return made;
  };
  const epochList = listOf<EpochList>('/v1/epochs', isAddress ? `${issuer}/v1/epochs` : `${issuer}:epochs`, 'epochlist+jwt', mostEpochListBytes, ({ epoch_list: claim }) => readEpochListClaim(claim));

  return {
    async refuseEnded(token) {
      const { lineage, places, epochs } = token;
      if (lineage === undefined) throw new Refused('chain_unknown', 'the security token does not hold its chain: the session can be verified online only');
      const [list, ...bits] = await Promise.all([epochList.get(), ...places.map((place) => statusList(place.list).get())]).catch((error: unknown) => {
        throw error instanceof Refused ? error : new Refused('status_unavailable', `whether the session was revoked is not known: ${error instanceof Error ? error.message : 'unknown'}`);
      });
      const marks = places.map(({ index }, at) => isMarked(bits[at]?.content ?? new Uint8Array(), index));
      if (marks.includes(true)) throw revoked();
      if (marks.includes(undefined)) throw new Refused('status_unavailable', 'the session has no place in its status list');
      if (!list.content.handleKeys.has(lineage.handleKey)) throw new Refused('status_unavailable', 'the epoch list knows nothing of the accounts of this token');
      if (hasStandingKeys(token, list.content) && epochs.every((carried) => isCurrent(carried, list.content))) return;
      // The token may be newer than the list.
      await epochList.renew();
      const { content, iat } = await epochList.get().catch(() => list);
      if (!hasStandingKeys(token, content)) throw token.issuedAt < iat ? revoked() : newer();
      const ended = epochs.filter((carried) => !isCurrent(carried, content));
      if (ended.length === 0) return;
      if (ended.every(({ digest, epoch, issuedAt }) => epoch > (content.epochs.get(digest) ?? epoch) && issuedAt >= (content.boundaries.get(digest) ?? 0))) {
        throw newer();
      }
      throw revoked();
    },
  };
}

/** INVARIANT: a session is dead once a carried epoch is not the current one, or a link of it was issued before a boundary. */
const isCurrent = ({ digest, epoch, issuedAt }: KnownToken['epochs'][number], { epochs, boundaries }: EpochList): boolean =>
  epoch === (epochs.get(digest) ?? epoch) && issuedAt >= (boundaries.get(digest) ?? 0);

/** INVARIANT: a session is dead once the key that signed its token, or that its secret is derived from, stands no more. */
const hasStandingKeys = ({ tokenKey, secretKey }: KnownToken, { tokenKeys, secretKeys }: EpochList): boolean => tokenKeys.has(tokenKey) && secretKeys.has(secretKey);

const newer = (): Refused => new Refused('status_unavailable', 'the session is newer than what is known of revocations');
const revoked = (): Refused => new Refused('revoked', 'the session was revoked');
