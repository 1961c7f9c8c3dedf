// The operations on sessions that the commands call, and lists followed over their pages.
import { getSessionAnswer, listDescendantsAnswer, listSessionsAnswer, type Descendant, type SessionDetails, type SessionSummary } from '../oversight/sessions/answers.js';
import { callService, type Call } from './call.js';
import { usageError } from './command-error.js';
import type { Connection } from './connection.js';
import type { CommandIo } from './io.js';
import { quote } from './text.js';

/** The largest page there is. */
const mostPerPage = 200;

export interface Reached<Item> {
  readonly items: readonly Item[];
  /** Whether the list goes on behind the limit, as far as is known. */
  readonly goesOn: boolean;
}

interface Connected {
  readonly connection: Connection;
  readonly io: CommandIo;
}

/** @param query members by name; those without a value are left out */
export async function* listedSessions({ connection, io }: Connected, query: Readonly<Record<string, string | undefined>>, limit: number): AsyncGenerator<SessionSummary> {
  let left = limit;
  let marker: string | undefined;
  do {
    const page = { ...query, limit: String(Math.min(left, mostPerPage)), marker };
    const { sessions, page_info: info } = await callService(connection, { method: 'GET', path: `/v1/sessions?${queryText(page)}`, answer: listSessionsAnswer }, io.now());
    yield* sessions;
    left -= sessions.length;
    marker = info.next_marker;
  } while (marker !== undefined && left > 0);
}

export async function shownSession({ connection, io }: Connected, sessionId: string): Promise<SessionDetails> {
  const call: Call<{ session: SessionDetails }> = { method: 'GET', path: sessionPath(sessionId), answer: getSessionAnswer };
  return (await callService(connection, call, io.now())).session;
}

/** Breadth first. */
export async function descendantsOf({ connection, io }: Connected, sessionId: string, limit: number): Promise<Reached<Descendant>> {
  const items: Descendant[] = [];
  let marker: string | undefined;
  do {
    const query = queryText({ limit: String(Math.min(limit - items.length, mostPerPage)), marker });
    const { descendants, page_info: info } = await callService(connection, { method: 'GET', path: `${sessionPath(sessionId)}/descendants?${query}`, answer: listDescendantsAnswer }, io.now());
    items.push(...descendants);
    marker = info.next_marker;
  } while (marker !== undefined && items.length < limit);
  return { items, goesOn: marker !== undefined };
}

function sessionPath(sessionId: string): string {
  // It stands in the path.
  if (!/^[A-Za-z0-9]{1,40}$/.test(sessionId)) throw usageError(`${quote(sessionId)} is no session id`);
  return `/v1/sessions/${sessionId}`;
}

const queryText = (members: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`])).join('&');

/** @throws the usage error of an option `--limit` that is no whole number from 1 on */
export function limitOf(text: string): number {
  const limit = Number(text);
  if (!Number.isSafeInteger(limit) || limit < 1) throw usageError(`\`--limit\` must be a whole number from 1, not ${quote(text)}`);
  return limit;
}
