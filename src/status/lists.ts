// Status lists (draft-ietf-oauth-status-list): their names, their bits, and the compressed form in which they are published.
import { deflateSync, inflateSync } from 'node:zlib';

/** Places of one list: 16 KiB of single bits. */
export const statusListSize = 131_072;

export const statusListPattern = /^(0|[1-9]\d{0,3})-(0|[1-9]\d{0,11})$/;

export const statusListId = (cell: number, number: number): string => `${cell}-${number}`;

/** Throws when the text is no name of a list. */
export function placeOfStatusList(list: string): { readonly cell: number; readonly number: number } {
  const [, cell, number] = statusListPattern.exec(list) ?? [];
  if (cell === undefined || number === undefined) throw new Error(`\`${list}\` is no status list`);
  return { cell: Number(cell), number: Number(number) };
}

/** The claim `status_list` of a list with one bit per place. */
export interface StatusListClaim {
  readonly bits: 1;
  /** Base64url of the zlib stream. */
  readonly lst: string;
}

/** @param bits eight places to a byte, the first in the lowest bit; places behind its end are valid ones */
export function statusListClaim(bits: Uint8Array): StatusListClaim {
  const all = Buffer.alloc(statusListSize / 8);
  all.set(bits.subarray(0, all.length));
  return { bits: 1, lst: deflateSync(all, { level: 9 }).toString('base64url') };
}

/** The bits of a claim; undefined for anything but a list of one bit per place that is at most `mostBytes` large. */
export function readStatusListClaim(claim: unknown, mostBytes = statusListSize / 8): Uint8Array | undefined {
  if (typeof claim !== 'object' || claim === null || !('bits' in claim) || claim.bits !== 1) return undefined;
  if (!('lst' in claim) || typeof claim.lst !== 'string' || !/^[\w-]+$/.test(claim.lst)) return undefined;
  try {
    return inflateSync(Buffer.from(claim.lst, 'base64url'), { maxOutputLength: mostBytes });
  } catch {
    return undefined;
  }
}

/** Whether the place is marked as revoked; undefined outside of the list. */
export function isMarked(bits: Uint8Array, index: number): boolean | undefined {
  const byte = Number.isSafeInteger(index) && index >= 0 ? bits[Math.floor(index / 8)] : undefined;
  return byte === undefined ? undefined : ((byte >> index % 8) & 1) === 1;
}
