// The raw request target: its path and query, checked and made canonical.
import { compareUtf8, percentDecode, percentEncode } from './encoding.js';
import { refuse, type PathReading, type Refused, type SignatureRefusal } from './types.js';

const maximumTargetLength = 8192;

export type QueryPair = readonly [name: string, value: string];

function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/**
 * The door's check of a path, for services whose paths need no escape: one spelling per path, so that what was
 * signed is what gets routed. Refuses `%`, `//`, `.` and `..` segments, backslash, `#`, anything but printable
 * ASCII, and targets that do not start with `/` (absolute-form, `*`).
 * A trailing slash passes: `/p` and `/p/` have one signature and must be one route (request signatures §2).
 */
export function checkPath(target: string): SignatureRefusal | undefined {
  const { path } = splitTarget(target);
  const isPlain =
    path.length <= maximumTargetLength && /^\/[!-~]*$/.test(path) && !/[%\\#]|\/\/|\/\.{1,2}(?:\/|$)/.test(path);
  return isPlain ? undefined : 'path_malformed';
}

/** What has to hold for any target before it can be made canonical, escapes in the path included. */
export function checkTarget(target: string): Refused | undefined {
  if (target.length > maximumTargetLength)
    return refuse('path_malformed', `request target is longer than ${maximumTargetLength} characters`);
  const { path, query } = splitTarget(target);
  if (!/^\/[!-~]*$/.test(path) || path.includes('#')) {
    return refuse(
      'path_malformed',
      'request target must be an absolute path of printable ASCII characters without `#`',
    );
  }
  if (query !== '' && queryPairs(target) === undefined) {
    return refuse(
      'query_malformed',
      'query must be `name=value` pairs of printable ASCII characters, with valid UTF-8 percent escapes and without `#`',
    );
  }
  return undefined;
}

/**
 * The canonical URIs a client may have signed, each ending in `/` (request signatures §2, §10).
 * First the whole path decoded once, split and encoded; then, if it differs, the raw path encoded as it is.
 * @param reading leaves that one alone; a path that cannot be decoded has no decoded one
 */
export function canonicalUris(target: string, reading?: PathReading): readonly string[] {
  const { path } = splitTarget(target);
  const raw = encodePath(path);
  const decoded = percentDecode(path);
  if (decoded === path || reading === 'escaped') return [raw];
  if (decoded === undefined) return reading === undefined ? [raw] : [];
  return reading === undefined ? [encodePath(decoded), raw] : [encodePath(decoded)];
}

function encodePath(path: string): string {
  const encoded = /^[\w.~/-]*$/.test(path) ? path : path.split('/').map(percentEncode).join('/');
  return encoded.endsWith('/') ? encoded : `${encoded}/`;
}

/**
 * The decoded pairs of the query, in the order received: the reading that was signed. A bare `+` is a plus, a name
 * without `=` has the empty value. Undefined if an escape is invalid or not UTF-8, or if a pair is empty (`a&&b`).
 */
export function queryPairs(target: string): readonly QueryPair[] | undefined {
  const { query } = splitTarget(target);
  if (query === '') return [];
  if (!/^[!-~]*$/.test(query) || query.includes('#')) return undefined;
  const pairs: QueryPair[] = [];
  for (const text of query.split('&')) {
    const equals = text.indexOf('=');
    const name = percentDecode(equals < 0 ? text : text.slice(0, equals));
    const value = equals < 0 ? '' : percentDecode(text.slice(equals + 1));
    if (text === '' || name === undefined || value === undefined) return undefined;
    pairs.push([name, value]);
  }
  return pairs;
}

/** Whether values of one name stand in another order than they are signed in, or a bare `+` could be read as a blank: other queries have the same signature then. */
export function hasOtherReading(target: string): boolean {
  if (splitTarget(target).query.includes('+')) return true;
  const last = new Map<string, string>();
  return (queryPairs(target) ?? []).some(([name, value]) => {
    const before = last.get(name);
    last.set(name, value);
    return before !== undefined && compareUtf8(before, value) > 0;
  });
}

/** Pairs sorted by decoded name, then decoded value, encoded again (request signatures §2). Undefined as in `queryPairs`. */
export function canonicalQuery(target: string): string | undefined {
  const pairs = queryPairs(target);
  if (pairs === undefined || pairs.length === 0) return pairs && '';
  return [...pairs]
    .sort((left, right) => compareUtf8(left[0], right[0]) || compareUtf8(left[1], right[1]))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&');
}
