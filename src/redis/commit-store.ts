// Commits of decided calls: one script, one round trip, all or nothing.
import type { Redis } from 'ioredis';
import type { AuditEvent } from '../audit/event.js';
import { encodeEvent } from '../audit/record.js';
import type { Keyring } from '../keyring/keyring.js';
import { authenticateRecord } from '../keyring/authenticate.js';
import { encodeSession } from '../sessions/record.js';
import type { Session } from '../sessions/session.js';
import type { Commit, CommitResult, CommitStore, Guard } from '../sts/commit.js';
import type { KeyNames } from './cells.js';
import { reach, runScript } from './client.js';
import { addStep, commitScript, noSteps, type Steps } from './scripts/commit.js';

/** Records and index pages outlive their sessions by this much: clocks differ, and recent sessions stay visible. */
const graceSeconds = 900;
const longestSessionSeconds = 43_200;
/** A signature is good from 15 minutes before its date to 15 minutes after. */
const signatureInputSeconds = 1860;

const results: ReadonlyMap<unknown, CommitResult> = new Map<unknown, CommitResult>([
  ['ok', 'committed'], ['G', 'conflict'], ['M', 'conflict'], ['T', 'mfa-step-used'], ['R', 'replayed'],
]);

export function commitStore(redis: Redis, names: KeyNames, keyring: Keyring): CommitStore {
  return {
    async commit(commit) {
      const steps = stepsOf(commit, names, keyring);
      const answer = await reach(() => runScript(redis, commitScript, steps.keys, steps.values));
      const result = results.get(answer);
      if (result === undefined) throw new Error(`the commit script answered \`${String(answer)}\``);
      return result;
    },
  };
}

function stepsOf(commit: Commit, names: KeyNames, keyring: Keyring): Steps {
  const steps = noSteps();
  for (const guard of commit.guards) addGuard(steps, guard, names);
  for (const sessionId of commit.unmarkedSessions) addStep(steps, 'M', names.mark(sessionId));
  // Written before the session: a stream that does not take the event stops the script before there is a session.
  for (const event of commit.events) addEvent(steps, event, names);
  if (commit.signatureInput !== undefined) addStep(steps, 'R', names.signatureInput(commit.callerAccountId, commit.signatureInput), signatureInputSeconds);
  if (commit.mfaStep !== undefined) addStep(steps, 'T', names.mfaSteps(commit.mfaStep.accountId), commit.mfaStep.serialNumber, commit.mfaStep.step);
  if (commit.session !== undefined) addSession(steps, commit.session, commit.callerAccountId, names, keyring);
  return steps;
}

function addGuard(steps: Steps, { accountId, revision, epochs }: Guard, names: KeyNames): void {
  const fields = [...(revision === undefined ? [] : ['rev', revision]), ...epochs.flat()];
  if (fields.length > 0) addStep(steps, 'G', names.accountState(accountId), fields.length / 2, ...fields);
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
export function addEvent(steps: Steps, event: AuditEvent, names: KeyNames): void {
  addStep(steps, 'E', names.audit(names.cellOfAccount(event.accountId)), encodeEvent(event));
}

export const sessionPlace = (sessionId: string): readonly string[] => ['session', sessionId];
