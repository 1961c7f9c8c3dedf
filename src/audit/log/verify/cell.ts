// Verifies the log of one cell.
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError, type VerifierKey } from '../../../tlog/index.js';
import { checkpointFile } from '../checkpoint.js';
import { readPlainFile } from '../files.js';
import { readMinimumIndexNote, verifiedMinimumIndex } from '../minimum-index.js';
import { cellFolderName, LogDamagedError, originOf } from '../place.js';
import { prunedFolder } from '../prune.js';
import { checkFiles } from './files.js';
import { cellFindings, type CellFindings, type Finding } from './finding.js';
import { checkOlder, parseOlderCheckpoint, type OlderCheckpoint } from './older.js';
import { checkTree } from './tree.js';

export interface CellReport {
  readonly cell: number;
  /** Of the log; undefined when no checkpoint of the cell was signed by a known key. */
  readonly name?: string;
  readonly size: number;
  /** Leaves before it were pruned: their entries are gone, their hashes are verified. */
  readonly minimumIndex: number;
  /** Files with events behind the checkpoint, which nobody has signed. */
  readonly filesBehind: number;
  readonly findings: readonly Finding[];
}

export async function verifyCell(directory: string, cell: number, verifiers: readonly VerifierKey[], given: readonly OlderCheckpoint[]): Promise<CellReport> {
  const folder = join(directory, cellFolderName(cell));
  const to = cellFindings(cell);
  const own = await ownCheckpoint(folder, cell, verifiers, to);
  // Without a checkpoint of its own, the newest that is known tells what the log must hold.
  const now = own ?? [...given].sort((one, other) => other.size - one.size)[0];
  if (now === undefined) return { cell, size: 0, minimumIndex: 0, filesBehind: 0, findings: to.all() };

  const { minimumIndex, kept } = await pruning(directory, now, verifiers, to);
  const provedSize = await checkOlder(folder, now, [...given, ...kept], to);
  await checkTree({ folder, cell, size: now.size, root: now.root, minimumIndex, provedSize }, to);
  const filesBehind = await checkFiles({ folder, cell, size: now.size }, to);
  return { cell, name: now.name, size: now.size, minimumIndex, filesBehind, findings: to.all() };
}

async function ownCheckpoint(folder: string, cell: number, verifiers: readonly VerifierKey[], to: CellFindings): Promise<OlderCheckpoint | undefined> {
  const file = `${cellFolderName(cell)}/${checkpointFile}`;
  try {
    const text = (await readPlainFile(join(folder, checkpointFile)))?.toString();
    // A folder with nothing in it yet is what a crash at the very first event leaves.
    if (text === undefined && (await isEmpty(folder))) return undefined;
    if (text === undefined) throw new FormatError('it is missing');
    const checkpoint = parseOlderCheckpoint(text, verifiers);
    if (checkpoint.cell !== cell) throw new FormatError(`it is that of another cell: \`${originOf(checkpoint)}\``);
    return checkpoint;
  } catch (error) {
    if (!isWrong(error)) throw error;
    to.add('checkpoint', `\`${file}\` cannot be used: ${error.message}`, { file });
    return undefined;
  }
}

const isWrong = (error: unknown): error is Error => error instanceof FormatError || error instanceof LogDamagedError;

const isEmpty = async (folder: string): Promise<boolean> => (await readdir(folder)).length === 0;

/** The signed minimum index, and the checkpoints that were kept when entries were pruned. */
async function pruning(directory: string, now: OlderCheckpoint, verifiers: readonly VerifierKey[], to: CellFindings): Promise<{ readonly minimumIndex: number; readonly kept: readonly OlderCheckpoint[] }> {
  const place = { directory, name: now.name, cell: now.cell };
  const folder = join(directory, cellFolderName(now.cell));
  let minimumIndex = 0;
  try {
    const note = await readMinimumIndexNote(place);
    if (note !== undefined) minimumIndex = verifiedMinimumIndex(note, originOf(place), verifiers);
  } catch (error) {
    if (!isWrong(error)) throw error;
    to.add('minimum-index', `the minimum index of cell ${now.cell} cannot be used: ${error.message}`);
  }
  if (minimumIndex > now.size) to.add('minimum-index', `the minimum index of cell ${now.cell} is ${minimumIndex}, beyond its ${now.size} events`);
  const kept: OlderCheckpoint[] = [];
  for (const index of await prunedIndexes(folder)) {
    const file = `${prunedFolder}/${index}`;
    try {
      const checkpoint = parseOlderCheckpoint((await readPlainFile(join(folder, file)))?.toString() ?? '', verifiers);
      if (originOf(checkpoint) !== originOf(now) || checkpoint.size < Number(index)) throw new FormatError(`it is of \`${originOf(checkpoint)}\` at size ${checkpoint.size}`);
      kept.push(checkpoint);
    } catch (error) {
      if (!isWrong(error)) throw error;
      to.add('checkpoint', `\`${cellFolderName(now.cell)}/${file}\` cannot be used: ${error.message}`, { file: `${cellFolderName(now.cell)}/${file}` });
    }
  }
  if (minimumIndex > 0 && !(await lstat(join(folder, prunedFolder, String(minimumIndex))).then(() => true, () => false))) {
    to.add('checkpoint', `the checkpoint that was kept when cell ${now.cell} was pruned to ${minimumIndex} is missing`);
  }
  return { minimumIndex, kept };
}

/** Names that are no number are reported with the other foreign files. */
const prunedIndexes = async (folder: string): Promise<readonly string[]> =>
  (await readdir(join(folder, prunedFolder)).catch(() => [])).filter((name) => /^[1-9]\d{0,15}$/.test(name));
