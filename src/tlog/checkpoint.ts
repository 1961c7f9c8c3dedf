// The text of a checkpoint (c2sp.org/tlog-checkpoint): origin, size and root of a log, a line each.
import { decodeBase64 } from './base64.js';
import { FormatError } from './format-error.js';
import { hashSize } from './hash.js';

export interface CheckpointText {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

export const formatCheckpoint = ({ origin, size, root }: CheckpointText): string => `${origin}\n${size}\n${root.toString('base64')}\n`;

/** Extension lines are ignored, as the format says. */
export function parseCheckpoint(text: string): CheckpointText {
  const [origin = '', size = '', root = '', ...extensions] = text.split('\n');
  if (origin === '' || extensions.at(-1) !== '' || extensions.slice(0, -1).includes('')) throw new FormatError('a checkpoint must have an origin, a size and a root, a line each');
  const hash = decodeBase64('the root of the checkpoint', root);
  if (hash.length !== hashSize) throw new FormatError(`the root of a checkpoint must have ${hashSize} bytes, not ${hash.length}`);
  return { origin, size: parseNumber('the size of the checkpoint', size), root: hash };
}

/** A decimal number without superfluous zeros. */
export function parseNumber(what: string, text: string): number {
  const number = Number(text);
  if (!/^(?:0|[1-9]\d*)$/.test(text) || !Number.isSafeInteger(number)) throw new FormatError(`${what} is not a whole number`);
  return number;
}
