// Parts of the stored form of an audit event: ids in fewer characters, and URNs without what the event says anyway.
import { sessionUrn, userUrn } from '../urn/urn.js';
import type { EventPrincipal } from './event.js';

const hexadecimal = /^[0-9a-f]{32}/;
const hexadecimalLength = 32;
const packedLength = 22;
const asItIs = "'";

/** A text whose beginning is an id of 32 hexadecimal characters has 22 for it (base64url); any other one stands behind a `'`. */
export const packId = (text: string): string =>
  (hexadecimal.test(text) ? Buffer.from(text.slice(0, hexadecimalLength), 'hex').toString('base64url') + text.slice(hexadecimalLength) : asItIs + text);

export const unpackId = (packed: string): string =>
  (packed.startsWith(asItIs) ? packed.slice(1) : Buffer.from(packed.slice(0, packedLength), 'base64url').toString('hex') + packed.slice(packedLength));

const mostKnown = 10_000;
const longestKnown = 100;

/** Does the work once for a text that many events have. */
function remembering(work: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const done = work(text);
    if (known.size >= mostKnown) known.clear();
    if (text.length <= longestKnown) known.set(text, done);
    return done;
  };
}

export const packKnownId = remembering(packId);
/** As JSON. */
export const packedId = remembering((text) => JSON.stringify(packId(text)));
export const unpackKnownId = remembering(unpackId);

/** `i` or `s` and what stands behind the account, of a URN of `iam` or `sts` in that account; any other text behind a `=`. */
export function packUrn(urn: string, accountId: string): string {
  const end = 5 + accountId.length;
  if (urn.charAt(end) === ':' && urn.startsWith(accountId, 5)) {
    if (urn.startsWith('iam::')) return `i${urn.slice(end + 1)}`;
    if (urn.startsWith('sts::')) return `s${urn.slice(end + 1)}`;
  }
  return `=${urn}`;
}

export function unpackUrn(packed: string, accountId: string): string {
  const rest = packed.slice(1);
  if (packed.startsWith('i')) return `iam::${accountId}:${rest}`;
  return packed.startsWith('s') ? `sts::${accountId}:${rest}` : rest;
}

type Named = Pick<EventPrincipal, 'accountId' | 'id' | 'userName'>;

/** 0 for a user's, which its name tells; `a` and the agency's name for a session's, whose own name its id tells; others as {@link packUrn} does. */
export function packPrincipalUrn(urn: string, principal: Named): string | 0 {
  const { accountId, id, userName } = principal;
  if (userName !== undefined && urn === userUrn(accountId, userName)) return 0;
  const packed = packUrn(urn, accountId);
  const name = packed.slice(agencySession.length, packed.indexOf('/'));
  return packed.startsWith(agencySession) && urn === sessionUrn(accountId, name, sessionNameOf(id)) ? `a${name}` : packed;
}

export function unpackPrincipalUrn(packed: string | 0, principal: Named): string {
  const { accountId, id, userName = '' } = principal;
  if (packed === 0) return userUrn(accountId, userName);
  return packed.startsWith('a') ? sessionUrn(accountId, packed.slice(1), sessionNameOf(id)) : unpackUrn(packed, accountId);
}

const agencySession = 'sassumed-agency:';
const sessionNameOf = (id: string): string => id.slice(id.indexOf(':') + 1);
