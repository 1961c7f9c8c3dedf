// Entry bundles (c2sp.org/tlog-tiles): entries one after the other, each behind its length in two bytes.
import { FormatError } from './format-error.js';

/** Bytes that an entry may have. */
export const maximumEntryBytes = 65_535;

export function encodeBundle(entries: readonly Buffer[]): Buffer {
  return Buffer.concat(entries.flatMap((entry) => {
    if (entry.length > maximumEntryBytes) throw new FormatError(`an entry must have at most ${maximumEntryBytes} bytes, not ${entry.length}`);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(entry.length);
    return [length, entry];
  }));
}

/** All entries; throws when the last one is cut. */
export function decodeBundle(bytes: Buffer): readonly Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 2 <= bytes.length ? at + 2 + bytes.readUInt16BE(at) : Infinity;
    if (end > bytes.length) throw new FormatError(`entry ${entries.length} of the bundle is cut`);
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return entries;
}
