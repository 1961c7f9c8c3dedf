// Commits of decided calls: all or nothing, in one script and one round trip where one script reaches everything.
import { Cluster } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { ApiError } from '../base/api-error.js';
import type { Commit, CommitResult, CommitStore, Committed, Ending, Revocation } from '../sts/commit.js';
import { claimAccessKey, claimsOf, type Claim } from './access-keys.js';
import type { CellWatch } from './cell-watch.js';
import { indexNames } from './account-names.js';
import { accountsKey, type KeyNames } from './cells.js';
import { reach, type RedisConnection } from './client.js';
import { commitApart } from './commit-apart.js';
import { stepsOf, type CommitTools } from './commit-steps.js';
import { stepsRunner, type Ran } from './run-steps.js';
import { anyKeys, type Steps } from './steps.js';

/** How exact the last use of a key or a session is told, which is also how seldom a process writes it. */
const useSeconds = 60;
const rememberedUseCount = 100_000;

const refusals: ReadonlyMap<unknown, CommitResult> = new Map<unknown, CommitResult>([
  ...['G', 'A', 'M', 'B', 'H'].map((letter) => [letter, { result: 'conflict' }] as const), ['T', { result: 'mfa-step-used' }], ['R', { result: 'replayed' }],
]);

/** Nothing was written: the call was decided with keys of which others took the place. */
const outdatedKeys = 'O';

export interface CommitStoreOptions {
  /** Events that may wait in a cell for being sealed. */
  readonly mostUnsealedEvents: number;
}

export function commitStore(redis: RedisConnection, tools: CommitTools, { mostUnsealedEvents }: CommitStoreOptions): CommitStore {
  const { names, cells } = tools;
  const knownKeyUses = rememberedUses();
  const knownSessionUses = rememberedUses();
  const run = redis instanceof Cluster ? undefined : stepsRunner(redis);

  return {
    async commit(commit) {
      const { changes = [], keyGeneration = tools.keyLife?.generation() ?? anyKeys } = commit;
      const claims = claimsOf(changes);
      const keyUses = commit.keyUses?.filter(({ accessKeyId, usedAt }) => knownKeyUses.isNews(accessKeyId, usedAt)) ?? [];
      const sessionUses = commit.sessionUses?.filter(({ session, usedAt }) => knownSessionUses.isNews(session.sessionId, usedAt)) ?? [];
      const steps = stepsOf(commit, { claims, keyGeneration, keyUses, sessionUses }, tools, mostUnsealedEvents);
      if (changes.length > 0) await reach(() => prepareChanges(redis, names, commit, claims));
      const ran = await reach(() => (run === undefined ? commitApart(redis, steps, commit, tools, mostUnsealedEvents) : run(steps)));
      if (ran.verdict === outdatedKeys) {
        // Another call of this process may have found that out, and have looked.
        if (tools.keyLife !== undefined && tools.keyLife.generation() <= keyGeneration) await tools.keyLife.lookAgain();
        return { result: 'conflict' };
      }
      if (ran.verdict !== 'ok') return refusal(ran.verdict);
      for (const { accessKeyId, usedAt } of keyUses) knownKeyUses.remember(accessKeyId, usedAt);
      for (const { session, usedAt } of sessionUses) knownSessionUses.remember(session.sessionId, usedAt);
      return committed(commit, steps, ran, cells);
    },
  };
}

function refusal(verdict: unknown): CommitResult {
  const result = refusals.get(verdict);
  if (result !== undefined) return result;
  if (verdict === 'void') throw new ApiError('tooManyConflicts', 'the accounts concerned changed while the call was carried out; it had no effect, try again');
  if (verdict === 'N') throw new ApiError('cellWentBack', 'the state of this service was put back to an earlier one: it is being made safe; try again');
  if (verdict === 'E') throw new ApiError('auditLogFull', 'the audit log takes no more events: nothing is done that could not be recorded; try again');
  throw new Error(`the commit script answered \`${String(verdict)}\``);
}

function committed({ revocations = [] }: Commit, steps: Steps, { numbers }: Ran, cells: CellWatch): Committed {
  const eventIds: string[] = [];
  const endings: Ending[] = revocations.flatMap(endingOf);
  let at = 0;
  for (const { result } of steps) {
    if (result === undefined) continue;
    const number = numbers[at] ?? 0;
    at += 1;
    if (result.kind === 'epoch') endings.push({ ...result, epoch: number });
    else {
      cells.saw(result.cell, number);
      eventIds.push(`${result.cell}-${number}`);
    }
  }
  return { result: 'committed', eventIds, endings };
}

/** Of an epoch the script tells the value. */
function endingOf(revocation: Revocation): readonly Ending[] {
  if (revocation.kind !== 'boundary') return revocation.kind === 'mark' ? [revocation] : [];
  const { kind, accountId, subject, issuedBefore } = revocation;
  return [{ kind, accountId, subject, issuedBefore }];
}

/** Of things that are in use all the time only the minutes are written. */
function rememberedUses(): { isNews(id: string, usedAt: number): boolean; remember(id: string, usedAt: number): void } {
  const uses = new LRUCache<string, number>({ max: rememberedUseCount });
  return { isNews: (id, usedAt) => usedAt >= (uses.get(id) ?? 0) + useSeconds, remember: (id, usedAt) => void uses.set(id, usedAt) };
}

/** What must stand before the script runs; what a conflict leaves of it hurts nobody. */
async function prepareChanges(redis: RedisConnection, names: KeyNames, { changes = [] }: Commit, claims: readonly Claim[]): Promise<void> {
  // Whoever needs such a key takes an orphaned claim over.
  await Promise.all(claims.map((claim) => claimAccessKey(redis, names, claim)));
  await indexNames(redis, changes);
  // An account that is listed may not exist (yet), but none exists without being listed.
  const created = changes.filter(({ expectedRevision }) => expectedRevision === undefined);
  if (created.length > 0) await redis.sadd(accountsKey, ...created.map(({ accountId }) => accountId));
}

