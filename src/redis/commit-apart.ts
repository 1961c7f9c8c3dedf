// A commit on a cluster, where one script reaches one cell: the other cells' parts first, and last the one that makes it count.
import { encodeEvent } from '../audit/record.js';
import type { AuditEvent } from '../audit/event.js';
import { authenticateRecord } from '../keyring/authenticate.js';
import type { Commit } from '../sts/commit.js';
import type { KeyNames } from './cells.js';
import type { RedisConnection } from './client.js';
import type { CommitTools } from './commit-steps.js';
import { encodePending, outcomeSeconds, pendingPlace, settlePending } from './pending.js';
import { checkSteps, runSteps, type Ran } from './run-steps.js';
import { addStep, type Letter, type Step, type Steps } from './steps.js';

/** Steps that write nothing. */
const checkLetters: ReadonlySet<Letter> = new Set<Letter>(['N', 'G', 'A', 'M', 'H']);
/** Steps whose loss hurts nobody: a claim is taken over, an ancestor's record is known for a shorter time. */
const dispensableLetters: ReadonlySet<Letter> = new Set<Letter>(['L', 'X']);

interface Part {
  readonly cell: string;
  readonly steps: Steps;
}

/**
 * What another cell decides is asked first, so that a part is rarely written for nothing. A part that was, by a conflict
 * or a crash in between, is found in its cell's list and its events are declared void: {@link settlePending}.
 * INVARIANT: what counts (the session, the change, the revocation) is written last, when all events are durable, and
 * not at all once the other parts were declared void.
 */
export async function commitApart(redis: RedisConnection, steps: Steps, commit: Commit, tools: CommitTools, mostUnsealedEvents: number): Promise<Ran> {
  const parts = partsOf(steps);
  const [only] = parts;
  if (only === undefined || parts.length === 1) return runSteps(redis, steps);
  const isWriting = ({ steps: own }: Part): boolean => own.some(({ letter }) => !checkLetters.has(letter) && !dispensableLetters.has(letter));
  const home = parts.find(({ cell }) => cell === homeOf(commit, tools.names)) ?? only;
  const others = parts.filter((part) => part !== home && isWriting(part));
  const dispensable = parts.filter((part) => part !== home && !isWriting(part) && part.steps.some(({ letter }) => dispensableLetters.has(letter)));

  const asked = others.length === 0 ? parts.filter((part) => part !== home) : parts;
  const verdicts = await Promise.all(asked.map((part) => checkSteps(redis, part.steps)));
  const refusal = verdicts.find((verdict) => verdict !== 'ok');
  if (refusal !== undefined) return { verdict: refusal, numbers: new Map() };

  const numbers = new Map<Step, number>();
  const written: Part[] = [];
  const pending = { requestId: commit.events[0]?.requestId ?? '', homeCell: home.cell };
  if (others.length > 0) addOutcome(home.steps, pending.requestId, tools.names);
  for (const part of [...others, home]) {
    if (part !== home) addPending(part, commit, pending, tools);
    const ran = await runSteps(redis, part.steps);
    if (ran.verdict !== 'ok') {
      await Promise.all(written.map(({ cell }) => settlePending(redis, tools, { cell, requestId: pending.requestId }, mostUnsealedEvents)));
      return written.length === 0 ? ran : { verdict: 'void', numbers };
    }
    for (const [step, number] of ran.numbers) numbers.set(step, number);
    written.push(part);
  }
  // Not waited for: what is left of it is found to be done, or not needed.
  const loose = [...others.map(({ cell }) => redis.hdel(tools.names.pending(cell), pending.requestId)), ...dispensable.map((part) => runSteps(redis, part.steps))];
  for (const work of loose) work.catch(() => undefined);
  return { verdict: 'ok', numbers };
}

/** Steps by the hash tag of their keys, in their order. */
function partsOf(steps: Steps): readonly Part[] {
  const parts = new Map<string, Steps>();
  for (const step of steps) {
    const cell = cellTagOf(step.key);
    const part = parts.get(cell) ?? [];
    parts.set(cell, part);
    part.push(step);
  }
  return [...parts].map(([cell, own]) => ({ cell, steps: own }));
}

const cellTagOf = (key: string): string => key.slice(0, key.indexOf('}') + 1);

/** The cell in which the call has its effect; without one, that of the caller's event. */
function homeOf({ session, revocations = [], changes = [], events, callerAccountId }: Commit, names: KeyNames): string {
  const [revocation] = revocations;
  if (session !== undefined) return cellTagOf(names.audit(names.cellOfAccount(session.accountId)));
  if (revocation?.kind === 'mark') return cellTagOf(names.mark(revocation.sessionId));
  const accountId = revocation?.accountId ?? changes.at(-1)?.accountId ?? events[0]?.accountId ?? callerAccountId;
  return cellTagOf(names.accountState(accountId));
}

/** Whoever finds a part of the commit learns here whether it came to its end, or sees to it that it never does. */
function addOutcome(steps: Steps, requestId: string, names: KeyNames): void {
  const key = names.outcome(cellTagOf(steps[0]?.key ?? ''), requestId);
  steps.unshift({ letter: 'M', key, values: [] });
  addStep(steps, 'W', key, 'done', outcomeSeconds);
}

function addPending({ cell, steps }: Part, { events }: Commit, { requestId, homeCell }: { readonly requestId: string; readonly homeCell: string }, { names, keyring }: CommitTools): void {
  const own = events.filter(({ accountId }) => cellTagOf(names.accountState(accountId)) === cell);
  const content = encodePending({ homeCell, since: events[0]?.time ?? 0, voidEvents: own.map((event) => encodeEvent(voided(event))) });
  addStep(steps, 'P', names.pending(cell), 1, requestId, authenticateRecord(keyring['record-authentication'], pendingPlace(cell, requestId), content));
}

/** What is told of a call whose event stands, although it had no effect. */
function voided({ issuedSession: _issued, ...event }: AuditEvent): AuditEvent {
  return { ...event, status: 503, errorCode: 'STS5.1504', decision: 'void: the event with this request id that stands before tells of a call that had no effect' };
}
