// The headers of a signed request: one pass over what was received, and the rules on what must be signed.
import { trimHeaderValue } from './canonical.js';
import { quote, refuse, type Refused } from './types.js';

export interface ReceivedHeaders {
  /** Lower-case name to trimmed value; the first value of a repeated name. */
  readonly values: ReadonlyMap<string, string>;
  readonly repeated: ReadonlySet<string>;
}

/** Headers that decide something: signed when present, never repeated, plain ASCII. */
const guardedHeaders = [
  'x-sdk-date',
  'x-security-token',
  'x-sdk-content-sha256',
  'x-sdk-content-sm3',
  'x-source-account',
  'x-source-urn',
] as const;

const guardedNames: ReadonlySet<string> = new Set(guardedHeaders);

/** Node keeps the first of some repeated headers and joins others: only the raw list shows either. */
const singularHeaders = ['authorization', 'host', ...guardedHeaders] as const;

const nothing: ReadonlySet<string> = new Set();

export function readHeaders(rawHeaders: readonly string[]): ReceivedHeaders {
  const values = new Map<string, string>();
  let repeated: Set<string> | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (values.has(name)) (repeated ??= new Set()).add(name);
    else values.set(name, trimHeaderValue(rawHeaders[index + 1] ?? ''));
  }
  return { values, repeated: repeated ?? nothing };
}

export function checkRepeated(headers: ReceivedHeaders): Refused | undefined {
  if (headers.repeated.size === 0) return undefined;
  const name = singularHeaders.find((singular) => headers.repeated.has(singular));
  return name === undefined ? undefined : refuse('header_repeated', `header \`${name}\` is repeated`);
}

/** Every guarded header that is present must be signed and plain ASCII. */
export function checkGuarded(headers: ReceivedHeaders, signedHeaders: readonly string[]): Refused | undefined {
  for (const name of guardedHeaders) {
    const value = headers.values.get(name);
    if (value === undefined) continue;
    if (!signedHeaders.includes(name)) {
      const refusal = name === 'x-security-token' ? 'security_token_not_signed' : 'header_not_signed';
      return refuse(refusal, `header \`${name}\` must be listed in SignedHeaders`);
    }
    // Anything else would have two readings, of which only one was signed.
    if (!isPrintable(value)) return refuse('header_malformed', `header \`${name}\` must be printable ASCII`);
  }
  return undefined;
}

/** Security tokens that were found printable: each comes again with every request of its session, and reading one takes 1.6 microseconds. */
const printable = new Set<string>();
const mostPrintable = 1000;
const [shortestKept, longestKept] = [200, 4096];

function isPrintable(value: string): boolean {
  const isKept = value.length >= shortestKept && value.length <= longestKept;
  if (isKept && printable.has(value)) return true;
  if (!/^[ -~]*$/.test(value)) return false;
  if (isKept) {
    if (printable.size >= mostPrintable) printable.clear();
    printable.add(value);
  }
  return true;
}

/** The values of the signed headers in the order of SignedHeaders; to be asked for when `checkGuarded` has passed. */
export function collectSigned(headers: ReceivedHeaders, signedHeaders: readonly string[]): readonly string[] | Refused {
  const signedValues: string[] = [];
  for (const name of signedHeaders) {
    const value = headers.values.get(name);
    if (value === undefined)
      return refuse('signed_header_missing', `header ${quote(name)} is listed in SignedHeaders but absent`);
    if (headers.repeated.has(name)) return refuse('header_repeated', `header ${quote(name)} is signed and repeated`);
    // A line feed would move the borders of the canonical request, a character above U+00FF is no byte. Guarded ones
    // are printable, and a token is long: 2.7 microseconds.
    if (!guardedNames.has(name) && /[^\t -~\x80-\xff]/.test(value))
      return refuse('header_malformed', `header ${quote(name)} contains a control character`);
    signedValues.push(value);
  }
  return signedValues;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** One character per byte, read as UTF-8; returned as it is where it is not valid UTF-8. */
export function readHeaderText(value: string): string {
  if (/^[\0-\x7f]*$/.test(value)) return value;
  try {
    return utf8.decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}
