// Revocations of which no journal is left outlive a Redis that went back: the audit tells of them, sealed or not.
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import supertest from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { journalFolder } from '../../src/service/durability.js';
import { accountA, accountB, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { backUp, restore, settled } from './recovery-support.js';
import { startPeer, startRawRedis, type Peer, type RawRedis } from './support.js';

let raw: RawRedis;
let service: TestService;
beforeAll(async () => {
  raw = await startRawRedis(['appendonly', 'yes'], ['appendfsync', 'always']);
  service = await startService(accounts, { STS_REDIS_URL: raw.url });
});
afterAll(async () => {
  await service.stop();
  await raw.stop();
});

const assume = (by: Credentials, agencyUrn: string, more: object = {}): Promise<Credentials> => service.session(by, { agency_urn: agencyUrn, agency_session_name: 'replay', ...more });
const revoke = async (by: Credentials, path: string, body: object): Promise<void> => {
  expect(await service.call(by, 'POST', path, body)).toMatchObject({ status: 200 });
};
const removeJournals = (): Promise<void> => rm(join(service.composition.auditLog.directory, journalFolder), { recursive: true, force: true });

/** A process that was just started: it knows nothing but what it finds. */
async function withLater<T>(work: (later: Peer) => Promise<T>): Promise<T> {
  const later = await startPeer(service, raw.url);
  try {
    return await work(later);
  } finally {
    await later.stop();
  }
}

it('in the log that is sealed: by session, by token, by subject and up to a moment', async () => {
  const sourceIdentity = `someone-with-a-long-name-${'x'.repeat(39)}`;
  const revoked = {
    session: await assume(keys.alice, agencies.first),
    token: await assume(keys.alice, agencies.first),
    source: await assume(keys.alice, agencies.first, { source_identity: sourceIdentity }),
    agency: await assume(keys.alice, agencies.long),
    early: await assume(keys.bob, agencies.first),
  };
  service.clock.advance(60);
  const moment = new Date(service.clock.now() - 30_000).toISOString();
  const alive = { first: await assume(keys.alice, agencies.first), second: await assume(keys.alice, agencies.second), late: await assume(keys.bob, agencies.first) };
  const bob = (await service.composition.services.sessions.find(revoked.early.accessKeyId))?.chain[0];
  const agencyId = (await service.composition.services.sessions.find(revoked.agency.accessKeyId))?.agencyId;
  const copy = await backUp(raw);
  expect(await settled(() => service.identity(alive.first))).toBe(200);

  service.clock.advance(10);
  await revoke(keys.rootA, `/v1/sessions/${revoked.session.accessKeyId}/revoke`, { reason: 'stolen' });
  const form = await service.call(keys.rootA, 'POST', '/oauth2/revoke', `token=${encodeURIComponent(revoked.token.securityToken ?? '')}`, { headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  expect(form.status).toBe(200);
  await revoke(keys.rootA, '/v1/revocations', { source_identity: sourceIdentity });
  await revoke(keys.rootA, '/v1/revocations', { agency_id: agencyId });
  await revoke(keys.rootA, '/v1/revocations', { access_key_id: bob !== undefined && 'accessKeyId' in bob ? bob.accessKeyId : '', issued_before: moment });
  for (const each of Object.values(revoked)) expect((await service.identity(each)).status).toBe(401);
  await service.seal();
  await removeJournals();
  await restore(raw, copy);

  await withLater(async (later) => {
    for (const [name, each] of Object.entries(revoked)) expect([name, await settled(() => later.identity(each))]).toEqual([name, 401]);
    for (const [name, each] of Object.entries(alive)) expect([name, await settled(() => later.identity(each))]).toEqual([name, 200]);
    const note = await later.composition.services.sessions.revocationNote(revoked.session.accessKeyId);
    expect(note).toMatchObject({ revokedBy: `iam::${accountA}:user:root-a`, reason: 'stolen' });
    await service.seal();
  });
  // The process that was there before finds all of it as well.
  expect(await settled(() => service.identity(revoked.source))).toBe(401);
  expect((await service.session(keys.alice, { agency_urn: agencies.long, agency_session_name: 'again' })).accessKeyId).toMatch(/^HST/);
});

/** All keys of a cell as they are now; what it gives puts the cell back to them. */
async function holdCell(cell: number): Promise<() => Promise<void>> {
  const own = (): Promise<string[]> => raw.redis.keys(`${service.composition.names.tag(cell)}:*`);
  const held = await Promise.all((await own()).map(async (key) => [key, await raw.redis.dumpBuffer(key)] as const));
  return async () => {
    await raw.redis.del(await own());
    for (const [key, content] of held) await raw.redis.restore(key, 0, content);
  };
}

it('in the stream of another cell, where nothing of it is sealed yet; and the recovery tells how many there were', async () => {
  const { names } = service.composition;
  const cell = names.cellOfAccount(accountB);
  expect(names.cellOfAccount(accountA)).not.toBe(cell);
  const revoked = await assume(keys.alice, agencies.second);
  const alive = await assume(keys.alice, agencies.second);
  const putBack = await holdCell(cell);
  expect((await service.identity(keys.bert)).status).toBe(200);
  await service.seal();
  await revoke(keys.rootA, `/v1/sessions/${revoked.accessKeyId}/revoke`, {});
  await removeJournals();
  await putBack();

  await withLater(async (later) => {
    expect(await settled(() => later.identity(revoked))).toBe(401);
    expect(await settled(() => later.identity(alive))).toBe(200);
  });
  const replayed = (await raw.redis.xrange(names.audit(cell), '-', '+')).map(([, [, record = '']]) => record).filter((record) => record.includes('RevocationsReplayed'));
  expect(replayed.at(-1)).toMatch(/"replayed":1\b/);
});

it('and a second loss, of the recovery itself, is found in the journal of the process that recovered', async () => {
  const { names } = service.composition;
  const cell = names.cellOfAccount(accountB);
  const revoked = await assume(keys.alice, agencies.second);
  await service.seal();
  const putBack = await holdCell(cell);
  await revoke(keys.rootA, `/v1/sessions/${revoked.accessKeyId}/revoke`, {});
  await service.seal();
  await removeJournals();
  await putBack();
  await withLater(async (later) => expect(await settled(() => later.identity(revoked))).toBe(401));
  await raw.redis.del(names.mark(revoked.accessKeyId));
  await withLater(async (later) => expect(await settled(() => later.identity(revoked))).toBe(401));
});

it('a log that cannot be read leaves the cell refused, with the reason, until it can be', async () => {
  const { names, auditLog: { directory } } = service.composition;
  const cell = names.cellOfAccount(accountB);
  const revoked = await assume(keys.alice, agencies.second);
  const putBack = await holdCell(cell);
  expect((await service.identity(keys.bert)).status).toBe(200);
  await revoke(keys.rootA, `/v1/sessions/${revoked.accessKeyId}/revoke`, {});
  await service.seal();
  await removeJournals();
  await putBack();
  // Of a cell that did not go back: the revocation stands there as well.
  const checkpoint = join(directory, `c${String(names.cellOfAccount(accountA)).padStart(2, '0')}`, 'checkpoint');
  const content = await readFile(checkpoint);
  await writeFile(checkpoint, 'nothing that was signed\n');
  await withLater(async (later) => {
    await expect.poll(async () => (await supertest(later.server).get('/readyz')).text, { timeout: 8000 }).toMatch(/what was revoked cannot be read from the audit log: the checkpoint of/);
    expect(await later.identity(revoked)).toMatchObject({ status: 503, body: { error_code: 'STS5.1505' } });
    expect(await later.identity(keys.bert)).toMatchObject({ status: 503, body: { error_code: 'STS5.1505' } });
    await writeFile(checkpoint, content);
    expect(await settled(() => later.identity(revoked))).toBe(401);
    expect(await settled(() => later.identity(keys.bert))).toBe(200);
  });
});

it('an ordinary reconnection reads no events', async () => {
  await service.seal();
  const { auditLog: { directory }, names } = service.composition;
  const bundles = join(directory, `c${String(names.cellOfAccount(accountA)).padStart(2, '0')}`, 'tile', 'entries');
  await withLater(async (later) => {
    expect(await settled(() => later.identity(keys.alice))).toBe(200);
    await rename(bundles, `${bundles}-away`);
    await raw.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect(await settled(() => later.identity(keys.alice))).toBe(200);
    expect(await settled(() => later.identity(keys.bert))).toBe(200);
    await rename(`${bundles}-away`, bundles);
  });
});
