// An append that is killed or fails at any file operation: the old checkpoint stays valid, and the same events give the same log afterwards.
import fs from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { folderOf, newLogMemory, pruneEntries, readCheckpoint, restoreCheckpoint, type Checkpoint, type LogPlace } from '../../../src/audit/log/log.js';
import { verifyLog } from '../../../src/audit/log/verify.js';
import { copyOf, filesOf, growTo, grown, keys, newPlace, signer, temporaryFolder } from './support.js';

type Operation = (...parameters: never[]) => Promise<unknown>;
const folderOperations = ['mkdir', 'mkdtemp', 'open', 'rename', 'rm', 'rmdir', 'unlink'] as const;
const handleOperations = ['writeFile', 'sync'] as const;

/** Operations done, as `<operation> <path>`, or `failed <operation> <path>`; `before` may throw instead of one. */
async function watched(before: (operation: string, count: number) => void, work: () => Promise<unknown>): Promise<readonly string[]> {
  const done: string[] = [];
  const sample = await open(await temporaryFolder(), 'r');
  const prototype = Object.getPrototypeOf(sample) as Record<string, Operation>;
  await sample.close();
  const paths = new WeakMap<object, string>();
  const promises = fs.promises as unknown as Record<string, Operation>;
  const replaced: (() => void)[] = [];
  const replace = (owner: Record<string, Operation>, name: string, pathOf: (self: object, parameters: readonly unknown[]) => string): void => {
    const original = owner[name];
    if (original === undefined) throw new Error(`there is no operation ${name}`);
    owner[name] = async function (this: object, ...parameters: never[]) {
      const path = pathOf(this, parameters);
      before(`${name} ${path}`, done.length);
      done.push(`${name} ${path}`);
      const at = done.length - 1;
      const result = await original.apply(this, parameters).catch((error: unknown) => {
        done[at] = `failed ${name} ${path}`;
        throw error;
      });
      if (name === 'open') paths.set(result as FileHandle, path);
      return result;
    };
    replaced.push(() => (owner[name] = original));
  };
  for (const name of folderOperations) replace(promises, name, (_, parameters) => String(parameters[name === 'rename' ? 1 : 0]));
  for (const name of handleOperations) replace(prototype, name, (self) => paths.get(self) ?? '');
  syncBuiltinESMExports();
  undo = () => {
    for (const back of replaced) back();
    syncBuiltinESMExports();
  };
  try {
    await work();
  } finally {
    undo();
  }
  return done;
}
let undo = (): void => undefined;
afterEach(() => undo());

async function expectSound(place: LogPlace, checkpoint: Checkpoint): Promise<void> {
  expect(await readCheckpoint(place, keys)).toEqual(checkpoint);
  expect((await verifyLog(place.directory, keys, { from: [checkpoint.note] })).findings).toEqual([]);
}

describe('an append across full tiles', () => {
  const [from, to] = [254, 258];
  async function start(): Promise<{ place: LogPlace; old: Checkpoint; next: Checkpoint; files: ReadonlyMap<string, string> }> {
    const place = await newPlace();
    const old = await grown(place, from);
    const whole = await copyOf(place);
    const next = await growTo(whole, old, to);
    return { place, old, next, files: await filesOf(whole.directory) };
  }

  it.each(['killed', 'failing'] as const)('%s at every operation in turn', async (how) => {
    const { place, old, next, files } = await start();
    const operations = await watched(() => undefined, async () => growTo(await copyOf(place), old, to));
    expect(operations.length).toBeGreaterThan(30);
    for (let at = 0; at < operations.length; at += 1) {
      const harmed = await copyOf(place);
      let down = false;
      await watched((_operation, count) => {
        // What is killed does nothing any more; a full disk refuses one operation.
        down = how === 'killed' ? down || count >= at : count === at && !down;
        if (down) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      }, () => growTo(harmed, old, to).catch(() => undefined));
      const standing = await readCheckpoint(harmed, keys);
      await expectSound(harmed, standing?.size === to ? next : old);
      expect(await growTo(harmed, old, to)).toEqual(next);
      await expectSound(harmed, next);
      const after = await filesOf(harmed.directory);
      for (const [path, hash] of files) expect([path, after.get(path)]).toEqual([path, hash]);
    }
  });

  it('syncs each file before it takes its place, and each name before the checkpoint promises it', async () => {
    const { place, old } = await start();
    const operations = await watched(() => undefined, () => growTo(place, old, to));
    const isCheckpoint = (operation: string): boolean => operation === `rename ${join(folderOf(place), 'checkpoint')}`;
    const promised = operations.findIndex(isCheckpoint);
    const renames = operations.flatMap((operation, at) => (operation.startsWith('rename ') ? [{ at, path: operation.slice('rename '.length) }] : []));
    // Two tiles at level 0, one above, two bundles, and the checkpoint last.
    expect(renames.map(({ path }) => basename(path))).toEqual(['000', '2', '1', '000', '2', 'checkpoint']);
    for (const { at, path } of renames) {
      const written = operations.slice(0, at).map((operation) => operation.split(' ')[0]);
      expect(written.lastIndexOf('sync')).toBeGreaterThan(written.lastIndexOf('writeFile'));
      if (at === promised) continue;
      for (let folder = dirname(path); folder.length >= folderOf(place).length; folder = dirname(folder)) {
        expect(operations.slice(at, promised)).toContain(`sync ${folder}`);
      }
    }
    expect(operations.slice(promised)).toContain(`sync ${folderOf(place)}`);
  });
});

describe('an append of so much that files are written at once', () => {
  it.each(['killed', 'failing'] as const)('%s at operations all along it', async (how) => {
    const [from, to] = [254, 1700];
    const place = await newPlace();
    const old = await grown(place, from);
    const whole = await copyOf(place);
    const next = await growTo(whole, old, to);
    const files = await filesOf(whole.directory);
    const operations = await watched(() => undefined, async () => growTo(await copyOf(place), old, to));
    let mostAtOnce = 0;
    let unnamed = 0;
    for (const operation of operations) {
      if (operation.startsWith('open ') && operation.includes('/.new-')) unnamed += 1;
      if (operation.startsWith('rename ')) unnamed -= 1;
      mostAtOnce = Math.max(mostAtOnce, unnamed);
    }
    expect(mostAtOnce).toBe(3);
    for (let at = 0; at < operations.length; at += 5) {
      const harmed = await copyOf(place);
      let isDown = false;
      let hasFailed = false;
      await watched((_operation, count) => {
        isDown = how === 'killed' ? isDown || count >= at : count >= at && !hasFailed;
        if (!isDown) return;
        hasFailed = true;
        throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      }, () => growTo(harmed, old, to).catch(() => undefined));
      // Nothing is written any more once the append has ended.
      const left = await filesOf(harmed.directory);
      await expectSound(harmed, (await readCheckpoint(harmed, keys))?.size === to ? next : old);
      expect(await filesOf(harmed.directory)).toEqual(left);
      expect(await growTo(harmed, old, to)).toEqual(next);
      await expectSound(harmed, next);
      const after = await filesOf(harmed.directory);
      for (const [path, hash] of files) expect([path, after.get(path)]).toEqual([path, hash]);
    }
  });
});

describe('an append of a process that made the one before', () => {
  it.each([
    ['within a tile', 100, 120],
    ['across full tiles', 254, 258],
    ['of the first events of a tile', 256, 300],
  ])('%s leaves no name that a power cut could take, and syncs no folder that holds no new one', async (_, from, to) => {
    const place = await newPlace();
    const memory = newLogMemory();
    const old = await growTo(place, await growTo(place, undefined, 50, memory), from, memory);
    const before = new Set(await readdir(folderOf(place), { recursive: true }));
    const operations = await watched(() => undefined, () => growTo(place, old, to, memory));
    const promised = operations.indexOf(`rename ${join(folderOf(place), 'checkpoint')}`);
    const named = operations.slice(0, promised).filter((operation) => operation.startsWith('rename ')).map((operation) => relative(folderOf(place), operation.slice('rename '.length)));
    const changed = new Set<string>();
    // A new file is a new name in its folder; a new folder is one in the folder above it.
    for (const path of named) for (let at = path; at !== '.' && (at === path || !before.has(at)); at = dirname(at)) changed.add(dirname(at));
    const last = operations.findLastIndex((operation, at) => at < promised && operation.startsWith('rename '));
    const isFile = (path: string): boolean => path.startsWith('.new-');
    const synced = operations.slice(last, promised).flatMap((operation) => (operation.startsWith('sync ') ? [relative(folderOf(place), operation.slice('sync '.length)) || '.'] : [])).filter((path) => !isFile(path));
    expect(synced.toSorted()).toEqual([...changed].toSorted());
  });

  it('and that failed at any operation in between, gives the same log', async () => {
    const start = await newPlace();
    const old = await grown(start, 254);
    const next = await growTo(await copyOf(start), old, 258);
    const operations = await watched(() => undefined, async () => growTo(await copyOf(start), old, 258));
    for (let at = 0; at < operations.length; at += 1) {
      const place = await copyOf(start);
      const memory = newLogMemory();
      await watched((_operation, count) => {
        if (count === at) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      }, () => growTo(place, old, 258, memory).catch(() => undefined));
      expect(await growTo(place, old, 258, memory)).toEqual(next);
      await expectSound(place, next);
    }
  });
});

it('the first append of all, killed at every operation in turn', async () => {
  const operations = await watched(() => undefined, async () => grown(await newPlace(), 3));
  for (let at = 0; at < operations.length; at += 1) {
    const place = await newPlace();
    await watched((_operation, count) => {
      if (count >= at) throw new Error('killed');
    }, () => growTo(place, undefined, 3).catch(() => undefined));
    const standing = await readCheckpoint(place, keys);
    expect([undefined, 3]).toContain(standing?.size);
    await expectSound(place, await growTo(place, undefined, 3));
  }
});

it('pruning and putting a checkpoint back, killed at every operation in turn', async () => {
  const place = await newPlace();
  const checkpoint = await grown(place, 520);
  const work = async (on: LogPlace): Promise<void> => {
    await restoreCheckpoint(on, checkpoint.note);
    await pruneEntries(on, checkpoint, 600, signer);
  };
  const operations = await watched(() => undefined, async () => work(await copyOf(place)));
  for (let at = 0; at < operations.length; at += 1) {
    const harmed = await copyOf(place);
    await watched((_operation, count) => {
      if (count >= at) throw new Error('killed');
    }, () => work(harmed).catch(() => undefined));
    await expectSound(harmed, checkpoint);
    await work(harmed);
    await expectSound(harmed, checkpoint);
  }
});
