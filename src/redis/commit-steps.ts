// What a commit asks of storage, step by step: its checks, its events, and all that it writes.
import { eventEncoder } from '../audit/record.js';
import type { Keyring } from '../keyring/keyring.js';
import { authenticateRecord } from '../keyring/authenticate.js';
import type { KeyLife } from '../keyring/living-keyring.js';
import { graceSeconds, longestSessionSeconds, markSeconds } from '../sessions/lifetime.js';
import { encodeSession } from '../sessions/record.js';
import { encodeRevocationNote } from '../sessions/revocation-note.js';
import type { Session } from '../sessions/session.js';
import type { Commit, Guard, KeyUse, Revocation, SessionUse } from '../sts/commit.js';
import type { Claim } from './access-keys.js';
import { boundariesField, boundariesOf, withBoundary } from './boundaries.js';
import type { CellWatch } from './cell-watch.js';
import type { KeyNames } from './cells.js';
import { addChange, addRaise, type ChangeTools } from './change-steps.js';
import { bitOffset, endedBoundary } from './ended.js';
import { addStep, type Steps } from './steps.js';

export interface CommitTools extends ChangeTools {
  readonly cells: CellWatch;
  /** Of a ring whose keys come and go. */
  readonly keyLife?: KeyLife;
}

/** A signature is good from 15 minutes before its date to 15 minutes after. */
const signatureInputSeconds = 1860;

/** What a process adds to a commit: what it claims, the keys it was decided with, and the uses that are news. */
export interface CommitAdditions {
  readonly claims: readonly Claim[];
  readonly keyGeneration: number;
  readonly keyUses: readonly KeyUse[];
  readonly sessionUses: readonly SessionUse[];
}

export function stepsOf(commit: Commit, { claims, keyGeneration, keyUses, sessionUses }: CommitAdditions, tools: CommitTools, mostUnsealedEvents: number): Steps {
  const { names, keyring } = tools;
  const { session, presentSessions = [] } = commit;
  const steps: Steps = [];
  addCells(steps, commit, keyGeneration, tools);
  for (const guard of commit.guards) addGuard(steps, guard, commit.isPatient === true, names);
  for (const sessionId of commit.unmarkedSessions) addStep(steps, 'M', names.mark(sessionId));
  for (const sessionId of presentSessions) addStep(steps, 'B', names.session(sessionId));
  for (const { accessKeyId, accountId } of claims) addStep(steps, 'H', names.accessKeyHint(accessKeyId), accountId);
  // Written before the rest: a stream that does not take the event stops the script before there is anything else.
  const most = mostUnsealedEvents + (commit.revocations === undefined && commit.changes === undefined ? 0 : reserveOf(mostUnsealedEvents));
  const encode = eventEncoder();
  for (const event of commit.events) addEvent(steps, event.accountId, encode(event), tools, most);
  if (commit.signatureInput !== undefined) addStep(steps, 'R', names.signatureInput(commit.callerAccountId, commit.signatureInput), signatureInputSeconds);
  if (commit.mfaStep !== undefined) addStep(steps, 'T', names.mfaSteps(commit.mfaStep.accountId), commit.mfaStep.serialNumber, commit.mfaStep.step);
  if (session !== undefined) addSession(steps, session, commit.callerAccountId, names, keyring);
  // Before the changes: a key that removes itself leaves nothing behind.
  for (const { accountId, accessKeyId, usedAt } of keyUses) addStep(steps, 'P', names.keyUses(accountId), 1, accessKeyId, usedAt);
  for (const use of sessionUses) addSessionUse(steps, use, names);
  for (const revocation of commit.revocations ?? []) addRevocation(steps, revocation, tools);
  for (const change of commit.changes ?? []) addChange(steps, change, tools);
  return steps;
}

/** Whoever has filled the log with calls must not keep others from revoking what he calls with, or from switching it off [choice]. */
const reserveOf = (mostUnsealedEvents: number): number => Math.ceil(mostUnsealedEvents / 8);

/**
 * INVARIANT: nothing is decided on a cell that stands before what this process has seen of it, nor with keys of which
 * the cell knows that others took their place.
 */
function addCells(steps: Steps, commit: Commit, keyGeneration: number, { names, cells }: CommitTools): void {
  for (const cell of cellsOf(commit, names)) {
    const { incarnation, sequence } = cells.known(cell);
    addStep(steps, 'N', names.cellState(cell), incarnation, sequence, keyGeneration);
  }
}

/** The cells that a commit reads or writes, each once. */
export function cellsOf({ guards, events, unmarkedSessions, revocations, changes }: Commit, names: KeyNames): readonly number[] {
  const cells: number[] = [];
  const add = (cell: number): void => {
    if (!cells.includes(cell)) cells.push(cell);
  };
  // Plain loops and few cells: it is asked twice in each call.
  for (const { accountId } of guards) add(names.cellOfAccount(accountId));
  for (const { accountId } of events) add(names.cellOfAccount(accountId));
  if (changes !== undefined) for (const { accountId } of changes) add(names.cellOfAccount(accountId));
  for (const sessionId of unmarkedSessions) add(names.cellOfSession(sessionId));
  if (revocations !== undefined) for (const revocation of revocations) add(revocation.kind === 'mark' ? names.cellOfSession(revocation.sessionId) : names.cellOfAccount(revocation.accountId));
  return cells;
}

function addGuard(steps: Steps, { accountId, revision, epochs, boundaries, standsOn }: Guard, isPatient: boolean, names: KeyNames): void {
  const key = names.accountState(accountId);
  const relied = isPatient && revision !== undefined ? standsOn?.() : undefined;
  if (revision !== undefined && relied !== undefined) addStep(steps, 'A', key, { key: names.accountChanges(accountId) }, revision, relied.length, ...relied);
  const values: (string | number)[] = revision === undefined || relied !== undefined ? [1 + epochs.length, boundariesField, boundaries] : [2 + epochs.length, 'rev', revision, boundariesField, boundaries];
  for (const [subject, epoch] of epochs) values.push(subject, epoch);
  steps.push({ letter: 'G', key, values });
}

function addSession(steps: Steps, session: Session, callerAccountId: string, names: KeyNames, keyring: Keyring): void {
  const { sessionId, accountId, issuedAt, expiresAt } = session;
  const record = authenticateRecord(keyring['record-authentication'], sessionPlace(sessionId), encodeSession(session));
  // A span and no point in time: the clock of the Redis server need not be ours.
  addStep(steps, 'S', names.session(sessionId), record, expiresAt - issuedAt + graceSeconds);
  addStep(steps, 'I', names.sessionIndex(accountId), sessionId, longestSessionSeconds + graceSeconds);
  if (callerAccountId !== accountId) addStep(steps, 'I', names.sessionIndex(callerAccountId), sessionId, longestSessionSeconds + graceSeconds);
  // As long as a session lives its ancestors are known: they can be shown, and revoked.
  for (const link of session.chain) if (link.kind === 'session') addStep(steps, 'L', names.session(link.sessionId), expiresAt - issuedAt + graceSeconds);
  const parent = session.chain.at(-1);
  if (parent?.kind === 'session') addStep(steps, 'I', names.sessionChildren(parent.sessionId), sessionId, longestSessionSeconds + graceSeconds);
}

function addSessionUse(steps: Steps, { session, usedAt, sourceIp }: SessionUse, names: KeyNames): void {
  const left = session.expiresAt - usedAt + graceSeconds;
  if (left > 0) addStep(steps, 'W', names.sessionUse(session.sessionId), `${usedAt} ${sourceIp}`, left);
}

function addRevocation(steps: Steps, revocation: Revocation, tools: CommitTools): void {
  const { names, keyring } = tools;
  switch (revocation.kind) {
    case 'mark': {
      const { sessionId, note, status } = revocation;
      addStep(steps, 'K', names.mark(sessionId), authenticateRecord(keyring['record-authentication'], markPlace(sessionId), encodeRevocationNote(note)), markSeconds);
      addStep(steps, 'Y', names.statusBits(status.list), bitOffset(status.index), markSeconds);
      break;
    }
    case 'epoch':
      addRaise(steps, revocation.accountId, revocation.subject, tools);
      break;
    case 'boundary': {
      const { accountId, boundaries, subject, issuedBefore, revokedAt } = revocation;
      const state = names.accountState(accountId);
      addStep(steps, 'G', state, 1, boundariesField, boundaries.text);
      const text = withBoundary(boundaries, subject, issuedBefore, revokedAt - markSeconds);
      addStep(steps, 'P', state, 1, boundariesField, text);
      addStep(steps, 'P', names.ended(accountId), 1, ...endedBoundary(subject, boundariesOf(text).of.get(subject) ?? issuedBefore, revokedAt));
    }
  }
}

/** Adds an audit event to the stream of its account's cell. */
function addEvent(steps: Steps, accountId: string, encoded: string, { names, keyring }: CommitTools, most: number): void {
  const cell = names.cellOfAccount(accountId);
  const record = authenticateRecord(keyring['record-authentication'], eventPlace(cell), encoded);
  steps.push({ letter: 'E', key: names.audit(cell), values: [{ key: names.cellState(cell) }, record, most], result: { kind: 'event', cell } });
}

export const sessionPlace = (sessionId: string): readonly string[] => ['session', sessionId];
export const markPlace = (sessionId: string): readonly string[] => ['mark', sessionId];
export const eventPlace = (cell: number): readonly string[] => ['event', String(cell)];
