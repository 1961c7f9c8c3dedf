// Entry bundles (c2sp.org/tlog-tiles): entries one after the other, each behind its length in two bytes.
import { FormatError } from './format-error.js';

/** Bytes that an entry may have. */
export const maximumEntryBytes = 65_535;
const lengthBytes = 2;

export function encodeBundle(entries: readonly Buffer[]): Buffer {
  let total = 0;
  for (const { length } of entries) {
    if (length > maximumEntryBytes) throw new FormatError(`an entry must have at most ${maximumEntryBytes} bytes, not ${length}`);
    total += lengthBytes + length;
  }
  const bytes = Buffer.allocUnsafe(total);
  let at = 0;
  for (const entry of entries) {
    at = bytes.writeUInt16BE(entry.length, at);
    at += entry.copy(bytes, at);
  }
  return bytes;
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
