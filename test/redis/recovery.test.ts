// Revocations outlive a Redis that went back: emptied, restored from a backup, without its newest writes.
import { decodeJwt } from 'jose';
import supertest from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemAccountId } from '../../src/directory/entities.js';
import { readCell } from '../../src/redis/cell-watch.js';
import { decodeEvent } from '../../src/audit/record.js';
import { openRecord } from '../../src/keyring/authenticate.js';
import { eventPlace } from '../../src/redis/commit-steps.js';
import type { Composition } from '../../src/service/composition.js';
import { isMarked, readEpochListClaim, readStatusListClaim, subjectDigest } from '../../src/status/index.js';
import { accountHandle } from '../../src/sts/account-handle.js';
import { accountA, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { backUp, restore, revocationOf, revoke, settled, type Kind } from './recovery-support.js';
import { anyPlace } from '../support/status.js';
import { startPeer, startRawRedis, type Peer, type RawRedis } from './support.js';

let raw: RawRedis;
let service: TestService;
let peer: Peer;
beforeAll(async () => {
  raw = await startRawRedis(['appendonly', 'yes'], ['appendfsync', 'always']);
  service = await startService(accounts, { STS_REDIS_URL: raw.url });
  peer = await startPeer(service, raw.url);
});
afterAll(async () => {
  await peer.stop();
  await service.stop();
  await raw.stop();
});

/** Both processes are at work and see the same. */
beforeEach(async () => {
  // Behind the boundaries of earlier tests.
  service.clock.advance(10);
  expect(await settled(() => service.identity(keys.alice))).toBe(200);
  expect(await settled(() => peer.identity(keys.alice))).toBe(200);
});

const assume = (agencyUrn: string, name: string): Promise<Credentials> => service.session(keys.alice, { agency_urn: agencyUrn, agency_session_name: name });
const cell = (): number => service.composition.names.cellOfAccount(accountA);

interface Incident {
  readonly revoked: Credentials;
  readonly alive: Credentials;
}

/** Two sessions of before the backup, of which one is revoked after it. */
async function incident(kind: Kind, lose: (copy: string) => Promise<unknown>): Promise<Incident> {
  const revoked = await assume(agencies.first, 'revoked');
  const alive = await assume(agencies.second, 'alive');
  const agencyId = (await service.composition.services.sessions.find(revoked.accessKeyId))?.agencyId ?? '';
  const copy = await backUp(raw);
  expect(await settled(() => service.identity(revoked))).toBe(200);
  const revocation = await revocationOf(service.composition, kind, revoked.accessKeyId, accountA, `agency:${agencyId}`);
  expect(await revoke(service.composition, accountA, [revocation])).toMatchObject({ result: 'committed' });
  expect((await service.identity(revoked)).status).toBe(401);
  await lose(copy);
  return { revoked, alive };
}

/** Whether the lists for offline verifiers show what {@link incident} revoked. */
async function isPublished({ publishedStatus, keyring, services }: Composition, kind: Kind, { accessKeyId }: Credentials): Promise<boolean> {
  service.clock.advance(1);
  if (kind === 'mark') {
    const { list, index } = anyPlace(accessKeyId);
    return isMarked(readStatusListClaim(decodeJwt((await publishedStatus.statusList(list)) ?? '')['status_list']) ?? new Uint8Array(), index) === true;
  }
  const handle = accountHandle(keyring['record-authentication'].active, accountA);
  const epochs = readEpochListClaim(decodeJwt((await publishedStatus.epochList(accountA, handle)) ?? '')['epoch_list']);
  const agencyId = (await services.sessions.find(accessKeyId))?.agencyId ?? '';
  const digest = subjectDigest(handle, `agency:${agencyId}`);
  return (kind === 'epoch' ? epochs?.epochs : epochs?.boundaries)?.has(digest) === true;
}

const eventsOfCell = async (): Promise<readonly (readonly [number, string])[]> => {
  const { names, keyring } = service.composition;
  return (await raw.redis.xrange(names.audit(cell()), '-', '+')).map(([id, [, record = '']]) =>
    [Number(id.slice(2)), decodeEvent(openRecord(keyring['record-authentication'], eventPlace(cell()), record)).operation]);
};

describe.each<[Kind]>([['mark'], ['epoch'], ['boundary']])('a revocation by %s', (kind) => {
  it('outlives a backup that is put back: no process accepts the session again, and all others go on', async () => {
    const { revoked, alive } = await incident(kind, (copy) => restore(raw, copy));
    // The process that took the revocation is not the first one to see the new state.
    expect(await settled(() => peer.identity(revoked))).toBe(401);
    expect(await settled(() => service.identity(revoked))).toBe(401);
    expect(await settled(() => service.identity(alive))).toBe(200);
    expect(await settled(() => peer.identity(alive))).toBe(200);
  });

  it('is published again after a backup was put back', async () => {
    const { revoked } = await incident(kind, (copy) => restore(raw, copy));
    for (const process of [service, peer]) {
      expect(await settled(() => process.identity(revoked))).toBe(401);
      expect(await isPublished(process.composition, kind, revoked)).toBe(true);
    }
  });

  it('outlives a backup under a process that is started afterwards and knows nothing', async () => {
    const { revoked, alive } = await incident(kind, (copy) => restore(raw, copy));
    const later = await startPeer(service, raw.url);
    expect(await settled(() => later.identity(revoked))).toBe(401);
    expect(await settled(() => later.identity(alive))).toBe(200);
    await later.stop();
  });
});

it('every number that was given out has one event afterwards, and the cell another incarnation', async () => {
  const before = await readCell(raw.redis, service.composition.names, cell());
  const copy = await backUp(raw);
  const lost: string[] = [];
  for (let call = 0; call < 5; call += 1) {
    const answer = await settledAnswer();
    lost.push(answer);
  }
  const newest = Number(lost.at(-1)?.split('-')[1]);
  await restore(raw, copy);
  expect(await settled(() => service.identity(keys.alice))).toBe(200);

  const events = await eventsOfCell();
  const first = events[0]?.[0] ?? 0;
  expect(events.map(([number]) => number)).toEqual(events.map((_, index) => first + index));
  const named = new Map(events);
  expect(lost.map((id) => named.get(Number(id.split('-')[1])))).toEqual(lost.map(() => 'AuditEventsLost'));
  expect(named.get(newest + 1)).toBe('RevocationsReplayed');
  const after = await readCell(raw.redis, service.composition.names, cell());
  expect(after.incarnation).not.toBe(before.incarnation);
  expect(after.sequence).toBeGreaterThan(newest);
  expect(service.logged.filter(({ fields }) => 'alarm' in fields && fields.alarm === true && 'cell' in fields && fields.cell === cell()).length).toBeGreaterThan(0);
});

/** The id of the event of a call that was answered. */
async function settledAnswer(): Promise<string> {
  await settled(() => service.identity(keys.alice));
  return (await service.identity(keys.alice)).headers['x-audit-event-id'] ?? '';
}

it('while a cell is behind every call on it is refused with 503, and /readyz says why', async () => {
  const revoked = await assume(agencies.first, 'waits');
  const copy = await backUp(raw);
  await settled(() => service.identity(revoked));
  await revoke(service.composition, accountA, [await revocationOf(service.composition, 'mark', revoked.accessKeyId, accountA, 'account')]);
  const { names } = service.composition;
  // Somebody is at it, and takes long.
  const lock = names.recoveryLock(cell());
  await raw.kill();
  await restore(raw, copy);
  await raw.redis.set(lock, 'of another process');

  for (const process of [service, peer]) {
    await expect.poll(async () => (await process.identity(revoked)).body.error_code, { timeout: 5000 }).toBe('STS5.1505');
    for (const credentials of [revoked, keys.alice, keys.carol]) {
      const { status, body, headers } = await process.identity(credentials);
      expect([status, body.error_code, body.account_id, headers['retry-after']]).toEqual([503, 'STS5.1505', undefined, '1']);
    }
    const { status, body } = await process.assume(keys.alice, { agency_urn: agencies.first, agency_session_name: 'no' });
    expect([status, body.credentials]).toEqual([503, undefined]);
  }
  await expect.poll(async () => {
    const answer = await supertest(peer.server).get('/readyz');
    return `${answer.status} ${answer.text}`;
  }, { timeout: 5000 }).toMatch(/^503 .*put back to an earlier one/);

  await raw.redis.del(lock);
  expect(await settled(() => peer.identity(revoked))).toBe(401);
  expect(await settled(() => service.identity(keys.alice))).toBe(200);
  await expect.poll(async () => (await supertest(peer.server).get('/readyz')).status, { timeout: 5000 }).toBe(200);
});

it('several processes that find it at once recover it once, and none hands out a number twice', async () => {
  const copy = await backUp(raw);
  for (let call = 0; call < 4; call += 1) await settled(() => peer.identity(keys.alice));
  await restore(raw, copy);
  const statuses = await Promise.all([service, peer, service, peer].map((process) => settled(() => process.identity(keys.alice))));
  expect(statuses).toEqual([200, 200, 200, 200]);
  const numbers = (await eventsOfCell()).map(([number]) => number);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers.at(-1)).toBe((await readCell(raw.redis, service.composition.names, cell())).sequence);
});

it('an emptied Redis serves nobody, and holds all revocations again as soon as it holds anything', async () => {
  const { redis } = raw;
  const session = await assume(agencies.first, 'emptied');
  const record = await redis.dumpBuffer(service.composition.names.session(session.accessKeyId));
  const state = await redis.hgetall(service.composition.names.accountState(accountA));
  const entities = await redis.hgetall(service.composition.names.accountEntities(accountA));
  await revoke(service.composition, accountA, [await revocationOf(service.composition, 'mark', session.accessKeyId, accountA, 'account')]);
  const copy = await backUp(raw);
  await settled(() => peer.identity(keys.alice));

  // Over connections that stay.
  await redis.flushall();
  for (const process of [service, peer]) expect((await process.identity(session)).status).not.toBe(200);
  expect(await settled(() => service.identity(session))).toBe(401);
  // Somebody puts the account and the session back, and not the mark.
  await redis.restore(service.composition.names.session(session.accessKeyId), 0, record);
  await redis.hset(service.composition.names.accountState(accountA), state);
  await redis.hset(service.composition.names.accountEntities(accountA), entities);
  expect(await settled(() => service.identity(keys.alice))).toBe(200);
  for (const process of [service, peer]) expect(await settled(() => process.identity(session))).toBe(401);
  await restore(raw, copy);
  for (const process of [service, peer]) expect(await settled(() => process.identity(keys.alice))).toBe(200);
});

it('events of a recovery belong to the system account', async () => {
  const { names, keyring } = service.composition;
  const copy = await backUp(raw);
  await settled(() => service.identity(keys.alice));
  await restore(raw, copy);
  await settled(() => service.identity(keys.alice));
  const records = (await raw.redis.xrevrange(names.audit(cell()), '+', '-', 'COUNT', 10)).map(([, [, record = '']]) => decodeEvent(openRecord(keyring['record-authentication'], eventPlace(cell()), record)));
  const replayed = records.find(({ operation }) => operation === 'RevocationsReplayed');
  expect(replayed).toMatchObject({ accountId: systemAccountId, request: { cell: cell() } });
  expect(Object.keys(replayed?.request ?? {}).sort()).toEqual(['cell', 'lost_events', 'replayed']);
});

it('what is revoked on one of two primaries is dead on the other one as soon as a process there looks', async () => {
  const session = await assume(agencies.first, 'parted');
  const copy = await backUp(raw);
  const parted = await startRawRedis(['appendonly', 'yes'], ['appendfsync', 'always']);
  await restore(parted, copy);
  const apart = await startPeer(service, parted.url);
  try {
    expect(await settled(() => apart.identity(session))).toBe(200);
    await apart.composition.durability.look();
    await settled(() => service.identity(session));
    await revoke(service.composition, accountA, [await revocationOf(service.composition, 'mark', session.accessKeyId, accountA, 'account')]);
    await apart.composition.durability.look();
    expect(await settled(() => apart.identity(session))).toBe(401);
  } finally {
    await apart.stop();
    await parted.stop();
  }
});

it('a server that was told another history over the same connection is checked again', async () => {
  const session = await assume(agencies.first, 'history');
  await revoke(service.composition, accountA, [await revocationOf(service.composition, 'mark', session.accessKeyId, accountA, 'account')]);
  await raw.redis.del(service.composition.names.mark(session.accessKeyId));
  // No connection ends by this.
  await raw.redis.replicaof('127.0.0.1', 1);
  await raw.redis.replicaof('NO', 'ONE');
  await peer.composition.durability.look();
  expect(await settled(() => peer.identity(session))).toBe(401);
});
