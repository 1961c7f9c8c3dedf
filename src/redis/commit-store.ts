// Commits of decided calls: one script, one round trip, all or nothing.
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import type { Random } from '../base/clock.js';
import type { AuditEvent } from '../audit/event.js';
import { encodeEvent } from '../audit/record.js';
import type { Keyring } from '../keyring/keyring.js';
import { authenticateRecord } from '../keyring/authenticate.js';
import { encodeSession } from '../sessions/record.js';
import type { Session } from '../sessions/session.js';
import type { Commit, CommitResult, CommitStore, Guard, KeyUse } from '../sts/commit.js';
import { claimAccessKey, claimsOf, type Claim } from './access-keys.js';
import { accountsKey, type KeyNames } from './cells.js';
import { addChange, type ChangeTools } from './change-steps.js';
import { reach, runScript } from './client.js';
import { addStep, commitScript, keyNumber, noSteps, type Steps } from './scripts/commit.js';

/** Records and index pages outlive their sessions by this much: clocks differ, and recent sessions stay visible. */
const graceSeconds = 900;
const longestSessionSeconds = 43_200;
/** A signature is good from 15 minutes before its date to 15 minutes after. */
const signatureInputSeconds = 1860;

/** How exact the last use of an access key is told, which is also how seldom a process writes it. */
const keyUseSeconds = 60;
const rememberedKeyUses = 100_000;

const results: ReadonlyMap<unknown, CommitResult> = new Map<unknown, CommitResult>([
  ['ok', 'committed'], ['G', 'conflict'], ['A', 'conflict'], ['M', 'conflict'], ['H', 'conflict'], ['T', 'mfa-step-used'], ['R', 'replayed'],
]);

export function commitStore(redis: Redis, names: KeyNames, keyring: Keyring, random: Random): CommitStore {
  const keyUses = new LRUCache<string, number>({ max: rememberedKeyUses });
  const isNews = ({ accessKeyId, usedAt }: KeyUse): boolean => usedAt >= (keyUses.get(accessKeyId) ?? 0) + keyUseSeconds;

  return {
    async commit(commit) {
      const { changes = [], keyUse } = commit;
      const claims = claimsOf(changes);
      const written = keyUse !== undefined && isNews(keyUse) ? keyUse : undefined;
      const answer = await reach(async () => {
        await prepareChanges(redis, names, commit, claims);
        const steps = stepsOf(commit, claims, written, { names, keyring, random });
        return runScript(redis, commitScript, steps.keys, steps.values);
      });
      const result = results.get(answer);
      if (result === undefined) throw new Error(`the commit script answered \`${String(answer)}\``);
      if (result === 'committed' && written !== undefined) keyUses.set(written.accessKeyId, written.usedAt);
      return result;
    },
  };
}

/** What must stand before the script runs; what a conflict leaves of it hurts nobody. */
async function prepareChanges(redis: Redis, names: KeyNames, { changes = [] }: Commit, claims: readonly Claim[]): Promise<void> {
  // Whoever needs such a key takes an orphaned claim over.
  await Promise.all(claims.map((claim) => claimAccessKey(redis, names, claim)));
  // An account that is listed may not exist (yet), but none exists without being listed.
  const created = changes.filter(({ expectedRevision }) => expectedRevision === undefined);
  if (created.length > 0) await redis.sadd(accountsKey, ...created.map(({ accountId }) => accountId));
}

function stepsOf(commit: Commit, claims: readonly Claim[], keyUse: KeyUse | undefined, tools: ChangeTools): Steps {
  const { names, keyring } = tools;
  const steps = noSteps();
  for (const guard of commit.guards) addGuard(steps, guard, commit.isPatient === true, names);
  for (const sessionId of commit.unmarkedSessions) addStep(steps, 'M', names.mark(sessionId));
  for (const { accessKeyId, accountId } of claims) addStep(steps, 'H', names.accessKeyHint(accessKeyId), accountId);
  // Written before the rest: a stream that does not take the event stops the script before there is anything else.
  for (const event of commit.events) addEvent(steps, event, names);
  if (commit.signatureInput !== undefined) addStep(steps, 'R', names.signatureInput(commit.callerAccountId, commit.signatureInput), signatureInputSeconds);
  if (commit.mfaStep !== undefined) addStep(steps, 'T', names.mfaSteps(commit.mfaStep.accountId), commit.mfaStep.serialNumber, commit.mfaStep.step);
  if (commit.session !== undefined) addSession(steps, commit.session, commit.callerAccountId, names, keyring);
  // Before the changes: a key that removes itself leaves nothing behind.
  if (keyUse !== undefined) addStep(steps, 'P', names.keyUses(keyUse.accountId), 1, keyUse.accessKeyId, keyUse.usedAt);
  for (const change of commit.changes ?? []) addChange(steps, change, tools);
  return steps;
}

function addGuard(steps: Steps, { accountId, revision, epochs, standsOn }: Guard, isPatient: boolean, names: KeyNames): void {
  const state = names.accountState(accountId);
  const relied = isPatient && revision !== undefined ? standsOn?.() : undefined;
  if (revision !== undefined && relied !== undefined) addStep(steps, 'A', state, keyNumber(steps, names.accountChanges(accountId)), revision, relied.length, ...relied);
  const fields = [...(revision === undefined || relied !== undefined ? [] : ['rev', revision]), ...epochs.flat()];
  if (fields.length > 0) addStep(steps, 'G', state, fields.length / 2, ...fields);
}

function addSession(steps: Steps, session: Session, callerAccountId: string, names: KeyNames, keyring: Keyring): void {
  const { sessionId, accountId, issuedAt, expiresAt } = session;
  const record = authenticateRecord(keyring['record-authentication'], sessionPlace(sessionId), encodeSession(session));
  // A span and no point in time: the clock of the Redis server need not be ours.
  addStep(steps, 'S', names.session(sessionId), record, expiresAt - issuedAt + graceSeconds);
  for (const id of new Set([accountId, callerAccountId])) {
    addStep(steps, 'I', names.sessionIndex(id), sessionId, longestSessionSeconds + graceSeconds);
  }
}

/** Adds an audit event to the stream of its account's cell. */
function addEvent(steps: Steps, event: AuditEvent, names: KeyNames): void {
  addStep(steps, 'E', names.audit(names.cellOfAccount(event.accountId)), encodeEvent(event));
}

export const sessionPlace = (sessionId: string): readonly string[] => ['session', sessionId];
