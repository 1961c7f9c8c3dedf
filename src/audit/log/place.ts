// Where a cell's log stands, what it is called, and the errors of a log that is not as it should be.
import { join } from 'node:path';

export interface LogPlace {
  /** The folder of all logs (`STS_AUDIT_DIR`). */
  readonly directory: string;
  /** Name of the installation's log, such as `agency-sts/0123456789abcdef`. */
  readonly name: string;
  readonly cell: number;
}

/** `c07`; cells from 100 on have three digits. */
export const cellFolderName = (cell: number): string => `c${String(cell).padStart(2, '0')}`;

/** Undefined for a name that no cell's folder has. */
export function cellOfFolder(name: string): number | undefined {
  const cell = Number(/^c(\d{2,6})$/.exec(name)?.[1]);
  return cellFolderName(cell) === name ? cell : undefined;
}

/** The origin of a cell's checkpoints, and the name of their key. */
export const originOf = ({ name, cell }: Pick<LogPlace, 'name' | 'cell'>): string => `${name}/${cellFolderName(cell)}`;

/** Undefined for an origin that is none of a cell. */
export function cellOfOrigin(origin: string): Pick<LogPlace, 'name' | 'cell'> | undefined {
  const end = origin.lastIndexOf('/');
  const cell = cellOfFolder(origin.slice(end + 1));
  return end < 1 || cell === undefined ? undefined : { name: origin.slice(0, end), cell };
}

export const folderOf = ({ directory, cell }: LogPlace): string => join(directory, cellFolderName(cell));

/** The log on disk is not what was signed: lost, changed or replaced. Nothing may be appended to it before that is mended. */
export class LogDamagedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LogDamagedError';
  }
}

/** The entries were removed on purpose, because they were older than they have to be kept. */
export class PrunedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PrunedError';
  }
}
