// Reads a file that a command was given.
import { readFile } from 'node:fs/promises';
import { systemErrorCode, usageError } from './command-error.js';
import { quote } from './text.js';

/** Throws a CommandError that says what the file was to be. */
export const readInput = (what: string, file: string): Promise<string> => readFile(file, 'utf8').catch((error: unknown) => {
  throw usageError(`${what} ${quote(file)} cannot be read: ${systemErrorCode(error)}`);
});
