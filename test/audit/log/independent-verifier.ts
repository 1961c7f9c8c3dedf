// A second verifier of a cell's log, written from RFC 6962 and the documents of C2SP alone: it shares no code with the first.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const sha256 = (...parts: readonly Uint8Array[]): Buffer => Buffer.from(createHash('sha256').update(Buffer.concat(parts)).digest());

/** RFC 6962 §2.1: MTH. */
export function merkleTreeHash(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return only;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Buffer.of(1), merkleTreeHash(leaves.slice(0, k)), merkleTreeHash(leaves.slice(k)));
}

const threeDigits = (index: number): string => {
  const groups = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  return groups.join('/');
};

function resource(folder: string, level: string, index: number, width: number): { bytes: Buffer; isPartial: boolean } {
  const full = join(folder, 'tile', level, threeDigits(index));
  const partial = `${full}.p/${width}`;
  const isPartial = width < 256 && existsSync(partial);
  return { bytes: readFileSync(isPartial ? partial : full), isPartial };
}

function entriesIn(bundle: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  let at = 0;
  while (at < bundle.length) {
    const length = bundle.readUInt16BE(at);
    if (at + 2 + length > bundle.length) throw new Error('a bundle is cut');
    entries.push(bundle.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return entries;
}

/** The size and root that the checkpoint promises, its signature verified (signed-note, tlog-checkpoint). */
export function signedHead(note: string, vkey: string, cellName: string): { size: number; root: Buffer } {
  const [name = '', , ...parts] = vkey.split('+');
  const encoded = parts.join('+');
  const typed = Buffer.from(encoded, 'base64');
  const origin = `${name}/${cellName}`;
  const keyId = sha256(Buffer.from(`${origin}\n`), typed).subarray(0, 4);
  const cut = note.lastIndexOf('\n\n') + 1;
  const text = note.slice(0, cut);
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), typed.subarray(1)]);
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const good = note.slice(cut + 1).split('\n').some((line) => {
    const match = /^— (\S+) (\S+)$/.exec(line);
    const signature = Buffer.from(match?.[2] ?? '', 'base64');
    return match?.[1] === origin && signature.subarray(0, 4).equals(keyId) && verify(null, Buffer.from(text), publicKey, signature.subarray(4));
  });
  const [first, size, root] = text.split('\n');
  if (!good || first !== origin) throw new Error('the checkpoint is not signed');
  return { size: Number(size), root: Buffer.from(root ?? '', 'base64') };
}

/** All entries of the log; throws at the first thing that is not as the documents say. */
export function verifyIndependently(folder: string, cellName: string, vkey: string): readonly Buffer[] {
  const { size, root } = signedHead(readFileSync(join(folder, 'checkpoint'), 'utf8'), vkey, cellName);
  const entries: Buffer[] = [];
  for (let index = 0; index * 256 < size; index += 1) {
    const width = Math.min(256, size - index * 256);
    const { bytes, isPartial } = resource(folder, 'entries', index, width);
    const found = entriesIn(bytes);
    if (isPartial ? found.length !== width : found.length !== 256 && found.length !== width) throw new Error(`bundle ${index} has ${found.length} entries`);
    entries.push(...found.slice(0, width));
  }
  const leaves = entries.map((entry) => sha256(Buffer.of(0), entry));
  if (!merkleTreeHash(leaves).equals(root)) throw new Error('the entries do not hash to the root');

  for (let level = 0, span = 1; Math.floor(size / span) > 0; level += 1, span *= 256) {
    const hashes = Array.from({ length: Math.floor(size / span) }, (_, at) => merkleTreeHash(leaves.slice(at * span, (at + 1) * span)));
    for (let index = 0; index * 256 < hashes.length; index += 1) {
      const expected = hashes.slice(index * 256, (index + 1) * 256);
      const { bytes } = resource(folder, String(level), index, expected.length);
      if (!bytes.subarray(0, expected.length * 32).equals(Buffer.concat(expected))) throw new Error(`tile ${level}/${index} is wrong`);
    }
  }
  return entries;
}
