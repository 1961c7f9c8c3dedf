// A revocation or a change is answered when it is on the replicas and, what ends sessions, in the journal; before that it is a 503.
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import supertest from 'supertest';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Revocation } from '../../src/sts/commit.js';
import { accountA, accounts, agencies, keys } from '../support/accounts.js';
import { freePorts } from '../support/redis-process.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { backUp, restore, revocationOf, revoke, settled } from './recovery-support.js';
import { startPeer, startRawRedis, type Peer, type RawRedis } from './support.js';

let raw: RawRedis;
let port: string;
let service: TestService;
let waiting: Peer;
beforeAll(async () => {
  const [free] = await freePorts(1);
  port = String(free);
  raw = await startRawRedis(['appendonly', 'yes'], ['appendfsync', 'always'], ['port', port], ['repl-diskless-sync-delay', '0']);
  service = await startService(accounts, { STS_REDIS_URL: raw.url });
  waiting = await startPeer(service, raw.url, { STS_REDIS_WAIT_REPLICAS: '1' });
});
afterAll(async () => {
  await waiting.stop();
  await service.stop();
  await raw.stop();
});

const assume = (name: string): Promise<Credentials> => service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: name });
const markOf = (session: Credentials): Promise<Revocation> => revocationOf(service.composition, 'mark', session.accessKeyId, accountA, 'account');

describe('with STS_REDIS_WAIT_REPLICAS=1', () => {
  it('a revocation and a change of the directory are not acknowledged while no replica has them; an issued session is', async () => {
    const session = await assume('unreplicated');
    await expect(revoke(waiting.composition, accountA, [await markOf(session)])).rejects.toMatchObject({ errorName: 'notReplicated', status: 503 });
    // Done all the same: what is refused more than was promised hurts nobody.
    expect((await waiting.identity(session)).status).toBe(401);
    const { status, body } = await waiting.call(keys.rootA, 'POST', '/v5/groups', { group_name: 'unreplicated' });
    expect([status, body.error_code]).toEqual([503, 'PAP5.1507']);
    expect((await waiting.assume(keys.alice, { agency_urn: agencies.first, agency_session_name: 'issued' })).status).toBe(200);
    const readiness = await supertest(waiting.server).get('/readyz');
    expect(JSON.stringify(readiness.body)).toContain('STS_REDIS_WAIT_REPLICAS is 1, but Redis has 0 replicas');
  }, 30_000);

  it('they are as soon as one has them, a repeated one too', async () => {
    const session = await assume('replicated');
    const revocation = await markOf(session);
    await expect(revoke(waiting.composition, accountA, [revocation])).rejects.toMatchObject({ errorName: 'notReplicated' });
    const replica = await startRawRedis(['replicaof', '127.0.0.1', port]);
    try {
      await expect.poll(() => replica.redis.info('replication'), { timeout: 15_000 }).toContain('master_link_status:up');
      expect(await revoke(waiting.composition, accountA, [revocation])).toMatchObject({ result: 'committed' });
      expect(await replica.redis.exists(service.composition.names.mark(session.accessKeyId))).toBe(1);
      expect((await waiting.call(keys.rootA, 'POST', '/v5/groups', { group_name: 'replicated' })).status).toBe(201);
    } finally {
      await replica.stop();
    }
  }, 30_000);
});

describe('while the journal cannot be written', () => {
  const folder = (): string => join(service.folder, 'data', 'audit', 'revocations');
  const away = (): string => `${folder()}-away`;
  afterEach(async () => {
    await rm(folder(), { recursive: true, force: true });
    await rename(away(), folder());
  });

  it('a revocation is done and not acknowledged, everything else goes on, /readyz says why; and it recovers by itself', async () => {
    await revoke(service.composition, accountA, [await markOf(await assume('first'))]);
    const session = await assume('second');
    await rename(folder(), away());
    await expect(revoke(service.composition, accountA, [await markOf(session)])).rejects.toMatchObject({ errorName: 'revocationNotKept', status: 503 });
    expect((await service.identity(session)).status).toBe(401);
    expect((await service.identity(keys.alice)).status).toBe(200);
    await expect.poll(async () => JSON.stringify((await supertest(service.server).get('/readyz')).body), { timeout: 5000 }).toContain('revocations cannot be kept');

    await mkdir(folder());
    await expect.poll(async () => (await supertest(service.server).get('/readyz')).status, { timeout: 5000 }).toBe(200);
    expect(await revoke(service.composition, accountA, [await markOf(session)])).toMatchObject({ result: 'committed' });
  });
});

it('with a deleted agency its sessions end for good, also when a backup brings the agency back', async () => {
  const created = await service.call(keys.rootA, 'POST', '/v5/agencies', {
    agency_name: 'short-lived', trust_policy: JSON.stringify({ Version: '5.0', Statement: [{ Effect: 'Allow', Action: ['sts:agencies:assume'], Principal: { IAM: [accountA] } }] }),
  });
  expect(created.status).toBe(201);
  const session = await service.session(keys.alice, { agency_urn: `iam::${accountA}:agency:short-lived`, agency_session_name: 'ended' });
  expect((await service.identity(session)).status).toBe(200);
  const copy = await backUp(raw);
  const agencyId = (created.body['agency'] as { readonly agency_id: string } | undefined)?.agency_id ?? '';
  expect(await settled(() => service.call(keys.rootA, 'DELETE', `/v5/agencies/${agencyId}`))).toBe(204);
  await restore(raw, copy);
  expect(await settled(() => service.identity(session))).toBe(401);
  expect(await settled(() => service.session(keys.alice, { agency_urn: `iam::${accountA}:agency:short-lived`, agency_session_name: 'again' }).then(() => ({ status: 200 })))).toBe(200);
});

it('an account id that only its epochs are left of, after Redis was emptied, can be used again', async () => {
  const { directory } = service.composition.services;
  expect(await directory.wasUsed(accountA)).toBe(true);
  await raw.redis.del(service.composition.names.accountState(accountA));
  await raw.redis.hset(service.composition.names.accountState(accountA), 'agency:x', '2');
  expect(await directory.wasUsed(accountA)).toBe(false);
});
