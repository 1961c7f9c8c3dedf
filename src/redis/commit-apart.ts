// A commit on a cluster, where one script reaches one cell: the other cells' parts first, and last the one that makes it count.
import { Cluster } from 'ioredis';
import type { AccountChange } from '../directory/store.js';
import type { Commit } from '../sts/commit.js';
import type { KeyNames } from './cells.js';
import type { RedisConnection } from './client.js';
import type { CommitTools } from './commit-steps.js';
import { addOutcome, addPending, forgetPending, settlePending, type Waiting } from './pending.js';
import { checkSteps, runSteps, type Ran } from './run-steps.js';
import { cellTagOf, type Letter, type Step, type Steps } from './steps.js';

/** Steps that write nothing. */
const checkLetters: ReadonlySet<Letter> = new Set<Letter>(['N', 'G', 'A', 'M', 'B', 'H']);
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
  const homeCell = homeOf(commit, tools.names);
  const home = parts.find(({ cell }) => cell === homeCell) ?? only;
  const others = parts.filter((part) => part !== home && isWriting(part));
  const dispensable = parts.filter((part) => part !== home && !isWriting(part) && part.steps.some(({ letter }) => dispensableLetters.has(letter)));

  const asked = others.length === 0 ? parts.filter((part) => part !== home) : parts;
  const verdicts = await Promise.all(asked.map((part) => checkSteps(redis, part.steps)));
  const refusal = verdicts.find((verdict) => verdict !== 'ok');
  if (refusal !== undefined) return { verdict: refusal, numbers: [] };

  const waiting: Waiting = { requestId: commit.events[0]?.requestId ?? '', homeCell: home.cell, since: commit.events[0]?.time ?? 0 };
  if (others.length > 0) addOutcome(home.steps, waiting, tools.names);
  for (const { cell, steps: own } of others) addPending(own, cell, waiting, commit.events, tools);
  const numbers = new Map<Step, number>();
  const written: Part[] = [];
  for (const part of [...others, home]) {
    const ran = await runSteps(redis, part.steps);
    if (ran.verdict !== 'ok') {
      await Promise.all(written.map(({ cell }) => settlePending(redis, tools, { cell, requestId: waiting.requestId }, mostUnsealedEvents)));
      return written.length === 0 ? ran : { verdict: 'void', numbers: [] };
    }
    part.steps.filter(hasResult).forEach((step, at) => numbers.set(step, ran.numbers[at] ?? 0));
    written.push(part);
  }
  // Not waited for: what is left of it is found to be done, or not needed.
  const loose = [forgetPending(redis, tools.names, waiting, others.map(({ cell }) => cell)), ...dispensable.map((part) => runSteps(redis, part.steps))];
  for (const work of loose) work.catch(() => undefined);
  return { verdict: 'ok', numbers: steps.filter(hasResult).map((step) => numbers.get(step) ?? 0) };
}

const hasResult = ({ result }: Step): boolean => result !== undefined;

const isWriting = ({ steps }: Part): boolean => steps.some(({ letter }) => !checkLetters.has(letter) && !dispensableLetters.has(letter));

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

/**
 * The cell in which the call has its effect; without one, that of the caller's event. INVARIANT: an effect is in one
 * cell. What another cell gets besides is told of a call that may have none.
 */
function homeOf({ session, revocations = [], changes = [], events, callerAccountId }: Commit, names: KeyNames): string {
  const effects = [
    ...(session === undefined ? [] : [names.session(session.sessionId)]),
    ...revocations.map((revocation) => (revocation.kind === 'mark' ? names.mark(revocation.sessionId) : names.accountState(revocation.accountId))),
    ...changes.map(({ accountId }) => names.accountState(accountId)),
  ].map(cellTagOf);
  const [home = cellTagOf(names.accountState(events[0]?.accountId ?? callerAccountId))] = effects;
  if (effects.some((cell) => cell !== home)) throw new Error('on a cluster one commit cannot have effects in several cells');
  return home;
}

/** Fields of entities in one commit, unless one account alone has more: all are arguments of its script, which holds Redis up for as long as it runs. */
const mostFieldsOfOneCommit = 20_000;

/**
 * What one commit may change of these changes, commit by commit: all of it up to {@link mostFieldsOfOneCommit}, on a
 * cluster those of one cell. The last change is in the last commit.
 */
export function changesOfOneCommit(redis: RedisConnection, changes: readonly AccountChange[], names: KeyNames): readonly (readonly AccountChange[])[] {
  return (redis instanceof Cluster ? changesByCell(changes, names) : [changes]).flatMap(inParts);
}

function inParts(changes: readonly AccountChange[]): readonly (readonly AccountChange[])[] {
  const parts: AccountChange[][] = [];
  let room = 0;
  for (const change of changes) {
    const fields = change.put.length + change.remove.length;
    const last = parts.at(-1);
    if (last === undefined || fields > room) {
      parts.push([change]);
      room = mostFieldsOfOneCommit - fields;
    } else {
      last.push(change);
      room -= fields;
    }
  }
  return parts;
}

function changesByCell(changes: readonly AccountChange[], names: KeyNames): readonly (readonly AccountChange[])[] {
  const groups = new Map<number, AccountChange[]>();
  // From the end on: the group of the last change is the first one here, and the last one at the end.
  for (const change of [...changes].reverse()) {
    const cell = names.cellOfAccount(change.accountId);
    groups.set(cell, [change, ...(groups.get(cell) ?? [])]);
  }
  return [...groups.values()].reverse();
}
