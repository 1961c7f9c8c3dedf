// An entry of the log: the id of an audit event and its stored form, as the JSON text `["<cell>-<sequence>",<record>]`.
import { FormatError } from '../../tlog/index.js';

export interface LogEntry {
  /** `<cell>-<sequence>`. */
  readonly id: string;
  readonly cell: number;
  /** From 1 on; the event stands at leaf `sequence - 1`. */
  readonly sequence: number;
  /** The stored event, as `encodeEvent` made it. */
  readonly record: string;
}

export const eventId = (cell: number, sequence: number): string => `${cell}-${sequence}`;

/** @param record a JSON text */
export const encodeEntry = (cell: number, sequence: number, record: string): Buffer => Buffer.from(`["${eventId(cell, sequence)}",${record}]`);

const pattern = /^\["((0|[1-9]\d{0,5})-([1-9]\d{0,15}))",(.+)\]$/s;

/** Reads what {@link encodeEntry} made; throws a FormatError for anything else. The record is JSON, and not looked into. */
export function parseEntry(bytes: Buffer): LogEntry {
  const text = decodeText(bytes);
  const [, id, cell, sequence, record] = pattern.exec(text) ?? [];
  if (id === undefined || record === undefined || !isJson(record)) throw new FormatError('the entry is not an event with its id');
  return { id, cell: Number(cell), sequence: Number(sequence), record };
}

function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FormatError('the entry is not UTF-8');
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
