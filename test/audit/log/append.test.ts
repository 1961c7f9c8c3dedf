// The log on disk: the same bytes however it grew, as the documents of C2SP say, and nothing appended to what is not what was signed.
import { appendFile, chmod, mkdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendEntries, encodeEntry, folderOf, inclusionProof, LogDamagedError, makeProofFile, newLogMemory, originOf, parseEntry, readCheckpoint, readEntries, restoreCheckpoint, type Checkpoint, type LogPlace } from '../../../src/audit/log/log.js';
import { verifyLog } from '../../../src/audit/log/verify.js';
import { formatVerifierKey, leafHash, parseProof, rootOfInclusion } from '../../../src/tlog/index.js';
import { merkleTreeHash, verifyIndependently } from './independent-verifier.js';
import { copyOf, entriesOf, entry, filesOf, growTo, grown, key, keys, newPlace, signer, temporaryFolder } from './support.js';

const vkey = formatVerifierKey(key);
const independent = (place: LogPlace): readonly string[] => verifyIndependently(folderOf(place), 'c07', vkey).map(String);
const texts = (size: number): readonly string[] => entriesOf(0, size).map(String);

describe('a log', () => {
  it('has no checkpoint before its first event', async () => {
    expect(await readCheckpoint(await newPlace(), keys)).toBeUndefined();
  });

  it('may begin with no event at all', async () => {
    const place = await newPlace();
    const empty = await appendEntries(place, signer, undefined, []);
    expect(empty.size).toBe(0);
    expect((await growTo(place, empty, 3)).size).toBe(3);
    expect(independent(place)).toEqual(texts(3));
  });

  it.each([1, 2, 255, 256, 257, 511, 512, 513, 1000])('of %i events is what the documents say, and reads back', async (size) => {
    const place = await newPlace();
    const checkpoint = await grown(place, size);
    expect(independent(place)).toEqual(texts(size));
    expect(await readCheckpoint(place, keys)).toEqual(checkpoint);
    expect((await readEntries(place, size, 0, size)).map(String)).toEqual(texts(size));
    expect((await readEntries(place, size, size - 1, size)).map(String)).toEqual([String(entry(size))]);
    expect(checkpoint.note.split('\n').slice(0, 2)).toEqual([originOf(place), String(size)]);
  });

  it('has the same full files and the same checkpoint however its events came in', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 254, max: 258 })), { minLength: 1, maxLength: 5 }), async (counts) => {
      const sizes = counts.map((_, at) => counts.slice(0, at + 1).reduce((sum, count) => sum + count, 0));
      const [split, whole] = [await newPlace(), await newPlace()];
      const checkpoint = await grown(split, ...sizes);
      const size = checkpoint.size;
      expect(await grown(whole, size)).toEqual(checkpoint);
      const files = await filesOf(split.directory);
      for (const [path, hash] of await filesOf(whole.directory)) expect([path, files.get(path)]).toEqual([path, hash]);
      expect(independent(split)).toEqual(texts(size));
    }), { numRuns: 12 });
  });

  it('of 66,000 events grows at two levels, and keeps no partial file of a tile that is full', async () => {
    const place = await newPlace();
    await grown(place, 65_535, 65_536, 66_000);
    const paths = [...(await filesOf(folderOf(place))).keys()];
    expect(paths.filter((path) => path.includes('.p/'))).toEqual(['tile/0/257.p/208', 'tile/1/001.p/1', 'tile/2/000.p/1', 'tile/entries/257.p/208']);
    expect(paths).toHaveLength(4 + 257 + 257 + 1 + 1);
    expect(independent(place)).toHaveLength(66_000);
  });

  it('is written with modes that no setting changes', async () => {
    const place = await newPlace();
    await grown(place, 300);
    const mode = async (path: string): Promise<string> => ((await stat(join(folderOf(place), path))).mode & 0o777).toString(8);
    expect([await mode('checkpoint'), await mode('tile/0/000'), await mode('tile'), await mode('.')]).toEqual(['640', '640', '750', '750']);
  });

  it('refuses an entry that no bundle can hold, and stays as it was', async () => {
    const place = await newPlace();
    const checkpoint = await grown(place, 3);
    const before = await filesOf(place.directory);
    await expect(appendEntries(place, signer, checkpoint, [entry(4), Buffer.alloc(65_536)])).rejects.toThrow('an entry of the log must have at most 65535 bytes: the one of leaf 4 has 65536');
    expect(await filesOf(place.directory)).toEqual(before);
  });
});

describe('what a process remembers of a log', () => {
  it('changes nothing of what it writes, however its events came in', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 254, max: 258 })), { minLength: 2, maxLength: 5 }), async (counts) => {
      const [place, other] = [await newPlace(), await newPlace()];
      const memory = newLogMemory();
      let [checkpoint, same]: (Checkpoint | undefined)[] = [];
      for (const count of counts) {
        checkpoint = await growTo(place, checkpoint, (checkpoint?.size ?? 0) + count, memory);
        same = await growTo(other, same, checkpoint.size);
      }
      expect(checkpoint).toEqual(same);
      expect(await filesOf(place.directory)).toEqual(await filesOf(other.directory));
    }), { numRuns: 8 });
  });

  it('is of no use when another process went on, or the log was put back', async () => {
    const place = await newPlace();
    const memory = newLogMemory();
    const first = await growTo(place, undefined, 100, memory);
    const backup = await copyOf(place);
    const second = await growTo(place, first, 200);
    const third = await growTo(place, second, 300, memory);
    await growTo(backup, await growTo(backup, first, 400, memory), 500, memory);
    await growTo(place, third, 500, memory);
    expect(independent(place)).toEqual(texts(500));
    expect(independent(backup)).toEqual(texts(500));
  });

  it('spares no signature that is not the one it knows', async () => {
    const place = await newPlace();
    const memory = newLogMemory();
    const { note } = await growTo(place, undefined, 3, memory);
    expect(await readCheckpoint(place, keys, memory)).toBe(memory.checkpoints.get(originOf(place)));
    for (const bent of [note.replace('\n3\n', '\n4\n'), note.replace(/.(?=.{6}\n$)/, (character) => (character === 'A' ? 'B' : 'A'))]) {
      await writeFile(join(folderOf(place), 'checkpoint'), bent);
      await expect(readCheckpoint(place, keys, memory)).rejects.toThrow('it is not signed by a known key');
    }
  });
});

describe('two writers with the same events at once', () => {
  it('make one log', async () => {
    const place = await newPlace();
    const from = await grown(place, 200);
    const made = await Promise.all([growTo(place, from, 600), growTo(place, from, 600), growTo(place, from, 600)]);
    expect(made[1]).toEqual(made[0]);
    expect(independent(place)).toEqual(texts(600));
  });

  it('the later one, with fewer, does not put an older checkpoint in place', async () => {
    const place = await newPlace();
    const from = await grown(place, 200);
    const newest = await growTo(place, from, 600);
    expect((await growTo(place, from, 300)).size).toBe(300);
    expect(await readCheckpoint(place, keys)).toEqual(newest);
    expect(independent(place)).toEqual(texts(600));
  });

  it('the later one, with more, goes on from what the first one wrote', async () => {
    const place = await newPlace();
    const from = await grown(place, 200);
    await growTo(place, from, 300);
    expect((await growTo(place, from, 600)).size).toBe(600);
    expect(independent(place)).toEqual(texts(600));
  });

  it.each([150, 300, 500])('with other events: the later one is refused, and writes nothing (of %i)', async (size) => {
    const place = await newPlace();
    const from = await grown(place, 100);
    await growTo(place, from, 300);
    const before = await filesOf(place.directory);
    const others = Array.from({ length: size - 100 }, (_, at) => encodeEntry(7, 101 + at, '"other"'));
    await expect(appendEntries(place, signer, from, others)).rejects.toThrow('holds other events behind size 100');
    expect(await filesOf(place.directory)).toEqual(before);
  });
});

describe('nothing is appended, and nothing signed, when', () => {
  const size = 300;
  const cases: readonly (readonly [what: string, harm: (folder: string) => Promise<unknown>])[] = [
    ['the checkpoint was removed', (folder) => rm(join(folder, 'checkpoint'))],
    ['the checkpoint is empty', (folder) => truncate(join(folder, 'checkpoint'))],
    ['the checkpoint is a symbolic link', async (folder) => {
      await rename(join(folder, 'checkpoint'), join(folder, 'elsewhere'));
      await symlink('elsewhere', join(folder, 'checkpoint'));
    }],
    ['the checkpoint is a folder', async (folder) => {
      await rm(join(folder, 'checkpoint'));
      await mkdir(join(folder, 'checkpoint'));
    }],
    ['the whole folder was removed', (folder) => rm(folder, { recursive: true })],
    ['the folder was renamed', (folder) => rename(folder, `${folder}-old`)],
    ['a tile of the right edge was removed', (folder) => rm(join(folder, 'tile/0/001.p/44'))],
    ['a tile of the right edge was cut', (folder) => truncate(join(folder, 'tile/1/000.p/1'), 31)],
    ['a tile of the right edge was changed', (folder) => writeFile(join(folder, 'tile/1/000.p/1'), Buffer.alloc(32))],
    ['the last bundle was removed', (folder) => rm(join(folder, 'tile/entries/001.p/44'))],
    ['the last bundle was cut', (folder) => truncate(join(folder, 'tile/entries/001.p/44'), 100)],
    ['the last bundle was extended', (folder) => appendFile(join(folder, 'tile/entries/001.p/44'), Buffer.of(0, 0))],
    ['an entry of the last bundle was changed', async (folder) => {
      const path = join(folder, 'tile/entries/001.p/44');
      await writeFile(path, (await readFile(path, 'latin1')).replace('account-270', 'account-271'), 'latin1');
    }],
  ];
  it.each(cases)('%s', async (_what, harm) => {
    const place = await newPlace();
    const checkpoint = await grown(place, size);
    await harm(folderOf(place));
    await expect(growTo(place, checkpoint, 320)).rejects.toThrow(LogDamagedError);
    expect([...(await filesOf(place.directory)).keys()].filter((path) => path.includes('.p/64'))).toEqual([]);
  });

  it.each(cases)('%s, whatever the process remembers', async (_what, harm) => {
    const place = await newPlace();
    const memory = newLogMemory();
    const checkpoint = await growTo(place, await growTo(place, undefined, 280, memory), size, memory);
    await harm(folderOf(place));
    await expect(growTo(place, checkpoint, 320, memory)).rejects.toThrow(LogDamagedError);
    expect([...(await filesOf(place.directory)).keys()].filter((path) => path.includes('.p/64'))).toEqual([]);
  });

  it('an older checkpoint stands there', async () => {
    const place = await newPlace();
    const old = await grown(place, 280);
    const checkpoint = await growTo(place, old, size);
    await writeFile(join(folderOf(place), 'checkpoint'), old.note);
    await expect(growTo(place, checkpoint, 320)).rejects.toThrow('has size 280, but 300 was signed already');
  });
});

describe('a partial folder that somebody replaced by a symbolic link to another folder', () => {
  it.each(['tile/0/000.p', 'tile/entries/000.p'])('costs that folder nothing when the tile becomes full, and the log is sound: %s', async (path) => {
    for (const memory of [undefined, newLogMemory()]) {
      const place = await newPlace();
      const old = await growTo(place, undefined, 200, memory);
      const other = join(await temporaryFolder(), 'other');
      await rename(join(folderOf(place), path), other);
      await symlink(other, join(folderOf(place), path));
      await mkdir(join(other, 'folder'));
      for (const name of ['of-somebody', 'folder/of-somebody']) await writeFile(join(other, name), 'kept');
      const before = await filesOf(other);
      expect([...before.keys()]).toEqual(['200', 'folder/of-somebody', 'of-somebody']);
      const checkpoint = await growTo(place, old, 300, memory);
      expect(await filesOf(other)).toEqual(before);
      expect(independent(place)).toEqual(texts(300));
      expect(await readCheckpoint(place, keys)).toEqual(checkpoint);
      expect((await verifyLog(place.directory, keys, { from: [old.note, checkpoint.note] })).findings).toEqual([]);
    }
  });
});

describe('a checkpoint that is put back', () => {
  it('lets the log go on, whether it was removed, changed, or replaced by an older one', async () => {
    const place = await newPlace();
    const old = await grown(place, 280);
    const checkpoint = await growTo(place, old, 300);
    const path = join(folderOf(place), 'checkpoint');
    for (const harm of [() => rm(path), () => writeFile(path, 'x'), () => writeFile(path, old.note)]) {
      await harm();
      await restoreCheckpoint(place, checkpoint.note);
      expect(await readCheckpoint(place, keys)).toEqual(checkpoint);
    }
    await growTo(place, checkpoint, 320);
    expect(independent(place)).toEqual(texts(320));
  });

  it('is refused when the files do not fit it, and when it is of another log', async () => {
    const place = await newPlace();
    const checkpoint = await grown(place, 300);
    const longer = await growTo(await copyOf(place), checkpoint, 310);
    const other = await grown({ ...(await newPlace()), cell: 8 }, 300);
    for (const { note } of [longer, other]) await expect(restoreCheckpoint(place, note)).rejects.toThrow(LogDamagedError);
    await rm(join(folderOf(place), 'tile/entries/001.p/44'));
    await expect(restoreCheckpoint(place, checkpoint.note)).rejects.toThrow(LogDamagedError);
  });
});

describe('reading', () => {
  it('names the event that is not what was sealed', async () => {
    const place = await newPlace();
    await grown(place, 300);
    const path = join(folderOf(place), 'tile/entries/000');
    await writeFile(path, (await readFile(path, 'latin1')).replace('account-123"', 'account-124"'), 'latin1');
    await expect(readEntries(place, 300, 100, 200)).rejects.toThrow('event `7-123` is not what was sealed');
    expect(await readEntries(place, 300, 256, 300)).toHaveLength(44);
  });

  it('refuses a checkpoint that another key signed, or of another place', async () => {
    const place = await newPlace();
    await grown(place, 3);
    await expect(readCheckpoint(place, [])).rejects.toThrow('it is not signed by a known key');
    await expect(readCheckpoint(place, [{ ...key, name: 'agency-sts/0000000000000000' }])).rejects.toThrow(LogDamagedError);
    await rename(folderOf(place), folderOf({ ...place, cell: 8 }));
    await expect(readCheckpoint({ ...place, cell: 8 }, keys)).rejects.toThrow('its origin is');
  });

  it.runIf(process.getuid?.() !== 0)('a checkpoint that may not be read is a damaged log', async () => {
    const place = await newPlace();
    await grown(place, 3);
    await chmod(join(folderOf(place), 'checkpoint'), 0);
    await expect(readCheckpoint(place, keys)).rejects.toThrow(LogDamagedError);
  });

  it('an older size of a log that has grown still has its entries and proofs', async () => {
    const place = await newPlace();
    const old = await grown(place, 100);
    await growTo(place, old, 1000);
    expect((await readEntries(place, 100, 90, 100)).map(String)).toEqual(texts(100).slice(90));
    const proof = parseProof(await inclusionProof(place, old, 42));
    expect(rootOfInclusion({ leafHash: leafHash(entry(43)), index: 42, size: 100, proof: proof.hashes })).toEqual(merkleTreeHash(entriesOf(0, 100).map(leafHash)));
  });

  it('proves every event of a log', async () => {
    const place = await newPlace();
    const checkpoint = await grown(place, 300, 530);
    for (let index = 0; index < 530; index += 13) {
      const proof = parseProof(await inclusionProof(place, checkpoint, index));
      expect(rootOfInclusion({ leafHash: leafHash(entry(index + 1)), index, size: 530, proof: proof.hashes })).toEqual(checkpoint.root);
    }
    expect((await makeProofFile(place, checkpoint, 529)).event_id).toBe('7-530');
    for (const index of [-1, 530]) await expect(inclusionProof(place, checkpoint, index)).rejects.toThrow(RangeError);
  });
});

describe('an entry', () => {
  it('is the id and the event, as JSON', () => {
    expect(String(encodeEntry(7, 123, '[1,"é"]'))).toBe('["7-123",[1,"é"]]');
    expect(parseEntry(encodeEntry(7, 123, '[1,"é"]'))).toEqual({ id: '7-123', cell: 7, sequence: 123, record: '[1,"é"]' });
  });

  it.each(['', '["7-123"]', '["7-0",1]', '["07-1",1]', '["7-01",1]', '["7-1",]', '["7-1",1', '["7-1", 1],2]', '["7-1",1]\n', ' ["7-1",1]', '\ufeff["7-1",1]', '{"7-1":1}'])('is not %j', (text) => expect(() => parseEntry(Buffer.from(text))).toThrow());
  it('is no text with bytes that are not UTF-8', () => expect(() => parseEntry(Buffer.from('["7-1","\xff"]', 'latin1'))).toThrow('the entry is not UTF-8'));
});
