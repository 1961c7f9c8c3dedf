// Commits of decided calls: one script, one round trip, all or nothing.
import { LRUCache } from 'lru-cache';
import { ApiError } from '../base/api-error.js';
import type { AuditEvent } from '../audit/event.js';
import { encodeEvent } from '../audit/record.js';
import type { Keyring } from '../keyring/keyring.js';
import { authenticateRecord } from '../keyring/authenticate.js';
import { encodeSession } from '../sessions/record.js';
import { encodeRevocationNote } from '../sessions/revocation-note.js';
import type { Session } from '../sessions/session.js';
import type { Commit, CommitResult, CommitStore, Committed, Ending, Guard, Revocation, SessionUse } from '../sts/commit.js';
import { claimAccessKey, claimsOf, type Claim } from './access-keys.js';
import { boundariesField, withBoundary } from './boundaries.js';
import type { CellWatch } from './cell-watch.js';
import { accountsKey, type KeyNames } from './cells.js';
import { addChange, addRaise, type ChangeTools } from './change-steps.js';
import { reach, runScript, type RedisConnection } from './client.js';
import { addStep, commitScript, keyNumber, noSteps, type Result, type Steps } from './scripts/commit.js';

export interface CommitTools extends ChangeTools {
  readonly cells: CellWatch;
}

/** Records and index pages outlive their sessions by this much: clocks differ, and recent sessions stay visible. */
const graceSeconds = 900;
const longestSessionSeconds = 43_200;
/** The largest `STS_MAX_CHAIN_AGE`. */
const longestChainSeconds = 604_800;
/** A signature is good from 15 minutes before its date to 15 minutes after. */
const signatureInputSeconds = 1860;

/** Of the longest chain there can be: what descends from a revoked session is dead as long as it could live. */
const markSeconds = longestChainSeconds + longestSessionSeconds + graceSeconds;

/** How exact the last use of a key or a session is told, which is also how seldom a process writes it. */
const useSeconds = 60;
const rememberedUseCount = 100_000;

const refusals: ReadonlyMap<unknown, CommitResult> = new Map<unknown, CommitResult>([
  ...['G', 'A', 'M', 'H'].map((letter) => [letter, { result: 'conflict' }] as const), ['T', { result: 'mfa-step-used' }], ['R', { result: 'replayed' }],
]);

export interface CommitStoreOptions {
  /** Events that may wait in a cell for being sealed. */
  readonly mostUnsealedEvents: number;
}

export function commitStore(redis: RedisConnection, tools: CommitTools, { mostUnsealedEvents }: CommitStoreOptions): CommitStore {
  const { names, cells } = tools;
  const keyUses = rememberedUses();
  const sessionUses = rememberedUses();

  return {
    async commit(commit) {
      const { changes = [] } = commit;
      const claims = claimsOf(changes);
      const keyUse = commit.keyUse !== undefined && keyUses.isNews(commit.keyUse.accessKeyId, commit.keyUse.usedAt) ? commit.keyUse : undefined;
      const sessionUse = commit.sessionUse !== undefined && sessionUses.isNews(commit.sessionUse.session.sessionId, commit.sessionUse.usedAt) ? commit.sessionUse : undefined;
      const { results, answer } = await reach(async () => {
        await prepareChanges(redis, names, commit, claims);
        const steps = stepsOf({ ...commit, keyUse, sessionUse }, claims, tools, mostUnsealedEvents);
        return { results: steps.results, answer: await runScript(redis, commitScript, steps.keys, steps.values) };
      });
      // The script answers an array.
      const [verdict, ...numbers] = answer as readonly unknown[];
      if (verdict !== 'ok') return refusal(verdict);
      if (keyUse !== undefined) keyUses.remember(keyUse.accessKeyId, keyUse.usedAt);
      if (sessionUse !== undefined) sessionUses.remember(sessionUse.session.sessionId, sessionUse.usedAt);
      return committed(commit, results, numbers.map(Number), cells);
    },
  };
}

function refusal(verdict: unknown): CommitResult {
  const result = refusals.get(verdict);
  if (result !== undefined) return result;
  if (verdict === 'N') throw new ApiError('cellWentBack', 'the state of this service was put back to an earlier one: it is being made safe; try again');
  if (verdict === 'E') throw new ApiError('auditLogFull', 'the audit log takes no more events: nothing is done that could not be recorded; try again');
  throw new Error(`the commit script answered \`${String(verdict)}\``);
}

function committed({ revocations = [] }: Commit, results: readonly Result[], numbers: readonly number[], cells: CellWatch): Committed {
  const eventIds: string[] = [];
  const endings: Ending[] = revocations.flatMap((revocation) => (revocation.kind === 'epoch' ? [] : [revocation]));
  results.forEach((result, index) => {
    const number = numbers[index] ?? 0;
    if (result.kind === 'epoch') endings.push({ ...result, epoch: number });
    else {
      cells.saw(result.cell, number);
      eventIds.push(`${result.cell}-${number}`);
    }
  });
  return { result: 'committed', eventIds, endings };
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
  // An account that is listed may not exist (yet), but none exists without being listed.
  const created = changes.filter(({ expectedRevision }) => expectedRevision === undefined);
  if (created.length > 0) await redis.sadd(accountsKey, ...created.map(({ accountId }) => accountId));
}

function stepsOf(commit: Commit, claims: readonly Claim[], tools: CommitTools, mostUnsealedEvents: number): Steps {
  const { names, keyring } = tools;
  const { session, sessionUse, keyUse } = commit;
  const steps = noSteps();
  addCells(steps, commit, tools);
  for (const guard of commit.guards) addGuard(steps, guard, commit.isPatient === true, names);
  for (const sessionId of commit.unmarkedSessions) addStep(steps, 'M', names.mark(sessionId));
  for (const { accessKeyId, accountId } of claims) addStep(steps, 'H', names.accessKeyHint(accessKeyId), accountId);
  // Written before the rest: a stream that does not take the event stops the script before there is anything else.
  for (const event of commit.events) addEvent(steps, event, tools, mostUnsealedEvents);
  if (commit.signatureInput !== undefined) addStep(steps, 'R', names.signatureInput(commit.callerAccountId, commit.signatureInput), signatureInputSeconds);
  if (commit.mfaStep !== undefined) addStep(steps, 'T', names.mfaSteps(commit.mfaStep.accountId), commit.mfaStep.serialNumber, commit.mfaStep.step);
  if (session !== undefined) addSession(steps, session, commit.callerAccountId, names, keyring);
  // Before the changes: a key that removes itself leaves nothing behind.
  if (keyUse !== undefined) addStep(steps, 'P', names.keyUses(keyUse.accountId), 1, keyUse.accessKeyId, keyUse.usedAt);
  if (sessionUse !== undefined) addSessionUse(steps, sessionUse, names);
  for (const revocation of commit.revocations ?? []) addRevocation(steps, revocation, tools);
  for (const change of commit.changes ?? []) addChange(steps, change, tools);
  return steps;
}

/** INVARIANT: nothing is decided on a cell that stands before what this process has seen of it. */
function addCells(steps: Steps, { guards, events, unmarkedSessions, revocations = [], changes = [] }: Commit, { names, cells }: CommitTools): void {
  const accountIds = [...guards, ...events, ...changes, ...revocations.flatMap((revocation) => (revocation.kind === 'mark' ? [] : [revocation]))].map(({ accountId }) => accountId);
  const sessionIds = [...unmarkedSessions, ...revocations.flatMap((revocation) => (revocation.kind === 'mark' ? [revocation.sessionId] : []))];
  for (const cell of new Set([...accountIds.map((id) => names.cellOfAccount(id)), ...sessionIds.map((id) => names.cellOfSession(id))])) {
    const { incarnation, sequence } = cells.known(cell);
    addStep(steps, 'N', names.cellState(cell), incarnation, sequence);
  }
}

function addGuard(steps: Steps, { accountId, revision, epochs, boundaries, standsOn }: Guard, isPatient: boolean, names: KeyNames): void {
  const state = names.accountState(accountId);
  const relied = isPatient && revision !== undefined ? standsOn?.() : undefined;
  if (revision !== undefined && relied !== undefined) addStep(steps, 'A', state, keyNumber(steps, names.accountChanges(accountId)), revision, relied.length, ...relied);
  const fields = [...(revision === undefined || relied !== undefined ? [] : ['rev', revision]), boundariesField, boundaries, ...epochs.flat()];
  addStep(steps, 'G', state, fields.length / 2, ...fields);
}

function addSession(steps: Steps, session: Session, callerAccountId: string, names: KeyNames, keyring: Keyring): void {
  const { sessionId, accountId, issuedAt, expiresAt } = session;
  const record = authenticateRecord(keyring['record-authentication'], sessionPlace(sessionId), encodeSession(session));
  // A span and no point in time: the clock of the Redis server need not be ours.
  addStep(steps, 'S', names.session(sessionId), record, expiresAt - issuedAt + graceSeconds);
  for (const id of new Set([accountId, callerAccountId])) {
    addStep(steps, 'I', names.sessionIndex(id), sessionId, longestSessionSeconds + graceSeconds);
  }
  // As long as a session lives its ancestors are known: they can be shown, and revoked.
  for (const link of session.chain) if (link.kind === 'session') addStep(steps, 'L', names.session(link.sessionId), expiresAt - issuedAt + graceSeconds);
  const parent = session.chain.at(-1);
  if (parent?.kind === 'session') addStep(steps, 'I', names.sessionChildren(parent.sessionId), sessionId, longestSessionSeconds + graceSeconds);
}

function addSessionUse(steps: Steps, { session, usedAt, sourceIp }: SessionUse, names: KeyNames): void {
  const left = session.expiresAt - usedAt + graceSeconds;
  if (left > 0) addStep(steps, 'W', names.sessionUse(session.sessionId), `${usedAt} ${sourceIp}`, left);
}

function addRevocation(steps: Steps, revocation: Revocation, { names, keyring }: CommitTools): void {
  switch (revocation.kind) {
    case 'mark': {
      const { sessionId, note } = revocation;
      addStep(steps, 'K', names.mark(sessionId), authenticateRecord(keyring['record-authentication'], markPlace(sessionId), encodeRevocationNote(note)), markSeconds);
      break;
    }
    case 'epoch':
      addRaise(steps, revocation.accountId, revocation.subject, names);
      break;
    case 'boundary': {
      const { accountId, boundaries, subject, issuedBefore } = revocation;
      const state = names.accountState(accountId);
      addStep(steps, 'G', state, 1, boundariesField, boundaries.text);
      addStep(steps, 'P', state, 1, boundariesField, withBoundary(boundaries, subject, issuedBefore, issuedBefore - markSeconds));
    }
  }
}

/** Adds an audit event to the stream of its account's cell. */
function addEvent(steps: Steps, event: AuditEvent, { names, keyring }: CommitTools, most: number): void {
  const cell = names.cellOfAccount(event.accountId);
  const record = authenticateRecord(keyring['record-authentication'], eventPlace(cell), encodeEvent(event));
  addStep(steps, 'E', names.audit(cell), keyNumber(steps, names.cellState(cell)), record, most);
  steps.results.push({ kind: 'event', cell });
}

export const sessionPlace = (sessionId: string): readonly string[] => ['session', sessionId];
export const markPlace = (sessionId: string): readonly string[] => ['mark', sessionId];
export const eventPlace = (cell: number): readonly string[] => ['event', String(cell)];
