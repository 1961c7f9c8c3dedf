// Reading a long audit: the place of a time is found without reading all, work is bounded, and what is damaged is not read.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pruneEntries } from '../../src/audit/log/log.js';
import type { AuditEvent } from '../../src/audit/event.js';
import { readEvents, readLastEvents } from '../../src/service/audit-tail.js';
import { systemAccountId } from '../../src/directory/entities.js';
import { accountA, accountB, accounts, keys } from '../support/accounts.js';
import { startOfTest, startService, type TestService } from '../support/service.js';
import { allItems, idsOf, itemsOf, list, pageOf } from './audit-support.js';

const minute = 60_000;
const sealedCount = 3000;
const unsealedCount = 700;
const begin = startOfTest - (sealedCount + unsealedCount) * minute;
let service: TestService;
/** What was written for account A, in its order. */
const written: { readonly id: string; readonly time: number }[] = [];

beforeAll(async () => {
  service = await startService(accounts, { STS_CELLS: '1', STS_RATE_ACCESS_KEY_PER_MINUTE: '100000', STS_RATE_ADDRESS_PER_MINUTE: '100000' });
  await write(0, sealedCount);
  await service.seal();
  await write(sealedCount, unsealedCount);
});
afterAll(() => service.stop());

/** A minute apart, but for disorder of some minutes; every third is of account A, and every 500th of its operation `Rare`. */
async function write(from: number, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, at) => eventAt(from + at));
  for (let at = 0; at < events.length; at += 100) {
    const batch = events.slice(at, at + 100);
    const committed = await service.composition.store.commit({ callerAccountId: systemAccountId, guards: [], unmarkedSessions: [], events: batch });
    if (committed.result !== 'committed') throw new Error(committed.result);
    batch.forEach((event, index) => {
      const id = committed.eventIds[index];
      if (event.accountId === accountA && id !== undefined) written.push({ id, time: event.time });
    });
  }
}

function eventAt(number: number): AuditEvent {
  const accountId = number % 3 === 0 ? accountA : accountB;
  const disorder = ((number * 7919) % 5) - 2;
  return {
    accountId, time: begin + (number + disorder) * minute, requestId: `r${number}`, operation: number % 1500 === 0 ? 'Rare' : 'Made', sourceIp: '192.0.2.1', status: 200,
    principal: { accountId, urn: `iam::${accountId}:user:maker`, id: 'maker', type: 'User', isRootUser: false, accessKeyId: 'HPUAMAKER00000000000' },
  };
}

const asTime = (time: number): string => new Date(time).toISOString();
const expectedIds = (from: number, to: number): readonly string[] => written.filter(({ time }) => time >= from && time < to).map(({ id }) => id);

describe('events of a time', () => {
  it.each([
    ['of the oldest', 0, 40], ['among the sealed', 1000, 1100], ['at the end of a bundle', 250, 270], ['across the end of the log', 2950, 3050], ['among the unsealed', 3300, 3400],
    ['up to the newest', 3650, 3800], ['before all', -500, -100], ['behind all that were written', 3720, 3730],
  ])('%s are all found, in both orders', async (_where, from, to) => {
    const [start, end] = [begin + from * minute, begin + to * minute];
    const query = `limit=200&operation=Made&from=${asTime(start)}&to=${asTime(end)}`;
    const rare = written.filter(({ id }) => (Number(id.slice(2)) - offset()) % 1500 === 0).map(({ id }) => id);
    const expected = expectedIds(start, end).filter((id) => !rare.includes(id));
    expect(idsOf(await allItems(service, keys.rootA, `${query}&order=oldest`))).toEqual(expected);
    expect(idsOf(await allItems(service, keys.rootA, `${query}&order=newest`))).toEqual(expected.toReversed());
  });

  it('are found without looking at all that lies before', async () => {
    await service.redis.config('RESETSTAT');
    await list(service, keys.rootA, `limit=10&order=oldest&from=${asTime(begin + 3300 * minute)}`);
    const calls = /^cmdstat_xrange:calls=(\d+)/m.exec(await service.redis.info('commandstats'))?.[1];
    expect(Number(calls)).toBeLessThan(16);
  });

  it('that are rare come over several short pages', async () => {
    const sizes: number[] = [];
    let marker = '';
    do {
      const answer = await list(service, keys.rootA, `limit=2&operation=Rare${marker}`);
      sizes.push(itemsOf(answer).length);
      marker = pageOf(answer).next_marker === undefined ? '' : `&marker=${pageOf(answer).next_marker}`;
    } while (marker !== '');
    expect(sizes.reduce((sum, size) => sum + size)).toBe(3);
  });
});

/** Sequence number of the first that was written. */
const offset = (): number => Number(written[0]?.id.slice(2));

describe('reading for the service itself', () => {
  it('goes back through the events of one account from a place on, so many at a time', async () => {
    const { audit } = service.composition.services;
    const found: string[] = [];
    let pages = 0;
    for (let from: string | undefined; pages === 0 || from !== undefined; pages += 1) {
      const page = await audit.newestFirst(accountA, from, 512);
      expect(page.events.length).toBeLessThanOrEqual(512);
      found.push(...page.events.map(({ id }) => id));
      from = page.next;
    }
    expect(pages).toBeGreaterThan(5);
    expect(found).toEqual([...new Set(found)]);
    expect(found.filter((id) => written.some((event) => event.id === id))).toEqual(written.map(({ id }) => id).toReversed());
  });

  it('gives the last events and the next ones, over the end of the log', async () => {
    const { composition } = service;
    const last = await readLastEvents(composition, 600, accountA);
    expect(last.events).toHaveLength(600);
    await write(10_000, 4);
    await service.seal();
    await write(20_000, 4);
    const next = await readEvents(composition, last.position, accountA);
    expect(next.events.map(({ event }) => event.requestId)).toEqual(['r10002', 'r20001']);
    expect((await readEvents(composition, next.position, accountA)).events).toEqual([]);
    expect((await readLastEvents(composition, 3)).events).toHaveLength(3);
  });
});

describe('a log that was pruned', () => {
  it('ends where its events begin', async () => {
    const { auditLog, auditEvents } = service.composition;
    const checkpoint = await auditEvents.checkpoint(0);
    if (checkpoint === undefined) throw new Error('nothing is sealed');
    await pruneEntries(auditLog.place(0), checkpoint, 600, auditLog.signer);
    const kept = written.filter(({ id }) => Number(id.slice(2)) > 512).map(({ id }) => id);
    const query = 'limit=200&source_ip=192.0.2.1';
    expect(idsOf(await allItems(service, keys.rootA, `${query}&order=oldest`))).toEqual(kept);
    expect(idsOf(await allItems(service, keys.rootA, query))).toEqual(kept.toReversed());
    expect(idsOf(await allItems(service, keys.rootA, `${query}&order=oldest&from=${asTime(begin)}`))).toEqual(kept);
    const gone = written.find(({ id }) => Number(id.slice(2)) < 512)?.id ?? '';
    for (const path of ['', '/proof']) expect((await service.call(keys.rootA, 'GET', `/v1/audit/events/${gone}${path}`)).status).toBe(404);
    expect((await readLastEvents(service.composition, 10_000, accountA)).events.length).toBeLessThan(written.length + 50);
  });
});

describe('a log that was damaged', () => {
  it('is not read, with an alarm, until it is mended', async () => {
    await service.identity(keys.alice);
    await service.seal();
    const size = (await service.composition.auditEvents.checkpoint(0))?.size ?? 0;
    const bundle = join(service.composition.auditLog.directory, 'c00', 'tile', 'entries', `${String(Math.floor(size / 256)).padStart(3, '0')}.p`, String(size % 256));
    const bytes = await readFile(bundle);
    const altered = Buffer.from(bytes);
    altered.writeUInt8(altered.readUInt8(altered.length - 3) ^ 1, altered.length - 3);
    await writeFile(bundle, altered);
    expect(await list(service, keys.rootA)).toMatchObject({ status: 503, body: { error_code: 'PAP5.1503', error_msg: 'the audit log cannot be read at the moment; try again' } });
    expect(service.logged.at(-1)).toMatchObject({ level: 'error', fields: { alarm: true, cause: `event \`0-${size}\` is not what was sealed` } });
    await writeFile(bundle, bytes);
    expect((await list(service, keys.rootA)).status).toBe(200);
  });

  it('is not read where events are neither in it nor in the stream', async () => {
    await service.identity(keys.alice);
    const [entry] = await service.redis.xrevrange(service.composition.names.audit(0), '+', '-', 'COUNT', 1);
    await service.identity(keys.alice);
    await service.redis.xdel(service.composition.names.audit(0), entry?.[0] ?? '');
    expect(await list(service, keys.rootA)).toMatchObject({ status: 503 });
    expect(service.logged.at(-1)).toMatchObject({ fields: { alarm: true, cause: `event \`${entry?.[0] ?? ''}\` is missing in the stream` } });
  });
});
