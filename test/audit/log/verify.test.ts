// Verification of a log: every way to tamper with it is found, and the exact event is named where that can be proved.
import { mkdir, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { appendEntries, encodeEntry, folderOf, pruneEntries, PrunedError, readEntries, inclusionProof, signerOf, type Checkpoint, type LogPlace } from '../../../src/audit/log/log.js';
import { verifyLog, type Finding } from '../../../src/audit/log/verify.js';
import { decodeBundle, encodeBundle, encodeHashes, formatNote, leafHash, parseNote, signatureLine } from '../../../src/tlog/index.js';
import { copyOf, entriesOf, entry, filesOf, growTo, grown, key, keys, name, newPlace, signer } from './support.js';

const size = 1000;
let sound: LogPlace;
let older: Checkpoint;
let newest: Checkpoint;
beforeAll(async () => {
  sound = { directory: await mkdtemp(join(tmpdir(), 'agency-sts-verify-')), name, cell: 7 };
  older = await grown(sound, 700);
  newest = await growTo(sound, older, size);
  await grown({ ...sound, cell: 3 }, 260);
  return () => rm(sound.directory, { recursive: true });
});

const shown = ({ kind, firstEvent, lastEvent, file }: Finding): string =>
  [kind, ...(firstEvent === undefined ? [] : [firstEvent === lastEvent ? firstEvent : `${firstEvent}..${lastEvent ?? ''}`]), ...(file === undefined ? [] : [file])].join(' ');

async function findingsIn(directory: string, from: readonly string[] = []): Promise<readonly string[]> {
  return (await verifyLog(directory, keys, { from })).findings.map(shown);
}

type Change = (entries: Buffer[]) => Buffer[];
const bundle = 'tile/entries/001';
async function changeBundle(folder: string, change: Change, path = bundle): Promise<void> {
  await writeFile(join(folder, path), encodeBundle(change([...decodeBundle(await readFile(join(folder, path)))])));
}

/** Writes a whole log anew, as somebody does who can do all but sign. */
async function rewrite(place: LogPlace, entries: readonly Buffer[], note = newest.note): Promise<void> {
  const folder = folderOf(place);
  await rm(folder, { recursive: true });
  const pair = generateKeyPairSync('ed25519');
  await appendEntries(place, signerOf(pair.privateKey, pair.publicKey), undefined, entries);
  await writeFile(join(folder, 'checkpoint'), note);
}

const edited = (sequence: number): Buffer => encodeEntry(7, sequence, '"edited"');
const without = (sequence: number): readonly Buffer[] => entriesOf(0, size).filter((_, at) => at !== sequence - 1);

describe('a log that is what was signed', () => {
  it('has no findings, alone and against every older checkpoint of its cells', async () => {
    const report = await verifyLog(sound.directory, keys, { from: [older.note, newest.note] });
    expect(report.findings).toEqual([]);
    expect(report.cells.map(({ cell, name: of, size: events, minimumIndex, filesBehind }) => [cell, of, events, minimumIndex, filesBehind])).toEqual([[3, name, 260, 0, 0], [7, name, size, 0, 0]]);
  });

  it.each([1, 255, 256, 257, 512, 65_537])('has none with %i events', async (count) => {
    const place = await newPlace();
    await grown(place, count);
    expect(await findingsIn(place.directory)).toEqual([]);
  });

  it('still has none with a crash behind it: files behind the checkpoint and the rest of an append are only counted', async () => {
    const place = await copyOf(sound);
    await writeFile(join(folderOf(place), 'tile/entries/003.p/240'), 'x');
    await mkdir(join(folderOf(place), '.new-abcdef'));
    await writeFile(join(folderOf(place), '.new-abcdef/file'), 'x');
    await mkdir(join(place.directory, 'lost+found'));
    const report = await verifyLog(place.directory, keys);
    expect([report.findings, report.cells[1]?.filesBehind]).toEqual([[], 1]);
  });

  it('is verified with the key of before a rotation and the one of after it, and keeps signatures that it does not know', async () => {
    const place = await copyOf(sound);
    const pair = generateKeyPairSync('ed25519');
    const next = await appendEntries(place, signerOf(pair.privateKey, pair.publicKey), newest, entriesOf(size, size + 5));
    const witness = generateKeyPairSync('ed25519');
    await writeFile(join(folderOf(place), 'checkpoint'), next.note + signatureLine('witness.example', witness.privateKey, witness.publicKey, parseNote(next.note).text));
    expect((await verifyLog(place.directory, [{ name, publicKey: pair.publicKey }, key], { from: [older.note] })).findings).toEqual([]);
    expect((await verifyLog(place.directory, keys, { from: [older.note] })).findings.map(({ kind }) => kind)).toContain('checkpoint');
  });
});

/** Bundle 1 holds the events 257 to 512. */
const tampered: readonly (readonly [what: string, harm: (place: LogPlace, folder: string) => Promise<unknown>, expected: readonly string[]])[] = [
  ['an event edited', (_, folder) => changeBundle(folder, (all) => all.with(43, edited(300))), ['changed 7-300']],
  ['two events edited', (_, folder) => changeBundle(folder, (all) => all.with(43, edited(300)).with(255, edited(512))), ['changed 7-300', 'changed 7-512']],
  ['an event replaced by no event', (_, folder) => changeBundle(folder, (all) => all.with(43, Buffer.from('x'))), ['changed 7-300']],
  ['an event deleted', (_, folder) => changeBundle(folder, (all) => all.toSpliced(43, 1)), ['deleted 7-300']],
  ['the last event of the last bundle deleted', (_, folder) => changeBundle(folder, (all) => all.slice(0, -1), 'tile/entries/003.p/232'), ['deleted 7-1000']],
  ['two neighbours swapped', (_, folder) => changeBundle(folder, (all) => all.with(43, entry(301)).with(44, entry(300))), ['reordered 7-300']],
  ['an event moved far', (_, folder) => changeBundle(folder, (all) => all.toSpliced(43, 1).toSpliced(200, 0, entry(300))), ['reordered 7-300']],
  ['an event inserted', (_, folder) => changeBundle(folder, (all) => all.toSpliced(43, 0, encodeEntry(7, 300, '"more"'))), ['inserted']],
  ['an event doubled', (_, folder) => changeBundle(folder, (all) => all.toSpliced(43, 0, entry(299))), ['inserted']],
  ['an event of another cell inserted', (_, folder) => changeBundle(folder, (all) => all.toSpliced(43, 0, entry(300, 3))), ['inserted']],
  ['a deleted event in one bundle, and all others moved up', async (_, folder) => {
    const all = without(300);
    await changeBundle(folder, () => all.slice(256, 512));
    await changeBundle(folder, () => all.slice(512, 768), 'tile/entries/002');
    await changeBundle(folder, () => all.slice(768), 'tile/entries/003.p/232');
  }, ['reordered 7-513', 'deleted 7-300', 'reordered 7-769']],
  ['an event edited together with its hash', async (_, folder) => {
    await changeBundle(folder, (all) => all.with(43, edited(300)));
    await writeFile(join(folder, 'tile/0/001'), encodeHashes(entriesOf(256, 512).with(43, edited(300)).map(leafHash)));
  }, ['changed-range 7-257..7-512']],
  ['an event edited together with all hashes', (place) => rewrite(place, entriesOf(0, size).with(299, edited(300))), ['changed-range 7-1..7-1000']],
  ['an event deleted together with all hashes', (place) => rewrite(place, [...without(300), entry(1001)]), ['deleted 7-300']],
  ['two events swapped together with all hashes', (place) => rewrite(place, entriesOf(0, size).with(299, entry(301)).with(300, entry(300))), ['reordered 7-300']],
  ['an event inserted together with all hashes', (place) => rewrite(place, entriesOf(0, size).toSpliced(299, 0, entry(200)).slice(0, size)), ['inserted', 'deleted 7-1000']],
  ['a hash changed', (_, folder) => writeFile(join(folder, 'tile/0/001'), Buffer.alloc(8192, 1)), ['damaged-file c07/tile/0/001']],
  ['a hash of the right edge changed', (_, folder) => writeFile(join(folder, 'tile/0/003.p/232'), Buffer.alloc(232 * 32, 1)), ['damaged-file c07/tile/0/003.p/232']],
  ['a hash of hashes changed', (_, folder) => writeFile(join(folder, 'tile/1/000.p/3'), Buffer.alloc(96, 1)), ['damaged-file c07/tile/1/000.p/3']],
  ['a tile cut', (_, folder) => truncate(join(folder, 'tile/0/001'), 8191), ['missing-file c07/tile/0/001']],
  ['a tile removed', (_, folder) => rm(join(folder, 'tile/0/001')), ['missing-file c07/tile/0/001']],
  ['a bundle removed', (_, folder) => rm(join(folder, bundle)), ['missing-file 7-257..7-512 c07/tile/entries/001']],
  ['a bundle and its tile removed', async (_, folder) => {
    await rm(join(folder, bundle));
    await rm(join(folder, 'tile/0/001'));
  }, ['missing-file c07/tile/0/001', 'missing-file 7-257..7-512 c07/tile/entries/001']],
  ['a bundle cut', (_, folder) => truncate(join(folder, bundle), 100), ['missing-file 7-257..7-512 c07/tile/entries/001']],
  ['a bundle replaced by a symbolic link', async (place, folder) => {
    await rename(join(folder, bundle), join(place.directory, '.elsewhere'));
    await symlink(join(place.directory, '.elsewhere'), join(folder, bundle));
  }, ['missing-file 7-257..7-512 c07/tile/entries/001', 'foreign-file c07/tile/entries/001']],
  ['a partial file that says something else', (_, folder) => changeBundle(folder, (all) => all.with(3, edited(516)), 'tile/entries/002.p/188'), ['damaged-file c07/tile/entries/002.p/188']],
  ['a foreign file in the log', (_, folder) => writeFile(join(folder, 'tile/0/notes.txt'), 'x'), ['foreign-file c07/tile/0/notes.txt']],
  ['a foreign file beside the logs', (place) => writeFile(join(place.directory, 'notes.txt'), 'x'), ['foreign-file notes.txt']],
  ['the checkpoint removed', (_, folder) => rm(join(folder, 'checkpoint')), ['checkpoint c07/checkpoint']],
  ['a byte of the signature changed', (_, folder) => writeFile(join(folder, 'checkpoint'), newest.note.replace(/.(.{10}\n)$/, (_all, end: string) => `A${end}`)), ['checkpoint c07/checkpoint']],
  ['the checkpoint signed by another key', async (_, folder) => {
    const other = generateKeyPairSync('ed25519');
    const { text } = parseNote(newest.note);
    await writeFile(join(folder, 'checkpoint'), formatNote(text, signatureLine(`${name}/c07`, other.privateKey, other.publicKey, text)));
  }, ['checkpoint c07/checkpoint']],
  ['two cells swapped', async (place, folder) => {
    await rename(folder, join(place.directory, '.x'));
    await rename(join(place.directory, 'c03'), folder);
    await rename(join(place.directory, '.x'), join(place.directory, 'c03'));
  }, ['checkpoint c03/checkpoint', 'checkpoint c07/checkpoint']],
  ['the name of a cell replaced by a link to another', async (_, folder) => {
    await rm(folder, { recursive: true });
    await symlink('c03', folder);
  }, ['foreign-file c07']],
];

describe('found, alone', () => {
  it.each(tampered)('%s', async (_what, harm, expected) => {
    const place = await copyOf(sound);
    await partialOf(folderOf(place));
    await harm(place, folderOf(place));
    expect(await findingsIn(place.directory)).toEqual(expected);
  });

  /** As it stands before best effort removes it: the partial bundle of size 700. */
  async function partialOf(folder: string): Promise<void> {
    await mkdir(join(folder, 'tile/entries/002.p'), { recursive: true });
    await writeFile(join(folder, 'tile/entries/002.p/188'), encodeBundle(entriesOf(512, 700)));
  }

  it('an empty folder, where the log was', async () => {
    expect(await findingsIn((await newPlace()).directory)).toEqual(['missing-log']);
  });
});

describe('found with an older checkpoint', () => {
  it('the tail cut, together with the checkpoint', async () => {
    const place = await newPlace();
    await grown(place, 700);
    expect(await findingsIn(place.directory)).toEqual([]);
    expect(await findingsIn(place.directory, [newest.note])).toEqual(['cut 7-701..7-1000']);
  });

  it('the whole log replaced by a shorter one that is consistent in itself', async () => {
    const place = await newPlace();
    await appendEntries(place, signer, undefined, entriesOf(0, 650).with(99, edited(100)));
    expect(await findingsIn(place.directory)).toEqual([]);
    expect(await findingsIn(place.directory, [older.note])).toEqual(['cut 7-651..7-700']);
  });

  it.each([700, 1000])('a fork, at the same size and beyond it (%i)', async (events) => {
    const place = await newPlace();
    await appendEntries(place, signer, undefined, entriesOf(0, events).with(99, edited(100)));
    expect(await findingsIn(place.directory)).toEqual([]);
    expect(await findingsIn(place.directory, [older.note])).toEqual(['fork']);
  });

  it('a log that is gone, and one of another installation', async () => {
    const place = await copyOf(sound);
    await rm(folderOf(place), { recursive: true });
    expect(await findingsIn(place.directory, [older.note])).toEqual(['missing-log']);
    const elsewhere = { ...place, name: 'agency-sts/ffffffffffffffff' };
    await grown(elsewhere, 5);
    expect(await findingsIn(place.directory)).toEqual(['checkpoint c07/checkpoint']);
    expect((await verifyLog(place.directory, [key, { ...key, name: elsewhere.name }])).findings.map(shown)).toEqual(['mixed-installations']);
  });

  it('what was changed, more closely', async () => {
    const place = await copyOf(sound);
    await rewrite(place, entriesOf(0, size).with(899, edited(900)));
    expect(await findingsIn(place.directory, [older.note])).toEqual(['changed-range 7-701..7-1000']);
  });

  it('what was changed where the checkpoint itself is gone', async () => {
    const place = await copyOf(sound);
    await changeBundle(folderOf(place), (all) => all.with(43, edited(300)));
    await rm(join(folderOf(place), 'checkpoint'));
    expect(await findingsIn(place.directory, [older.note])).toEqual(['checkpoint c07/checkpoint', 'changed 7-300']);
  });

  it('which must itself be signed', async () => {
    await expect(verifyLog(sound.directory, keys, { from: [older.note.replace('\n700\n', '\n701\n')] })).rejects.toThrow('the older checkpoint 1 cannot be used: it is not signed by a known key');
    await expect(verifyLog(sound.directory, keys, { from: ['x'] })).rejects.toThrow('the older checkpoint 1 cannot be used');
  });
});

describe('a log that is pruned', () => {
  async function pruned(): Promise<LogPlace> {
    const place = await copyOf(sound);
    expect(await pruneEntries(place, newest, 600, signer)).toBe(512);
    return place;
  }

  it('keeps every hash: what is left is verified, also against checkpoints from before, and all proofs still hold', async () => {
    const place = await pruned();
    const files = [...(await filesOf(folderOf(place))).keys()];
    expect(files.filter((file) => file.startsWith('tile/entries'))).toEqual(['tile/entries/002', 'tile/entries/003.p/232']);
    const report = await verifyLog(place.directory, keys, { from: [older.note] });
    expect([report.findings, report.cells[1]?.minimumIndex]).toEqual([[], 512]);
    await inclusionProof(place, newest, 3);
    await expect(readEntries(place, size, 511, 513)).rejects.toThrow(PrunedError);
    expect(await readEntries(place, size, 512, 513)).toEqual([entry(513)]);
  });

  it('goes on, is pruned again, and never brings anything back', async () => {
    const place = await pruned();
    const next = await growTo(place, newest, 1100);
    expect(await pruneEntries(place, next, 100, signer)).toBe(512);
    expect(await pruneEntries(place, next, 5000, signer)).toBe(1024);
    expect(await findingsIn(place.directory, [older.note, newest.note])).toEqual([]);
  });

  it('after a crash in the middle: the next run removes the rest', async () => {
    const place = await pruned();
    await writeFile(join(folderOf(place), bundle), encodeBundle(entriesOf(256, 512)));
    expect(await findingsIn(place.directory)).toEqual([]);
    await pruneEntries(place, newest, 600, signer);
    await expect(readFile(join(folderOf(place), bundle))).rejects.toThrow('ENOENT');
  });

  it.each<[what: string, harm: (folder: string) => Promise<unknown>, expected: readonly string[]]>([
    ['is told from one whose events were deleted', (folder) => rm(join(folder, 'minimum-index')), ['missing-file 7-1..7-256 c07/tile/entries/000', 'missing-file 7-257..7-512 c07/tile/entries/001']],
    ['must have signed how far', async (folder) => writeFile(join(folder, 'minimum-index'), (await readFile(join(folder, 'minimum-index'), 'utf8')).replace('512', '768')),
      ['minimum-index', 'missing-file 7-1..7-256 c07/tile/entries/000', 'missing-file 7-257..7-512 c07/tile/entries/001']],
    ['must have the checkpoint of that moment', (folder) => rm(join(folder, 'pruned/512')), ['checkpoint']],
    ['is verified in what it still has', (folder) => changeBundle(folder, (all) => all.with(0, edited(513)), 'tile/entries/002'), ['changed 7-513']],
  ])('%s', async (_what, harm, expected) => {
    const place = await pruned();
    await harm(folderOf(place));
    expect(await findingsIn(place.directory)).toEqual(expected);
  });

  it('is not pruned by a checkpoint that its tiles do not fit', async () => {
    const place = await copyOf(sound);
    await expect(pruneEntries(place, { ...newest, root: older.root }, 600, signer)).rejects.toThrow('do not give the root');
    expect(await findingsIn(place.directory)).toEqual([]);
  });
});
