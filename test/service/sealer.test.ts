// Sealing under load, crashes and faults of the disk: every event is in the log once, in its order, whoever seals.
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readMinimumIndex } from '../../src/audit/log/log.js';
import { systemAccountId } from '../../src/directory/entities.js';
import { trimScript } from '../../src/redis/scripts/seal.js';
import { pruneCell } from '../../src/service/sealer/retention.js';
import { sealCell, type SealTools } from '../../src/service/sealer/seal-cell.js';
import { startSealer } from '../../src/service/sealer/sealer.js';
import { startProxy, type Fate } from '../redis/support.js';
import type { TestService } from '../support/service.js';
import { checkpointOf, expectWhole, fileIn, leaveEvents, sealedIds, sealTools, startSealedService } from './sealing-support.js';
import { build, endAll, serve, type Serving } from './support.js';

const run = promisify(execFile);
let service: TestService;
let tools: SealTools;
let systemCell = 0;
let cell = 0;
beforeAll(async () => {
  await build();
  service = await startSealedService();
  tools = await sealTools(service.composition);
  systemCell = service.composition.names.cellOfAccount(systemAccountId);
  cell = systemCell;
});
afterAll(async () => {
  endAll();
  await service.stop();
});
beforeEach(() => {
  do cell = (cell + 1) % 64; while (cell === systemCell);
});

const leave = (count: number): Promise<readonly string[]> => leaveEvents(service, cell, count);
const waiting = (): Promise<number> => service.redis.xlen(service.composition.names.audit(cell));
const idsTo = (last: number): readonly string[] => Array.from({ length: last }, (_, index) => `${cell}-${index + 1}`);

/** The real service on the same state, as one more process of the installation. */
const serveSame = (redisUrl: string): Promise<Serving> => serve({
  STS_DATA_DIR: join(service.folder, 'data'), STS_KEYS_DIR: join(service.folder, 'keys'), STS_REDIS_URL: redisUrl, STS_CELLS: '64', STS_PORT: '0', STS_WORKERS: '1',
});
const redisUrl = (): string => `unix://${service.redisServer.socketPath}`;

describe('every event is sealed once and in its order', () => {
  it('with writers and two sealers at once', async () => {
    const sealers = [0, 1].map(() => startSealer({ ...tools, alarms: service.composition.alarms, logger: silent }, true));
    const ids = (await Promise.all(Array.from({ length: 12 }, async (_, round) => {
      await sleep(round * 60);
      return leave(50);
    }))).flat();
    await expect.poll(waiting, { timeout: 10_000 }).toBe(0);
    await Promise.all(sealers.map((sealer) => sealer.stop()));
    expect(new Set(ids)).toEqual(new Set(idsTo(600)));
    expect(await sealedIds(service, cell)).toEqual(idsTo(600));
    await expectWhole(service, cell);
  });

  it('more of them than one batch holds', async () => {
    for (let round = 0; round < 5; round += 1) await leave(500);
    await sealCell(tools, cell);
    expect(await sealedIds(service, cell)).toEqual(idsTo(2500));
    expect(await waiting()).toBe(0);
    await expectWhole(service, cell);
  });

  it('when the sealing process is killed again and again', async () => {
    let left = 0;
    for (let round = 0; round < 4; round += 1) {
      const child = await serveSame(redisUrl());
      const until = performance.now() + 300 + Math.random() * 700;
      while (performance.now() < until) left += (await leave(20)).length;
      child.child.kill('SIGKILL');
      await child.ended;
    }
    // A process that was killed does not give its turn back.
    await service.redis.del(service.composition.names.sealer(cell));
    await sealCell(tools, cell);
    expect(await sealedIds(service, cell)).toEqual(idsTo(left));
    await expectWhole(service, cell);
  });

  it('when a sealer dies between checkpoint and trim', async () => {
    const proxy = await startProxy(service.redisServer.socketPath);
    const other = await sealTools(service.composition, proxy.url);
    await leave(5);
    proxy.watch(trimScript.sha, () => 'cut-before-send');
    await expect(sealCell(other, cell)).rejects.toThrow();
    expect([(await checkpointOf(service, cell))?.size, await waiting()]).toEqual([5, 5]);
    other.redis.disconnect();
    await proxy.stop();
    await service.redis.del(service.composition.names.sealer(cell));
    await leave(2);
    await sealCell(tools, cell);
    expect([await sealedIds(service, cell), await waiting()]).toEqual([idsTo(7), 0]);
    await expectWhole(service, cell);
  });

  it('when a sealer is stopped between checkpoint and trim, and goes on after another one', async () => {
    const proxy = await startProxy(service.redisServer.socketPath);
    const child = await serveSame(proxy.url);
    let overtaken = false;
    proxy.watch(trimScript.sha, async (): Promise<Fate> => {
      if (overtaken) return 'forward';
      overtaken = true;
      child.child.kill('SIGSTOP');
      await leave(3);
      await service.redis.del(service.composition.names.sealer(cell));
      await sealCell(tools, cell);
      child.child.kill('SIGCONT');
      return 'forward';
    });
    await leave(4);
    await expect.poll(waiting, { timeout: 10_000 }).toBe(0);
    expect(overtaken).toBe(true);
    await leave(4);
    await expect.poll(waiting, { timeout: 10_000 }).toBe(0);
    child.child.kill('SIGTERM');
    await child.ended;
    await proxy.stop();
    expect(await sealedIds(service, cell)).toEqual(idsTo(11));
    expect(await service.redis.hget(service.composition.names.cellState(cell), 'sealed')).toBe('11');
    await expectWhole(service, cell);
    expect(child.err()).not.toContain('"alarm":true');
  });

  it('and nothing is sealed that too few replicas have', async () => {
    await leave(1);
    await expect(sealCell({ ...tools, replicas: 1 }, cell)).rejects.toThrow('events wait for replicas: 0 of STS_REDIS_WAIT_REPLICAS=1 have them');
    expect(await checkpointOf(service, cell)).toBeUndefined();
  });
});

describe('a disk that hangs', () => {
  it('holds up neither readiness nor the end of the process, and another host goes on', async () => {
    const stuck = { lastOlderEvent: () => 0, check: () => new Promise<void>(() => undefined) };
    const { names } = service.composition;
    // Nothing else is to be done, so it hangs at this cell.
    await service.seal();
    for (let other = 0; other < names.cells; other += 1) await service.redis.set(names.sealerChecked(other), '1', 'EX', 60);
    const hanging = startSealer({ ...tools, folder: stuck, times: { turnMilliseconds: 500, idleMilliseconds: 60_000 }, alarms: service.composition.alarms, logger: silent }, true);
    await leave(3);
    await expect.poll(() => service.redis.exists(service.composition.names.sealer(cell)), { timeout: 5000 }).toBe(1);
    const asked = performance.now();
    await service.composition.sealingWatch.readinessOfSealing();
    expect(performance.now() - asked).toBeLessThan(1000);
    await expect.poll(async () => {
      await sealCell(tools, cell);
      return waiting();
    }, { timeout: 5000 }).toBe(0);
    const stopping = performance.now();
    await hanging.stop();
    expect(performance.now() - stopping).toBeLessThan(4000);
    await expectWhole(service, cell);
  });
});

describe('a disk that is full', () => {
  it('stops sealing, with its reason in readiness and after a while no more credentials; it goes on by itself', async (context) => {
    const small = join(service.folder, 'small');
    await mkdir(small);
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'none', small]).then(() => true, () => false);
    if (!mounted) context.skip('mounting is not permitted here');
    const full = await startSealedService({ STS_AUDIT_DIR: join(small, 'audit'), STS_AUDIT_MAX_UNSEALED: '1000', STS_CELLS: '1' });
    try {
      await full.seal();
      const sealed = (await checkpointOf(full, 0))?.size;
      await writeFile(join(small, 'filler'), Buffer.alloc(500_000)).catch(() => undefined);
      await leaveEvents(full, 0, 500);
      await expect(full.seal()).rejects.toThrow('ENOSPC');
      expect((await full.composition.sealingWatch.readinessOfSealing()).reasons[0]).toMatch(/^events of cell 0 cannot be sealed: ENOSPC/);
      await leaveEvents(full, 0, 499);
      await leaveEvents(full, 0, 1).catch(() => undefined);
      await expect(leaveEvents(full, 0, 1)).rejects.toMatchObject({ errorName: 'auditLogFull', status: 503 });
      expect(await full.redis.xlen('{c00}:audit')).toBe(1000);
      await sleep(1000);
      expect((await full.composition.sealingWatch.readinessOfSealing()).warnings).toEqual(['1000 events of cell 0 wait to be sealed; from 1000 on calls are refused']);
      expect((await checkpointOf(full, 0))?.size).toBe(sealed);
      await rm(join(small, 'filler'));
      await full.seal();
      await leaveEvents(full, 0, 1);
      await full.seal();
      await expectWhole(full, 0);
      await sleep(1000);
      expect(await full.composition.sealingWatch.readinessOfSealing()).toEqual({ reasons: [], warnings: [] });
    } finally {
      await full.stop();
      await run('umount', [small]);
    }
  });
});

describe('retention', () => {
  it('removes what is older than the setting says, leaves an event that tells so, and keeps the rest provable', async () => {
    const retention = { log: service.composition.auditLog, services: service.composition.services, store: service.composition.store, days: 30 };
    await leave(600);
    service.clock.advance(20 * 86_400);
    await leave(200);
    await sealCell(tools, cell);
    const before = await checkpointOf(service, cell);
    if (before === undefined) throw new Error('nothing was sealed');
    expect(await pruneCell(retention, cell, before)).toBe(0);
    service.clock.advance(20 * 86_400);
    expect(await pruneCell(retention, cell, before)).toBe(512);
    expect(await readMinimumIndex(service.composition.auditLog.place(cell))).toBe(512);
    expect(await pruneCell(retention, cell, before)).toBe(0);
    const told = (await service.events(systemAccountId)).filter(({ operation }) => operation === 'AuditLogPruned');
    expect(told.map(({ request }) => request)).toEqual([{ cell, first_kept_event: `${cell}-513`, older_than: new Date(service.clock.now() - 30 * 86_400_000).toISOString() }]);
    await leave(1);
    await sealCell(tools, cell);
    await expectWhole(service, cell, [before.note]);
  });
});

it('nothing is removed while the event that tells so cannot be recorded', async () => {
  const { auditLog: log, services } = service.composition;
  await leave(300);
  await sealCell(tools, cell);
  const checkpoint = await checkpointOf(service, cell);
  if (checkpoint === undefined) throw new Error('nothing was sealed');
  service.clock.advance(40 * 86_400);
  const store = { commit: () => Promise.resolve({ result: 'conflict' } as const) };
  await expect(pruneCell({ log, services, store, days: 30 }, cell, checkpoint)).rejects.toThrow('the event `AuditLogPruned` could not be recorded');
  expect(await readMinimumIndex(log.place(cell))).toBe(0);
});

it('nothing is sealed that was read over a connection which has ended since', async () => {
  await leave(2);
  const { redis } = await sealTools(service.composition, `unix://${service.redisServer.socketPath}`);
  const read = redis.xrange.bind(redis);
  redis.xrange = (async (...parameters: Parameters<typeof read>) => {
    const entries = await read(...parameters);
    redis.disconnect(true);
    await new Promise((resolve) => redis.once('ready', resolve));
    return entries;
  }) as typeof read;
  await expect(sealCell({ ...tools, redis }, cell)).rejects.toThrow('the connection to Redis moved while events were to be sealed');
  expect(await checkpointOf(service, cell)).toBeUndefined();
  redis.disconnect();
});

describe('events of an older release, which have no authentication code', () => {
  it('are sealed if they were there when the log began, and none else', async () => {
    const older = await startSealedService({ STS_CELLS: '1' });
    try {
      const [entry] = await older.redis.xrange('{c00}:audit', '-', '+');
      const text = (entry?.[1][1] ?? '').replace(/^[^.]*\.[^.]*\./, '');
      await older.redis.del('{c00}:audit');
      for (const id of ['0-1', '0-2']) await older.redis.xadd('{c00}:audit', id, 'e', text);
      await older.redis.hset('{c00}:cell', 'sequence', 2);
      await older.seal();
      expect(await sealedIds(older, 0)).toEqual(['0-1', '0-2']);
      await older.redis.xadd('{c00}:audit', '0-3', 'e', text);
      await older.redis.hset('{c00}:cell', 'sequence', 3);
      await expect(older.seal()).rejects.toThrow('the unsealed event `0-3` was not written by this service');
    } finally {
      await older.stop();
    }
  });
});

describe('metrics', () => {
  it('tell how sealing stands', async () => {
    await leave(2);
    await sleep(1000);
    const read = async (): Promise<string> => (await fetch(`${service.url}/metrics`)).text();
    expect(await read()).toContain(`agency_sts_audit_unsealed_events{cell="${cell}"} 2`);
    await sealCell(tools, cell);
    await sleep(1000);
    const text = await read();
    expect(text).toContain(`agency_sts_audit_unsealed_events{cell="${cell}"} 0`);
    expect(text).toContain(`agency_sts_audit_sealed_events{cell="${cell}"} 2`);
    expect(text).toMatch(new RegExp(`agency_sts_audit_seconds_since_sealed\\{cell="${cell}"\\} \\d`));
    expect(text).toContain('# TYPE agency_sts_audit_alarms_total counter');
  });
});

describe('a start', () => {
  it('is refused with another folder than the one that was in use first', async () => {
    const environment = { STS_DATA_DIR: join(service.folder, 'data'), STS_KEYS_DIR: join(service.folder, 'keys'), STS_REDIS_URL: redisUrl(), STS_CELLS: '64', STS_PORT: '0', STS_WORKERS: '1' };
    await expect(serve({ ...environment, STS_AUDIT_DIR: join(service.folder, 'elsewhere') })).rejects.toThrow(/`STS_AUDIT_DIR`: the folder .*elsewhere is not the one with the audit log of this installation: it has no `log.json`/);
    const stranger = await startSealedService({ STS_CELLS: '1' });
    try {
      await stranger.seal();
      await expect(serve({ ...environment, STS_AUDIT_DIR: stranger.composition.auditLog.directory })).rejects.toThrow(/holds the audit log of another installation/);
    } finally {
      await stranger.stop();
    }
  });

  it('is refused where the log is but not its marker', async () => {
    const other = await startSealedService({ STS_CELLS: '1' });
    try {
      await other.seal();
      const marker = await readFile(fileIn(other, 'log.json'), 'utf8');
      await rm(fileIn(other, 'log.json'));
      await expect(sealTools(other.composition)).rejects.toThrow('it has no `log.json`');
      await other.redis.del('agency-sts:audit-log');
      await expect(sealTools(other.composition)).rejects.toThrow('holds an audit log without its `log.json`');
      await writeFile(fileIn(other, 'log.json'), marker.replace(/[0-9a-f]{16}"/, `${'0'.repeat(16)}"`));
      await expect(sealTools(other.composition)).rejects.toThrow('another installation');
      await writeFile(fileIn(other, 'log.json'), marker);
      await sealTools(other.composition);
    } finally {
      await other.stop();
    }
  });
});

const silent = { debug: () => undefined, info: () => undefined, error: () => undefined };
