// Verifies the logs of all cells of an installation, offline: with nothing but the files, the public key and checkpoints that were kept.
import { readdir } from 'node:fs/promises';
import { FormatError, type VerifierKey } from '../../tlog/index.js';
import { cellFolderName, cellOfFolder } from './place.js';
import { verifyCell, type CellReport } from './verify/cell.js';
import type { Finding } from './verify/finding.js';
import { parseOlderCheckpoint, type OlderCheckpoint } from './verify/older.js';

export type { CellReport } from './verify/cell.js';
export type { Finding, FindingKind } from './verify/finding.js';
export { parseOlderCheckpoint, type OlderCheckpoint } from './verify/older.js';

export interface LogReport {
  readonly cells: readonly CellReport[];
  /** Of all cells, and of the folder as a whole; empty when the log is what was signed. */
  readonly findings: readonly Finding[];
}

/**
 * @param verifiers public keys of the log; several after a rotation
 * @param options.from notes of checkpoints that were signed earlier: without one, a tail that was cut together with its checkpoint cannot be seen
 * @throws FormatError when one of these is not signed by one of the keys
 */
export async function verifyLog(directory: string, verifiers: readonly VerifierKey[], options: { readonly from?: readonly string[] } = {}): Promise<LogReport> {
  const older = (options.from ?? []).map((note, at) => parseGiven(note, at, verifiers));
  const findings: Finding[] = [];
  const cells: CellReport[] = [];
  for (const entry of (await readdir(directory, { withFileTypes: true })).sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const cell = cellOfFolder(entry.name);
    if (cell !== undefined && entry.isDirectory()) cells.push(await verifyCell(directory, cell, verifiers, older.filter((one) => one.cell === cell)));
    else if (!isNoPart(entry.name)) findings.push({ kind: 'foreign-file', file: entry.name, message: `\`${entry.name}\` does not belong to the log` });
  }
  const present = new Set(cells.map(({ cell }) => cell));
  for (const { cell, size } of older) {
    if (!present.has(cell)) findings.push({ kind: 'missing-log', cell, message: `the log of cell ${cell} is missing (\`${cellFolderName(cell)}\`): a checkpoint of ${size} events was signed` });
  }
  if (present.size === 0 && older.length === 0) findings.push({ kind: 'missing-log', message: 'there is no log here' });
  const names = new Set([...cells.flatMap(({ name }) => name ?? []), ...older.map(({ name }) => name)]);
  if (names.size > 1) findings.push({ kind: 'mixed-installations', message: `the logs are of different installations: ${[...names].map((name) => `\`${name}\``).join(', ')}` });
  return { cells, findings: [...findings, ...cells.flatMap((cell) => cell.findings)] };
}

/** What the service keeps beside the logs (its marker, its journals of revocations), and what file systems put there themselves. */
const isNoPart = (name: string): boolean => name.startsWith('.') || ['log.json', 'revocations', 'lost+found'].includes(name);

function parseGiven(note: string, at: number, verifiers: readonly VerifierKey[]): OlderCheckpoint {
  try {
    return parseOlderCheckpoint(note, verifiers);
  } catch (error) {
    if (error instanceof FormatError) throw new FormatError(`the older checkpoint ${at + 1} cannot be used: ${error.message}`);
    throw error;
  }
}
