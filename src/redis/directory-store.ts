// Accounts as snapshots: kept in the process, checked against the stored revision on every strict read.
import { LRUCache } from 'lru-cache';
import { systemAccountId, type Account } from '../directory/entities.js';
import { parseEntity } from '../directory/entity-schemas.js';
import { changedSnapshot, entityAt, entityField, snapshotOf, type EntityEntry, type EntityField, type Snapshot, type Provided } from '../directory/snapshot.js';
import type { AccountReads, DirectoryReader, EndOfSessions, EpochSubject, Epochs } from '../directory/store.js';
import { openRecord, TamperedRecordError } from '../keyring/authenticate.js';
import type { Keyring } from '../keyring/keyring.js';
import { accountNames } from './account-names.js';
import { boundariesField, boundariesOf } from './boundaries.js';
import { accountsKey, type KeyNames } from './cells.js';
import { livingEnded } from './ended.js';
import { reach, runScript, type RedisConnection } from './client.js';
import { rememberedEnds } from './remembered-ends.js';
import { loadAccountScript } from './scripts/load-account.js';

/** What all kept snapshots may have together of stored text; in memory it is a few times that. */
const maximumKeptBytes = 128 * 1024 * 1024;
const maximumKeptHints = 100_000;

/** @param values as they are stored, in the order of the subjects; more may follow */
const epochsOf = (subjects: readonly EpochSubject[], values: readonly (string | null)[]): Epochs =>
  new Map(subjects.map((subject, index) => [subject, Number(values[index] ?? 0)]));

export const entityPlace = (accountId: string, field: EntityField): readonly string[] => ['entity', accountId, field];

/** Ids of all accounts there are, and of such as were never finished. */
export const accountIds = (redis: RedisConnection): Promise<readonly string[]> => reach(() => redis.smembers(accountsKey));

interface KeptSnapshot {
  readonly snapshot: Snapshot;
  /** Of its records' contents. */
  readonly bytes: number;
}

/** An account at the revision that a load found, with the epochs that were wanted. */
interface LoadedAccount extends KeptSnapshot, EndOfSessions {}

/** What a load brought: the fields there are now, with the size of their contents, and those that are gone. */
interface LoadedFields {
  readonly put: readonly EntityEntry[];
  readonly remove: readonly EntityField[];
  readonly bytes: number;
}

export interface DirectoryReaderOptions {
  readonly provided: Provided;
  /** Bound of the stored text whose accounts this process remembers; a larger account is read anew each time. */
  readonly keptBytes?: number;
}

export function directoryReader(redis: RedisConnection, names: KeyNames, keyring: Keyring, { provided, keptBytes = maximumKeptBytes }: DirectoryReaderOptions): DirectoryReader {
  const snapshots = new LRUCache<string, KeptSnapshot>({ maxSize: keptBytes, sizeCalculation: ({ bytes }) => bytes });
  const hints = new LRUCache<string, string>({ max: maximumKeptHints });
  const ends = rememberedEnds();
  const loading = new Map<string, Promise<LoadedAccount | undefined>>();

  /**
   * The account at this revision, as it was just read. Calls that find a process cold at the same moment share one
   * load: a large account, read once for each of them, would keep Redis busy for seconds.
   */
  async function loadAt(revision: string, accountId: string, subjects: readonly EpochSubject[]): Promise<LoadedAccount | undefined> {
    const running = loading.get(accountId);
    const shared = running === undefined ? undefined : await running.catch(() => undefined);
    if (shared?.snapshot.revision === revision) return { ...shared, epochs: new Map() };
    const own = load(accountId, snapshots.get(accountId), subjects).finally(() => {
      if (loading.get(accountId) === own) loading.delete(accountId);
    });
    loading.set(accountId, own);
    return own;
  }

  async function load(accountId: string, kept: KeptSnapshot | undefined, subjects: readonly EpochSubject[]): Promise<LoadedAccount | undefined> {
    const keys = [names.accountState(accountId), names.accountEntities(accountId), names.accountChanges(accountId)];
    // The script answers an array of strings and nulls.
    const answer = (await reach(() => runScript(redis, loadAccountScript, keys, [kept?.snapshot.revision ?? '', boundariesField, ...subjects]))) as (string | null)[];
    const [revision, extent, before, ...rest] = answer;
    const fields = rest.slice(subjects.length);
    const loaded = typeof revision !== 'string' ? undefined : next(accountId, revision, extent === 'changed' ? kept : undefined, parseFields(accountId, fields));
    if (loaded === undefined) {
      snapshots.delete(accountId);
      ends.forget(accountId);
      return undefined;
    }
    snapshots.set(accountId, loaded);
    const found = { epochs: epochsOf(subjects, rest), boundaries: boundariesOf(before) };
    ends.remember(accountId, found);
    return { ...loaded, ...found };
  }

  function parseFields(accountId: string, fields: readonly (string | null)[]): LoadedFields {
    const put: EntityEntry[] = [];
    const remove: EntityField[] = [];
    let bytes = 0;
    for (let index = 0; index < fields.length; index += 2) {
      // Fields are written by this service, as `<kind>:<id>`; the record's MAC covers the name.
      const field = fields[index] as EntityField;
      const record = fields[index + 1];
      if (typeof record !== 'string') remove.push(field);
      else {
        const content = openRecord(keyring['record-authentication'], entityPlace(accountId, field), record);
        put.push([field, parseEntity(field, content)]);
        bytes += Buffer.byteLength(content);
      }
    }
    return { put, remove, bytes };
  }

  /** The account with what was loaded; undefined when nothing is left of it. */
  function next(accountId: string, revision: string, known: KeptSnapshot | undefined, { put, remove, bytes }: LoadedFields): KeptSnapshot | undefined {
    if (known !== undefined) {
      const replaced = [...remove, ...put.map(([field]) => field)].map((field) => entityAt(known.snapshot, field));
      // The text that an entity was read from: entities are written like this.
      const replacedBytes = replaced.reduce((sum, entity) => sum + (entity === undefined ? 0 : Buffer.byteLength(JSON.stringify(entity))), 0);
      const snapshot = changedSnapshot(known.snapshot, revision, put, remove);
      return snapshot === undefined ? undefined : { snapshot, bytes: known.bytes + bytes - replacedBytes };
    }
    if (put.length === 0) return undefined;
    const accountRecord = entityField('account', accountId);
    if (!put.some(([field]) => field === accountRecord)) throw new TamperedRecordError(entityPlace(accountId, accountRecord));
    return { snapshot: snapshotOf(accountId, revision, put, provided), bytes };
  }

  async function readState(accountId: string, subjects: readonly EpochSubject[]): Promise<EndOfSessions & { revision: string | undefined }> {
    const [revision, before, ...values] = await reach(() => redis.hmget(names.accountState(accountId), 'rev', boundariesField, ...subjects));
    const found = { epochs: epochsOf(subjects, values), boundaries: boundariesOf(before) };
    if (revision === undefined || revision === null) ends.forget(accountId);
    else ends.remember(accountId, found);
    return { revision: revision ?? undefined, ...found };
  }

  const strict: AccountReads = {
    async accountOfAccessKey(accessKeyId, fresh) {
      const known = hints.get(accessKeyId);
      if (known !== undefined && !fresh) return { accountId: known, remembered: true };
      const accountId = (await reach(() => redis.get(names.accessKeyHint(accessKeyId)))) ?? undefined;
      if (accountId === undefined) {
        hints.delete(accessKeyId);
        return undefined;
      }
      hints.set(accessKeyId, accountId);
      return { accountId, remembered: false };
    },

    async read(accountId, subjects) {
      const kept = snapshots.get(accountId);
      const wanted = kept === undefined ? [] : subjects(kept.snapshot);
      const { revision, epochs, boundaries } = await readState(accountId, wanted);
      if (revision === undefined) return undefined;
      if (kept?.snapshot.revision === revision) return { snapshot: kept.snapshot, epochs, boundaries };
      // Strict enough, however fast the account goes on changing: what was acknowledged before this read is in it.
      const loaded = await loadAt(revision, accountId, wanted);
      if (loaded === undefined) return undefined;
      // What is wanted depends on the content; the commit holds the epochs to what they were when they were read.
      const others = subjects(loaded.snapshot).filter((subject) => !loaded.epochs.has(subject));
      const more = others.length === 0 ? [] : (await readState(accountId, others)).epochs;
      return { snapshot: loaded.snapshot, epochs: new Map([...loaded.epochs, ...more]), boundaries: loaded.boundaries };
    },

    async readEpochs(accountId, subjects) {
      const { revision, epochs, boundaries } = await readState(accountId, subjects);
      // An account that is gone took its epochs along: what descends from it has outlived them all.
      return { boundaries, epochs: revision === undefined ? new Map(subjects.map((subject) => [subject, Number.MAX_SAFE_INTEGER])) : epochs };
    },
  };

  const remembered: AccountReads = {
    // Without a look-up: what is not known yet is asked for once, by the strict attempt.
    accountOfAccessKey(accessKeyId) {
      const accountId = hints.get(accessKeyId);
      return Promise.resolve(accountId === undefined ? undefined : { accountId, remembered: true });
    },
    async read(accountId, subjects) {
      const kept = snapshots.get(accountId);
      const found = kept === undefined ? undefined : ends.of(accountId, subjects(kept.snapshot));
      return kept === undefined || found === undefined ? strict.read(accountId, subjects) : { snapshot: kept.snapshot, ...found };
    },
    readEpochs: async (accountId, subjects) => ends.of(accountId, subjects) ?? strict.readEpochs(accountId, subjects),
  };

  async function accountRecord(accountId: string): Promise<Account | undefined> {
    const field = entityField('account', accountId);
    const record = await reach(() => redis.hget(names.accountEntities(accountId), field));
    if (record === null) return undefined;
    // The field is of this kind.
    return parseEntity(field, openRecord(keyring['record-authentication'], entityPlace(accountId, field), record)) as Account;
  }
  const byName = accountNames(redis, accountRecord);

  return {
    ...strict,
    remembered,

    async hasEndedMany(accountId, subject, since, most) {
      const key = names.ended(accountId);
      // Reading all is for those alone who have many.
      if ((await reach(() => redis.hlen(key))) < most) return false;
      const ended = await livingEnded(redis, names, accountId, since);
      return ended === undefined || (ended.length >= most && !ended.some((each) => each.subject === subject));
    },

    accountRecord,
    candidatesOfName: (name) => byName.candidates(name),

    async wasUsed(accountId) {
      // Not whether there is a state: epochs alone may have been written again into a Redis that was emptied.
      return (await reach(() => redis.hexists(names.accountState(accountId), 'rev'))) === 1;
    },

    async lastUse(accountId, accessKeyId) {
      const time = await reach(() => redis.hget(names.keyUses(accountId), accessKeyId));
      return time === null ? undefined : Number(time);
    },

    accountIds: async () => (await accountIds(redis)).filter((id) => id !== systemAccountId).sort(),

    async isEmpty() {
      // Every bootstrap writes the system account along with the others.
      return (await reach(() => redis.exists(names.accountState(systemAccountId)))) === 0;
    },
  };
}
