// ListSessions: the sessions that the account is a party to, newest first; live ones from the index, ended ones from the audit.
import type { z } from 'zod';
import { seconds } from '../../base/clock.js';
import type { Ground, Result } from '../../iam/account-call.js';
import type { Session } from '../../sessions/session.js';
import { statusOf, type SessionStatus } from '../../sessions/view.js';
import { isParty } from '../party.js';
import type { listSessionsAnswer, SessionSummary } from './answers.js';
import { sessionIdsIn, statusOfGone } from './gone.js';
import { isWanted, type ListSessionsQuery } from './filters.js';
import { openMarker, sealMarker, type MarkerScope } from './marker.js';
import { readEndings } from './read-endings.js';
import { seenInEvent, seenInRecord, summaryOf, type SeenSession } from './seen-session.js';

/** Sessions, or places of the audit, that one request looks at: a page can end before it is full. */
const mostLookedAt = 1000;
const lookedAtTogether = 128;

interface Page {
  readonly sessions: readonly SessionSummary[];
  /** Where the next page goes on; undefined: nothing is left. */
  readonly next: unknown;
}

export async function listSessions(ground: Ground, { query }: { readonly query: ListSessionsQuery }): Promise<Result<z.infer<typeof listSessionsAnswer>>> {
  const { services: { keyring }, account: { accountId } } = ground;
  const { limit, marker, ...filters } = query;
  const scope: MarkerScope = { accountId, list: ['sessions', filters] };
  const from = openMarker(keyring, scope, marker);
  // The scope holds the state: a number was sealed for live sessions, the id of an event for ended ones.
  const { sessions, next } = query.state === 'live' ? await livePage(ground, query, from as number | undefined) : await endedPage(ground, query, from as string | undefined);
  return { body: { sessions: [...sessions], page_info: { current_count: sessions.length, ...(next !== undefined && { next_marker: sealMarker(keyring, scope, next) }) } } };
}

async function livePage({ services, account: { accountId }, call }: Ground, query: ListSessionsQuery, from: number | undefined): Promise<Page> {
  const { sessionIndex } = services;
  const sessions: SessionSummary[] = [];
  let place = from;
  for (let lookedAt = 0; lookedAt < mostLookedAt; ) {
    const entries = await sessionIndex.ofAccount(accountId, place, Math.min(lookedAtTogether, mostLookedAt - lookedAt));
    if (entries.length === 0) return { sessions, next: undefined };
    lookedAt += entries.length;
    const records = await sessionIndex.records(entries.map(({ sessionId }) => sessionId));
    // The index only says where to look: whose a session is, its record says.
    const wanted = [...records.values()].filter((session) => isParty(session, accountId) && isWanted(seenInRecord(session), query));
    const alive = await withStatus(services, wanted, seconds(call.now), (status) => status === 'active');
    for (const entry of entries) {
      place = entry.place;
      const found = alive.get(entry.sessionId);
      if (found !== undefined) sessions.push(summaryOf(seenInRecord(found.session), found.status));
      if (sessions.length === query.limit) return { sessions, next: place };
    }
  }
  return { sessions, next: place };
}

async function withStatus(services: Ground['services'], sessions: readonly Session[], now: number, isAsked: (status: SessionStatus) => boolean): Promise<ReadonlyMap<string, { session: Session; status: SessionStatus }>> {
  const endings = await readEndings(services, sessions);
  return new Map(sessions.map((session) => [session.sessionId, { session, status: statusOf(session, endings, now) }] as const).filter(([, { status }]) => isAsked(status)));
}

async function endedPage({ services, account: { accountId }, call }: Ground, query: ListSessionsQuery, from: string | undefined): Promise<Page> {
  const { events, next } = await services.audit.newestFirst(accountId, from, mostLookedAt);
  const issued = events.flatMap(({ id, event }) => {
    const seen = event.status === 200 ? seenInEvent(event) : undefined;
    return seen !== undefined && isWanted(seen, query) ? [{ id, seen }] : [];
  });
  const sessions: SessionSummary[] = [];
  for (let at = 0; at < issued.length; at += lookedAtTogether) {
    const part = issued.slice(at, at + lookedAtTogether);
    const ended = await endedOf(services, part.map(({ seen }) => seen), seconds(call.now));
    for (const { id, seen } of part) {
      const summary = ended.get(seen.sessionId);
      if (summary !== undefined) sessions.push(summary);
      if (sessions.length === query.limit) return { sessions, next: id };
    }
  }
  return { sessions, next };
}

/** Those of the sessions that have ended. Of one without a record only marks can be told any more. */
async function endedOf(services: Ground['services'], seen: readonly SeenSession[], now: number): Promise<ReadonlyMap<string, SessionSummary>> {
  const { sessionIndex } = services;
  const records = await sessionIndex.records(seen.map(({ sessionId }) => sessionId));
  const ended = await withStatus(services, [...records.values()], now, (status) => status !== 'active');
  const gone = seen.filter(({ sessionId }) => !records.has(sessionId));
  const marked = await sessionIndex.marked(gone.flatMap(sessionIdsIn));
  return new Map([
    ...Array.from(ended, ([id, { session, status }]) => [id, summaryOf(seenInRecord(session), status)] as const),
    ...gone.map((session) => [session.sessionId, summaryOf(session, statusOfGone(session, marked))] as const),
  ]);
}
