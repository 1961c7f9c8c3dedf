// Fills a Redis with live sessions of a two-account hop: the bytes that as many calls would leave, in a fraction of their time.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { authenticateRecord } from '../../src/keyring/authenticate.js';
import { sessionPlace } from '../../src/redis/commit-steps.js';
import { indexPageSize } from '../../src/redis/scripts/commit.js';
import type { Composition } from '../../src/service/composition.js';
import { graceSeconds, longestSessionSeconds } from '../../src/sessions/lifetime.js';
import { encodeSession } from '../../src/sessions/record.js';
import type { Session } from '../../src/sessions/session.js';
import { alice, callerAccount, targetAccount } from './world.js';

/** As long as they may live: none of them ends while it is measured beside. */
const lifetime = 3600;

/** Through a connection of its own that takes no replies; what arrived is counted at the end. */
export async function fillWithSessions(composition: Composition, socketPath: string, count: number): Promise<void> {
  const { redis, names, keyring, services } = composition;
  if (!(redis instanceof Redis)) throw new Error('one server is filled');
  const first = await exampleSession(composition);
  const before = await redis.dbsize();
  // Synced once at the end: nobody waits for any of these writes alone.
  await redis.config('SET', 'appendfsync', 'no');
  await redis.config('SET', 'auto-aof-rewrite-percentage', '0');
  const indexes = await Promise.all([callerAccount, targetAccount].map(async (accountId) => ({ key: names.sessionIndex(accountId), start: Number((await redis.get(names.sessionIndex(accountId))) ?? 0) })));
  const socket = connect(socketPath);
  await once(socket, 'connect');
  socket.resume();
  socket.write(commandText('CLIENT', 'REPLY', 'OFF'));
  let ids: string[] = [];
  let text = '';
  for (let made = 0; made < count; made += 1) {
    const session: Session = { ...first, sessionId: services.sessionIds.newSessionId(targetAccount), agencySessionName: `live-${made.toString(36).padStart(8, '0')}`, status: await services.sessionIds.nextStatusIndex(targetAccount) };
    const record = authenticateRecord(keyring['record-authentication'], sessionPlace(session.sessionId), encodeSession(session));
    text += commandText('SET', names.session(session.sessionId), record, 'EX', lifetime + graceSeconds);
    ids.push(session.sessionId);
    const isLast = made + 1 === count;
    if (!isLast && ids.length < indexPageSize) continue;
    for (const { key, start } of indexes) text += indexText(key, start + made + 1 - ids.length, ids);
    ids = [];
    if (!socket.write(text)) await once(socket, 'drain');
    text = '';
  }
  for (const { key, start } of indexes) text += commandText('SET', key, start + count, 'EX', longestSessionSeconds + graceSeconds);
  const answered = once(socket, 'data');
  socket.write(`${text}${commandText('CLIENT', 'REPLY', 'ON')}`);
  await answered;
  socket.destroy();
  // Rewritten once now, lest it happens while something is measured.
  await redis.bgrewriteaof();
  while (/aof_rewrite_(?:in_progress|scheduled):1/.test(await redis.info('persistence'))) await sleep(100);
  await redis.config('SET', 'auto-aof-rewrite-percentage', '100');
  await redis.config('SET', 'appendfsync', 'always');
  const added = (await redis.dbsize()) - before;
  if (added < count) throw new Error(`only ${added} keys of ${count} sessions arrived in Redis`);
}

/** A session as the service would issue it to alice. */
async function exampleSession({ services }: Composition): Promise<Session> {
  const [target, caller] = await Promise.all([targetAccount, callerAccount].map((accountId) => services.directory.read(accountId, () => [])));
  const agency = target?.snapshot.agencies.named('deployer');
  const owner = caller?.snapshot.accessKeys.get(alice.accessKeyId)?.owner;
  if (agency === undefined || owner === undefined) throw new Error('the accounts are not there');
  const issuedAt = Math.floor(services.clock.now() / 1000);
  const principal = `iam::${callerAccount}:user:alice`;
  return {
    sessionId: '', accountId: targetAccount, agencyId: agency.agencyId, agencyName: agency.agencyName, agencyPath: 'ops/', agencySessionName: '', issuedAt, expiresAt: issuedAt + lifetime, chainStartedAt: issuedAt,
    assumedBy: principal, rootPrincipal: principal,
    chain: [{ kind: 'key', accessKeyId: alice.accessKeyId, accountId: callerAccount, ownerId: owner.id, ownerKind: 'user', epochs: { account: 0, owner: 0, key: 0 } }],
    tags: [], sourceIdentity: undefined, mfaAuthenticatedAt: undefined, sessionPolicy: undefined, sessionPolicyIds: [], isNarrowed: false,
    secretKeyId: services.keyring['session-secrets'].active.id, status: { list: '', index: 0 }, epochs: { account: 0, agency: 0 },
  };
}

/** Sessions in a row, each in the page of its place. */
function indexText(key: string, start: number, ids: readonly string[]): string {
  const pages = new Map<string, (string | number)[]>();
  ids.forEach((id, offset) => {
    const page = `${key}:${Math.floor((start + offset) / indexPageSize)}`;
    const members = pages.get(page) ?? [];
    pages.set(page, members);
    members.push(start + offset, id);
  });
  return [...pages].map(([page, members]) => commandText('ZADD', page, ...members) + commandText('EXPIRE', page, longestSessionSeconds + graceSeconds)).join('');
}

function commandText(...parts: readonly (string | number)[]): string {
  let text = `*${parts.length}\r\n`;
  for (const part of parts) text += `$${Buffer.byteLength(String(part))}\r\n${part}\r\n`;
  return text;
}
