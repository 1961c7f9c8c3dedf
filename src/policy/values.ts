// The value types of condition operators: how a policy's text and a request's value are read, strictly.
import ipaddr from 'ipaddr.js';
import { textOf, type Scalar } from './context.js';

const timeForm = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?:Z|[+-](\d{2}):(\d{2}))$/;

/**
 * Milliseconds since the epoch of an ISO 8601 time: `2024-01-01T12:00Z`, with or without seconds and fraction, `Z`
 * or an offset. undefined for anything else and for days that do not exist, which `Date.parse` would roll over.
 * [choice] Offsets up to 23:59 are accepted; dates without a time, 24:00 and leap seconds are not.
 */
export function readTime(text: string): number | undefined {
  const found = timeForm.exec(text);
  if (found === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map((part) => Number(part || '0'));
  const [offsetHour = 0, offsetMinute = 0] = found.slice(8, 10).map((part) => Number(part || '0'));
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return undefined;
  const lastDay = [31, isLeapYear(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  if (lastDay === undefined || day < 1 || day > lastDay) return undefined;
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

const isLeapYear = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

export function timeOf(value: Scalar): number | undefined {
  if (typeof value === 'string') return readTime(value);
  if (!(value instanceof Date)) return undefined;
  const milliseconds = value.getTime();
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

/** A decimal number. [choice] No exponent, no hexadecimal, at most 15 digits before the point: all of them exact. */
export const readNumber = (text: string): number | undefined => (/^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? Number(text) : undefined);

export function numberOf(value: Scalar): number | undefined {
  if (typeof value === 'string') return readNumber(value);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** [choice] Exactly `true` or `false`, in lower case. */
export const readBoolean = (text: string): boolean | undefined => (text === 'true' ? true : text === 'false' ? false : undefined);

export function booleanOf(value: Scalar): boolean | undefined {
  return typeof value === 'boolean' ? value : typeof value === 'string' ? readBoolean(value) : undefined;
}

export type Address = ipaddr.IPv4 | ipaddr.IPv6;
export interface AddressRange {
  readonly address: Address;
  readonly prefixLength: number;
}

const prefixForm = /^(?:0|[1-9]\d{0,2})$/;

/**
 * An IPv4 address in four decimal parts, or an IPv6 address without zone.
 * [choice] An IPv4 address mapped into IPv6 is that IPv4 address.
 */
function readAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (text.includes('%') || !text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/** An address or a CIDR range; bits behind the prefix are ignored [choice]. */
export function readRange(text: string): AddressRange | undefined {
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  const address = readAddress(host);
  if (address === undefined) return undefined;
  const bits = address.kind() === 'ipv4' ? 32 : 128;
  if (slash < 0) return { address, prefixLength: bits };
  const prefix = text.slice(slash + 1);
  if (!prefixForm.test(prefix)) return undefined;
  const mapped = bits === 32 && host.includes(':') ? 96 : 0;
  const prefixLength = Number(prefix) - mapped;
  return prefixLength < 0 || prefixLength > bits ? undefined : { address, prefixLength };
}

export const addressOf = (value: Scalar): Address | undefined => (typeof value === 'string' ? readAddress(value) : undefined);

/** An IPv4 address is in no IPv6 range and the reverse. */
export const isInRange = (address: Address, range: AddressRange): boolean =>
  address.kind() === range.address.kind() && address.match(range.address, range.prefixLength);

export const stringOf = (value: Scalar): string | undefined => textOf(value);
