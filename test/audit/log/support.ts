// A log for tests: a folder, a key and events, and the files that it consists of.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { onTestFinished } from 'vitest';
import { appendEntries, encodeEntry, signerOf, type Checkpoint, type LogMemory, type LogPlace } from '../../../src/audit/log/log.js';
import type { VerifierKey } from '../../../src/tlog/index.js';

export const name = 'agency-sts/0123456789abcdef';
const pair = generateKeyPairSync('ed25519');
export const signer = signerOf(pair.privateKey, pair.publicKey);
export const key: VerifierKey = { name, publicKey: pair.publicKey };
export const keys: readonly VerifierKey[] = [key];

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agency-sts-log-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export const newPlace = async (cell = 7): Promise<LogPlace> => ({ directory: await temporaryFolder(), name, cell });

/** Of different lengths, as events are. */
export const record = (sequence: number): string => JSON.stringify([1, `account-${sequence}`, 'x'.repeat(sequence % 37), 'é']);
export const entry = (sequence: number, cell = 7): Buffer => encodeEntry(cell, sequence, record(sequence));
export const entriesOf = (from: number, to: number, cell = 7): readonly Buffer[] => Array.from({ length: to - from }, (_, at) => entry(from + at + 1, cell));

/** Appends the events behind the checkpoint, up to a size. */
export const growTo = (place: LogPlace, from: Checkpoint | undefined, size: number, memory?: LogMemory): Promise<Checkpoint> =>
  appendEntries(place, signer, from, entriesOf(from?.size ?? 0, size, place.cell), memory);

export async function grown(place: LogPlace, ...sizes: readonly number[]): Promise<Checkpoint> {
  let checkpoint: Checkpoint | undefined;
  for (const size of sizes) checkpoint = await growTo(place, checkpoint, size);
  if (checkpoint === undefined) throw new Error('no size was given');
  return checkpoint;
}

/** Every file below a folder, with the hash of its content. */
export async function filesOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((found) => !found.isDirectory()).map((found) => join(found.parentPath, found.name)).sort();
  return new Map(await Promise.all(files.map(async (file) => [relative(folder, file), createHash('sha256').update(await readFile(file)).digest('hex')] as const)));
}

export async function copyOf(place: LogPlace): Promise<LogPlace> {
  const directory = await temporaryFolder();
  await cp(place.directory, directory, { recursive: true });
  return { ...place, directory };
}
