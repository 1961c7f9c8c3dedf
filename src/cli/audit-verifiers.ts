// The public keys that `agency-sts audit verify` and `audit check` are given: as options, or in a file with one a line.
import { FormatError, parseVerifierKey, type VerifierKey } from '../tlog/index.js';
import { usageError } from './command-error.js';
import { readInput } from './read-input.js';
import { quote } from './text.js';

export interface VerifierFlags {
  readonly key?: readonly string[];
  readonly keyFile?: string;
}

export const keyOption = ['--key <vkey>', 'a public key of the log: `<name>+<key id>+<base64>`; repeat it for older keys'] as const;
export const keyFileOption = ['--key-file <file>', 'public keys of the log, one a line'] as const;
export const collected = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** Throws a CommandError unless there is a key, and each is one. */
export async function readVerifiers({ key = [], keyFile }: VerifierFlags): Promise<readonly VerifierKey[]> {
  const lines = keyFile === undefined ? [] : (await readInput('key file', keyFile)).split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const verifiers = [...key, ...lines].map(parsed);
  if (verifiers.length === 0) throw usageError('a public key of the log is missing: `--key` or `--key-file`');
  return verifiers;
}

function parsed(text: string): VerifierKey {
  try {
    return parseVerifierKey(text);
  } catch (error) {
    if (error instanceof FormatError) throw usageError(`${quote(text)} is no public key of a log: ${error.message}`);
    throw error;
  }
}
