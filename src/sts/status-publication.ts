// The signed lists of what ended sessions, for whoever verifies tokens without asking the service.
import { signJwsWithStanding } from '../keyring/jws.js';
import type { KeyPurpose } from '../keyring/key.js';
import type { Keyring } from '../keyring/keyring.js';
import { seconds, type Clock } from '../base/clock.js';
import { statusListClaim, subjectDigest, type EpochListClaim } from '../status/index.js';
import { accountIdPattern, handleKeys, handlePattern, isHandle } from './account-handle.js';
import type { EndedSubject, StatusSource } from './status-source.js';

/** INVARIANT: neither is the type of a token that stands for a session. */
export const statusListType = 'statuslist+jwt';
export const epochListType = 'epochlist+jwt';

/** Below the issuer when that is an address, else a URN of its own. */
export const statusListUri = (issuer: string, list: string): string => (isAddress(issuer) ? `${issuer}/v1/status-lists/${list}` : `${issuer}:status-list:${list}`);
const epochListUri = (issuer: string, accountId: string, handle: string): string => (isAddress(issuer) ? `${issuer}/v1/epochs/${accountId}/${handle}` : `${issuer}:epochs:${accountId}:${handle}`);
const isAddress = (issuer: string): boolean => /^https?:/.test(issuer);

/** A list is built anew once it is that old, so that with one second in a cache a revocation is seen within two. */
const freshMilliseconds = 1000;
/** Lists that are kept, most of them of a few KiB. */
const keptLists = 256;

export interface StatusPublicationParts {
  /** As it stands in all processes. */
  readonly keyring: () => Promise<Keyring>;
  readonly issuer: string;
  readonly clock: Clock;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonic: () => number;
  readonly source: StatusSource;
  /** Seconds after which a list is good for nothing. */
  readonly lifeSeconds: number;
}

export interface StatusPublication {
  /** A JWT of the type `statuslist+jwt`; undefined where no place of the list was given out. */
  statusList(list: string): Promise<string | undefined>;
  /** A JWT of the type `epochlist+jwt`; undefined for what is not the handle of the account, whether there is one or not. */
  epochList(accountId: string, handle: string): Promise<string | undefined>;
}

export function statusPublication({ keyring, issuer, clock, monotonic, source, lifeSeconds }: StatusPublicationParts): StatusPublication {
  const sign = (keys: Keyring, typ: string, sub: string, now: number, claim: object): string =>
    signJwsWithStanding(keys['token-signing'], typ, { iss: issuer, sub, iat: now, exp: now + lifeSeconds, ttl: Math.max(1, Math.floor(lifeSeconds / 6)), ...claim });

  // INVARIANT: a list is dated by when its reading began: it holds all that was acknowledged before.
  const fresh = freshly(clock, monotonic);
  return {
    statusList: (list) => fresh(list, async (now) => {
      const bits = await source.bits(list);
      return bits === undefined ? undefined : sign(await keyring(), statusListType, statusListUri(issuer, list), now, { status_list: statusListClaim(bits) });
    }),
    async epochList(accountId, handle) {
      const keys = await keyring();
      if (!accountIdPattern.test(accountId) || !handlePattern.test(handle) || ![...handleKeys(keys).byId.values()].some((key) => isHandle(key, accountId, handle))) return undefined;
      // INVARIANT: no key makes anything before the lists that its process gives out have it.
      return fresh([accountId, handle, ...keyIds(keys, 'token-signing'), ...keyIds(keys, 'session-secrets')].join(' '), async (now) => (
        sign(keys, epochListType, epochListUri(issuer, accountId, handle), now, { epoch_list: epochListClaim(keys, handle, await source.ended(accountId, now)) })
      ));
    },
  };
}

const keyIds = (keyring: Keyring, purpose: KeyPurpose): readonly string[] => [...keyring[purpose].byId.keys()];

function epochListClaim(keyring: Keyring, handle: string, ended: readonly EndedSubject[]): EpochListClaim {
  const ofKind = (kind: EndedSubject['kind']): Record<string, number> =>
    Object.fromEntries(ended.filter((each) => each.kind === kind).map(({ subject, value }) => [subjectDigest(handle, subject), value]));
  return { token_keys: keyIds(keyring, 'token-signing'), secret_keys: keyIds(keyring, 'session-secrets'), epochs: ofKind('epoch'), boundaries: ofKind('boundary') };
}

/** One piece of work at a time for each name, and its result for all who ask within a second after it began. */
function freshly(clock: Clock, monotonic: () => number): (name: string, work: (now: number) => Promise<string | undefined>) => Promise<string | undefined> {
  const kept = new Map<string, { readonly begun: number; readonly asked: number; readonly result: Promise<string | undefined> }>();
  return (name, work) => {
    const now = clock.now();
    const known = kept.get(name);
    const asked = monotonic();
    // INVARIANT: a clock that is set back, or stands still behind its latest time, keeps no list alive.
    if (known !== undefined && asked - known.asked < freshMilliseconds && now >= known.begun && now - known.begun < freshMilliseconds) return known.result;
    const result = work(seconds(now));
    const entry = { begun: now, asked, result };
    kept.delete(name);
    kept.set(name, entry);
    const [oldest] = kept.keys();
    if (kept.size > keptLists && oldest !== undefined) kept.delete(oldest);
    // A failure is nobody's but those who waited for it.
    result.catch(() => {
      if (kept.get(name) === entry) kept.delete(name);
    });
    return result;
  };
}
