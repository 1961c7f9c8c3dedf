// The formats of C2SP: tiles, bundles, verifier keys, signed notes, checkpoints and proofs, each read strictly.
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeBundle, decodeHashes, encodeBundle, FormatError, formatCheckpoint, formatNote, formatProof, formatVerifierKey, keyId, leafHash, nodeHash, parseCheckpoint, parseNote, parseProof, parseTilePath,
  parseVerifierKey, rightEdge, signatureLine, tilePath, verifyNote, verifyProof, widthOf,
} from '../../src/tlog/index.js';

describe('a tile path', () => {
  it.each([
    ['tile/0/000', 0, 0, 256], ['tile/0/x001/x234/067', 0, 1_234_067, 256], ['tile/entries/x001/000', 'entries', 1000, 256],
    ['tile/0/273.p/112', 0, 273, 112], ['tile/2/000.p/1', 2, 0, 1], ['tile/entries/999.p/255', 'entries', 999, 255],
  ] as const)('%s', (path, level, index, width) => {
    expect(tilePath({ level, index, width })).toBe(path);
    expect(parseTilePath(path)).toEqual({ level, index, width });
  });

  it.each([
    'tile/0/0', 'tile/0/00', 'tile/0/0000', 'tile/00/000', 'tile/0/x000/001', 'tile/0/001/002', 'tile/0/x001/x002', 'tile/0/000.p/0', 'tile/0/000.p/256', 'tile/0/000.p/01', 'tile/0/000.p/', 'tile/entry/000', 'tile/-1/000',
    'tile/0/../000', '/tile/0/000', 'tile/0/000/', 'tile/0/x999/x999/x999/x999/x999/x999/999', 'checkpoint', '',
  ])('is not `%s`', (path) => expect(parseTilePath(path)).toBeUndefined());

  it('is read as it was written, for any tile', () => {
    fc.assert(fc.property(fc.oneof(fc.constant('entries' as const), fc.nat(6)), fc.nat(10_000_000), fc.integer({ min: 1, max: 256 }), (level, index, width) => {
      expect(parseTilePath(tilePath({ level, index, width }))).toEqual({ level, index, width });
    }));
  });

  it.each([[0, []], [255, [[0, 0, 255]]], [256, [[0, 1, 0], [1, 0, 1]]], [70_000, [[0, 273, 112], [1, 1, 17], [2, 0, 1]]]])('of the right edge of %i leaves', (size, edge) => {
    expect(rightEdge(size).map(({ level, index, width }) => [level, index, width])).toEqual(edge);
  });

  it('has a width that the size of the log gives', () => {
    expect([widthOf(0, 272, 70_000), widthOf(0, 273, 70_000), widthOf(0, 274, 70_000), widthOf('entries', 273, 70_000), widthOf(1, 1, 70_000), widthOf(3, 0, 70_000)]).toEqual([256, 112, 0, 112, 17, 0]);
  });
});

describe('a bundle', () => {
  it('gives back the entries it was made of', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 20 }), (entries) => {
      const buffers = entries.map((entry) => Buffer.from(entry));
      expect(decodeBundle(encodeBundle(buffers)).map((entry) => entry.toString('hex'))).toEqual(buffers.map((entry) => entry.toString('hex')));
    }));
  });

  it('holds an entry of 65,535 bytes, and refuses a longer one', () => {
    expect(decodeBundle(encodeBundle([Buffer.alloc(65_535, 1)]))[0]).toHaveLength(65_535);
    expect(() => encodeBundle([Buffer.alloc(65_536)])).toThrow('an entry must have at most 65535 bytes, not 65536');
  });

  it.each([Buffer.of(0), Buffer.of(0, 1), Buffer.of(0, 2, 1), Buffer.of(0, 0, 0)])('that is cut is refused', (bytes) => expect(() => decodeBundle(bytes)).toThrow(FormatError));

  it('of hashes has 32 bytes for each', () => {
    expect(decodeHashes(Buffer.alloc(64), 2)).toHaveLength(2);
    for (const length of [0, 63, 65, 96]) expect(() => decodeHashes(Buffer.alloc(length), 2)).toThrow(FormatError);
  });
});

/** From the documentation of Go's package `sumdb/note`. */
const peter = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const peterNote = 'If you think cryptography is the answer to your problem,\nthen you don\'t know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

describe('a verifier key', () => {
  it('of others is read, and written the same', () => expect(formatVerifierKey(parseVerifierKey(peter))).toBe(peter));

  it.each([
    ['with another name', peter.replace('Peter', 'Paul')], ['with another id', peter.replace('c74f', 'c74e')], ['with another key', peter.replace('ARpc', 'ARpd')], ['of another type', peter.replace('ARpc', 'Ahpc')],
    ['cut', peter.slice(0, -4)], ['with a space', peter.replace('erN', 'er N')], ['without a name', peter.slice(peter.indexOf('+'))], ['with blanks around', ` ${peter} `], ['empty', ''],
  ])('%s is refused', (_what, text) => expect(() => parseVerifierKey(text)).toThrow(FormatError));
});

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const key = { name: 'example.org/log', publicKey };
const text = 'example.org/log\n1\nabc\n';
const line = signatureLine(key.name, privateKey, publicKey, text);
const note = formatNote(text, line);

describe('a signed note', () => {
  it('of others is verified', () => {
    expect(verifyNote(parseNote(peterNote), [parseVerifierKey(peter)])).toHaveLength(1);
    expect(verifyNote(parseNote(peterNote.replace('answer', 'anzwer')), [parseVerifierKey(peter)])).toEqual([]);
  });

  it('is verified with the key under its name, and with no other', () => {
    expect(verifyNote(parseNote(note), [key])).toEqual([key]);
    expect(verifyNote(parseNote(note), [{ ...key, name: 'example.org/other' }])).toEqual([]);
    expect(verifyNote(parseNote(note), [{ ...key, publicKey: createPublicKey(generateKeyPairSync('ed25519').privateKey) }])).toEqual([]);
    expect(verifyNote(parseNote(note), [])).toEqual([]);
  });

  it('keeps what it does not know: other signatures are ignored', () => {
    const witness = generateKeyPairSync('ed25519');
    const more = formatNote(text, signatureLine('witness.example', witness.privateKey, witness.publicKey, 'anything\n') + line);
    expect(verifyNote(parseNote(more), [key])).toEqual([key]);
    expect(parseNote(more).signatures.map(({ name }) => name)).toEqual(['witness.example', 'example.org/log']);
  });

  it('with a wrong signature under a known key is refused as a whole', () => {
    const wrong = Buffer.concat([keyId(key), sign(null, Buffer.from('other\n'), privateKey)]).toString('base64');
    expect(verifyNote(parseNote(formatNote(text, `${line}— ${key.name} ${wrong}\n`)), [key])).toEqual([]);
  });

  it('may have empty lines in its text: the last one ends it', () => expect(parseNote(formatNote('a\n\nb\n', line)).text).toBe('a\n\nb\n'));

  it.each([
    ['empty', ''], ['without signatures', text], ['with an empty part for signatures', `${text}\n`], ['without the last newline', note.slice(0, -1)], ['with a carriage return', note.replace('\n', '\r\n')], ['with a NUL', note.replace('abc', 'a\0c')],
    ['with a hyphen for the dash', note.replace('—', '-')], ['with two blanks', note.replace('— ', '—  ')], ['with a signature of 4 bytes', formatNote(text, '— name AAAAAA==\n')], ['with more than base64', note.replace(/\n$/, '!\n')],
    ['with half a surrogate pair', note.replace('abc', '\ud800')], ['with 101 signatures', formatNote(text, line.repeat(101))], ['of a megabyte', formatNote('x'.repeat(1_000_000), line)],
  ])('%s is refused', (_what, wrong) => expect(() => parseNote(wrong)).toThrow(FormatError));

  it('with a hundred signatures is read', () => expect(parseNote(formatNote(text, line.repeat(100))).signatures).toHaveLength(100));
});

const root = leafHash(Buffer.from('x'));

describe('a checkpoint', () => {
  it('has origin, size and root, and extension lines that are ignored', () => {
    const checkpoint = { origin: 'example.org/log', size: 20_852_163, root };
    expect(formatCheckpoint(checkpoint)).toBe(`example.org/log\n20852163\n${root.toString('base64')}\n`);
    expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint);
    expect(parseCheckpoint(`${formatCheckpoint(checkpoint)}more\n`)).toEqual(checkpoint);
  });

  it.each([
    '', '\n1\n', 'a\n01\nROOT\n', 'a\n-1\nROOT\n', 'a\n1e3\nROOT\n', 'a\n1.5\nROOT\n', 'a\n9007199254740993\nROOT\n', 'a\n1\nAAAA\n', 'a\n1\n', 'a\n1\nROOT', 'a\n1\nROOT\n\n', '\n1\nROOT\n', 'a\n 1\nROOT\n', 'a\n1\nROOT=\n',
  ])('is not %j', (wrong) => expect(() => parseCheckpoint(wrong.replace('ROOT', root.toString('base64')))).toThrow(FormatError));
});

describe('a proof', () => {
  const entries = ['a', 'b'].map((entry) => Buffer.from(entry));
  const [left = root, right = root] = entries.map(leafHash);
  const body = formatCheckpoint({ origin: key.name, size: 2, root: nodeHash(left, right) });
  const checkpoint = formatNote(body, signatureLine(key.name, privateKey, publicKey, body));
  const proof = { index: 0, hashes: [right], checkpoint };
  const keysOf = (origin: string) => (origin === key.name ? [key] : []);
  const [first = root] = entries;

  it('has its lines in the order of the format', () => {
    expect(formatProof(proof)).toBe(`c2sp.org/tlog-proof@v1\nindex 0\n${right.toString('base64')}\n\n${checkpoint}`);
    expect(parseProof(formatProof(proof))).toEqual(proof);
    expect(parseProof(formatProof(proof).replace('index', 'extra AAAA\nindex'))).toEqual(proof);
    expect(parseProof(formatProof({ ...proof, hashes: [] }))).toEqual({ ...proof, hashes: [] });
  });

  it('proves its entry, and no other, nowhere else, under no other key', () => {
    expect(verifyProof(proof, first, keysOf)).toEqual({ origin: key.name, size: 2, root: nodeHash(left, right) });
    expect(() => verifyProof(proof, Buffer.from('b'), keysOf)).toThrow('the proof does not lead from the entry to the checkpoint');
    expect(() => verifyProof({ ...proof, index: 1 }, first, keysOf)).toThrow(FormatError);
    expect(() => verifyProof({ ...proof, hashes: [] }, first, keysOf)).toThrow(FormatError);
    expect(() => verifyProof(proof, first, () => [])).toThrow('the checkpoint of the proof is not signed by a known key');
    expect(() => verifyProof({ ...proof, checkpoint: checkpoint.replace('\n2\n', '\n3\n') }, first, keysOf)).toThrow(FormatError);
  });

  it.each([
    ['of another version', formatProof(proof).replace('v1', 'v2')], ['without an index', formatProof(proof).replace('index 0\n', '')], ['with an index that is none', formatProof(proof).replace('index 0', 'index 00')],
    ['with a hash of 31 bytes', formatProof({ ...proof, hashes: [right.subarray(1)] })], ['with 64 hashes', formatProof({ ...proof, hashes: Array.from({ length: 64 }, () => right) })], ['without a checkpoint', 'c2sp.org/tlog-proof@v1\nindex 0\n'], ['empty', ''],
  ])('%s is refused', (_what, wrong) => expect(() => parseProof(wrong)).toThrow(FormatError));
});
