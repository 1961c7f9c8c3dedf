// What is not as the service left it, in Redis or on disk, stops the sealer: with an alarm that names it, before anything wrong is sealed.
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { folderOf } from '../../src/audit/log/log.js';
import { systemAccountId } from '../../src/directory/entities.js';
import { sealCell, type SealTools } from '../../src/service/sealer/seal-cell.js';
import type { LogLine, TestService } from '../support/service.js';
import { checkpointOf, expectWhole, leaveEvents, sealedIds, sealTools, startSealedService } from './sealing-support.js';

let service: TestService;
let tools: SealTools;
let cell = 0;
let mended: string[] = [];
beforeAll(async () => {
  service = await startSealedService();
  tools = await sealTools(service.composition, undefined, (_, what) => mended.push(what));
  // The first cell is the one of the system account's events.
  cell = service.composition.names.cellOfAccount(systemAccountId);
});
afterAll(async () => service.stop());
beforeEach(async () => {
  const taken = cell;
  do cell = (cell + 1) % 64; while (cell === service.composition.names.cellOfAccount(systemAccountId));
  if (taken === cell) throw new Error('no cell is left');
  mended = [];
  await leave(5);
});

const leave = (count: number): Promise<readonly string[]> => leaveEvents(service, cell, count);
/** Whether a cell was looked at a moment ago counts here for nothing. */
const seal = async (): Promise<void> => {
  while ((await sealCell(tools, cell)) === 'idle');
};
const stream = (): string => service.composition.names.audit(cell);
const state = (): string => service.composition.names.cellState(cell);
const folder = (): string => folderOf(service.composition.auditLog.place(cell));
const file = (...path: readonly string[]): string => join(folder(), ...path);
const size = async (): Promise<number> => (await checkpointOf(service, cell))?.size ?? 0;
/** Every `<n>` in a text stands for an event of the test's cell. */
const named = (text: string): string => text.replaceAll(/<(\d+)>/g, (_, number: string) => `\`${cell}-${number}\``).replaceAll('<cell>', String(cell));
const record = async (number: number): Promise<string> => (await service.redis.xrange(stream(), `0-${number}`, `0-${number}`))[0]?.[1][1] ?? '';

/** Puts the stream down anew, with one entry changed. */
async function rewrite(changed: number, change: (fields: string[]) => string[]): Promise<void> {
  const entries = await service.redis.xrange(stream(), '-', '+');
  await service.redis.del(stream());
  for (const [id, fields] of entries) await service.redis.xadd(stream(), id, ...(id === `0-${changed}` ? change(fields) : fields));
}

describe('an unsealed event that is not as it was written stops the sealer before it', () => {
  it.each<[string, number, string, () => Promise<unknown>]>([
    ['deleted', 2, 'the unsealed event <3> is missing', () => service.redis.xdel(stream(), '0-3')],
    ['two deleted', 1, 'the unsealed events <2> to <3> are missing', () => service.redis.xdel(stream(), '0-2', '0-3')],
    ['the newest deleted', 4, 'the unsealed event <5> is missing', () => service.redis.xdel(stream(), '0-5')],
    ['all deleted', 0, 'the unsealed events <1> to <5> are missing', () => service.redis.del(stream())],
    ['changed', 1, 'the unsealed event <2> was changed or moved outside the service', () => rewrite(2, ([field = '', value = '']) => [field, value.replace('TestEvent', 'OtherEvent')])],
    ['without its authentication code', 2, 'the unsealed event <3> was not written by this service', () => rewrite(3, ([, value = '']) => ['e', value.replace(/^[^.]*\.[^.]*\./, '')])],
    ['with a second field', 2, 'the unsealed event <3> was not written by this service', () => rewrite(3, (fields) => [...fields, 'x', 'y'])],
    ['of another cell', 3, 'the unsealed event <4> was changed or moved outside the service', async () => {
      const { names } = service.composition;
      const [, value = ''] = (await service.redis.xrange(names.audit(names.cellOfAccount(systemAccountId)), '-', '+', 'COUNT', 1))[0]?.[1] ?? [];
      await rewrite(4, ([field = '']) => [field, value]);
    }],
    ['inserted at the end', 5, 'the unsealed event <6> was changed or moved outside the service', async () => service.redis.xadd(stream(), '0-6', 'r', `${(await record(5)).slice(0, -1)} ]`)],
    ['inserted under a foreign id', 5, 'the stream of cell <cell> holds `7-1`, which is no event of this service', async () => service.redis.xadd(stream(), '7-1', 'r', await record(5))],
  ])('%s', async (_, sealed, fault, tamper) => {
    await tamper();
    await expect(seal()).rejects.toThrow(named(fault));
    expect(await size()).toBe(sealed);
    await expect(seal()).rejects.toThrow(named(fault));
    if (sealed > 0) await expectWhole(service, cell);
  });

  it('a cell that was put back behind its log', async () => {
    await seal();
    await service.redis.hset(state(), 'sequence', 3);
    await expect(seal()).rejects.toThrow(named('cell <cell> in Redis ends before event <5>, which is sealed: it was put back to an earlier state'));
  });

  it('a sealed event that comes back with another content', async () => {
    const other = await record(3);
    await seal();
    await service.redis.del(stream());
    await service.redis.xadd(stream(), '0-4', 'r', other);
    await expect(seal()).rejects.toThrow(named('the unsealed event <4> is not the one that was sealed under this id'));
  });

  it('a record of what is sealed that was changed', async () => {
    await seal();
    await service.redis.hset(state(), 'sealed', 4);
    await rm(file('checkpoint'));
    await expect(seal()).rejects.toThrow(/what Redis holds as the checkpoint of `.*\/c\d\d` was changed outside the service/);
  });
});

describe('a checkpoint that was taken away or put back is mended with an alarm, as long as the log fits it', () => {
  const checkpoint = (): string => file('checkpoint');
  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['removed', () => rm(checkpoint()), /it was gone/],
    ['emptied', () => truncate(checkpoint()), /cannot be used/],
    ['cut', () => truncate(checkpoint(), 40), /cannot be used/],
    ['replaced by a symbolic link', async () => {
      await rename(checkpoint(), `${checkpoint()}.old`);
      await symlink(`${checkpoint()}.old`, checkpoint());
    }, /is no plain file/],
    ['an older one', async () => writeFile(checkpoint(), older), /it was of size 5/],
  ])('%s', async (_, damage, told) => {
    await seal();
    older = await readFile(checkpoint(), 'utf8');
    await leave(3);
    await seal();
    const note = await readFile(checkpoint(), 'utf8');
    await damage();
    await seal();
    expect(await readFile(checkpoint(), 'utf8')).toBe(note);
    expect(mended).toEqual([expect.stringMatching(told)]);
    await leave(2);
    await seal();
    expect(await sealedIds(service, cell)).toHaveLength(10);
  });
  let older = '';
});

const backup = (): string => join(service.folder, `backup-${cell}`);

describe('a log that is gone or damaged stops the sealer, and goes on by itself when it is put back', () => {
  it.each<[string, (aside: string) => Promise<unknown>, string | RegExp]>([
    ['the whole folder moved away', (aside) => rename(service.composition.auditLog.directory, aside), 'has no `log.json` any more: it was removed, emptied or not mounted'],
    ['the folder of the cell moved away', (aside) => rename(folder(), aside), 'is missing'],
    ['a tile removed', async (aside) => {
      await mkdir(aside);
      await rename(file('tile', '0', '000.p'), `${aside}/x`);
    }, 'is missing'],
    ['another folder in its place', async (aside) => {
      await rename(service.composition.auditLog.directory, aside);
      await mkdir(service.composition.auditLog.directory);
    }, 'has no `log.json` any more'],
  ])('%s', async (_, damage, fault) => {
    await seal();
    const copy = `${service.folder}/copy`;
    await cp(service.composition.auditLog.directory, copy, { recursive: true });
    const aside = `${service.folder}/aside`;
    await damage(aside);
    await leave(1);
    await expect(seal()).rejects.toThrow(fault);
    await rm(service.composition.auditLog.directory, { recursive: true, force: true });
    await cp(copy, service.composition.auditLog.directory, { recursive: true });
    await seal();
    expect(await sealedIds(service, cell)).toEqual([1, 2, 3, 4, 5, 6].map((number) => `${cell}-${number}`));
    await expectWhole(service, cell);
    await rm(aside, { recursive: true, force: true });
    await rm(copy, { recursive: true });
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['a tile truncated', () => truncate(file('tile', '0', '000.p', '5'), 32), /must have 160 bytes, not 32/],
    ['a tile changed', () => writeFile(file('tile', '0', '000.p', '5'), Buffer.alloc(160)), /do not give the root of its checkpoint of size 5/],
    ['the bundle truncated', () => truncate(file('tile', 'entries', '000.p', '5'), 100), /is cut/],
    ['a tile that is a symbolic link', async () => {
      await rm(file('tile', '0', '000.p', '5'));
      await symlink('/etc/passwd', file('tile', '0', '000.p', '5'));
    }, /is no plain file/],
    ['the folder of the cell a symbolic link', async () => {
      await rename(folder(), `${folder()}-moved`);
      await symlink(`${folder()}-moved`, folder());
    }, /`.*c\d\d` is no plain folder/],
    ['the folder of its tiles a symbolic link', async () => {
      await rename(file('tile'), file('moved'));
      await symlink(file('moved'), file('tile'));
    }, /tile` is no plain folder/],
    ['an older log, restored from a backup', async () => {
      await leave(1);
      await seal();
      await rm(folder(), { recursive: true });
      await cp(backup(), folder(), { recursive: true });
    }, /is missing/],
  ])('%s: nothing is signed over it', async (_, damage, fault) => {
    await seal();
    await cp(folder(), backup(), { recursive: true });
    await damage();
    const before = await checkpointOf(service, cell);
    await leave(1);
    await expect(seal()).rejects.toThrow(fault);
    expect((await checkpointOf(service, cell))?.note).toBe(before?.note);
  });

  it('a marker that was changed in place, to one of the same length', async () => {
    const marker = join(service.composition.auditLog.directory, 'log.json');
    await seal();
    const text = await readFile(marker, 'utf8');
    await writeFile(marker, text.replace(/"id": "[0-9a-f]{4}/, '"id": "0000'));
    await leave(1);
    await expect(seal()).rejects.toThrow('was replaced by another one');
    await expect(seal()).rejects.toThrow('was replaced by another one');
    await writeFile(marker, text);
    await seal();
    expect(await sealedIds(service, cell)).toHaveLength(6);
  });

  it('a named pipe in place of the marker is an error at once', async () => {
    const marker = join(service.composition.auditLog.directory, 'log.json');
    await rename(marker, `${marker}.aside`);
    await promisify(execFile)('mkfifo', [marker]);
    await expect(seal()).rejects.toThrow('log.json` is no plain file');
    await rename(`${marker}.aside`, marker);
    await seal();
  });

  it('the folder made read-only for the service is no reason to lose an event', async (context) => {
    await seal();
    if (process.getuid?.() === 0) context.skip('root writes anywhere');
    await chmod(folder(), 0o500);
    await leave(1);
    await expect(seal()).rejects.toThrow('EACCES');
    await chmod(folder(), 0o750);
    await seal();
    expect(await sealedIds(service, cell)).toHaveLength(6);
  });
});

describe('the sealer of a process', () => {
  it('tells of a fault once with an alarm, counts it, shows it to every process until it is gone, and goes on by itself', async () => {
    const stored = await record(2);
    await rewrite(2, ([field = '', value = '']) => [field, value.replace('TestEvent', 'OtherEvent')]);
    const fault = named('the unsealed event <2> was changed or moved outside the service');
    const told = (): readonly LogLine[] => service.logged.filter(({ fields }) => 'cell' in fields && fields.cell === cell);
    await expect(service.seal()).rejects.toThrow();
    await expect(service.seal()).rejects.toThrow();
    expect(told()).toEqual([{ level: 'error', fields: { cell, cause: fault, alarm: true }, message: 'events cannot be sealed' }]);
    expect(await service.redis.hget(state(), 'alarms')).toBe('1');
    expect((await service.composition.sealingWatch.readinessOfSealing()).reasons).toContain(`events of cell ${cell} cannot be sealed: ${fault}`);
    await rewrite(2, ([field = '']) => [field, stored]);
    await service.seal().catch(() => undefined);
    expect(told().at(-1)).toEqual({ level: 'info', fields: { cell }, message: 'events are sealed again' });
    expect(await service.redis.exists(service.composition.names.sealerFault(cell))).toBe(0);
    expect(await size()).toBe(5);
  });
});
