// What a security token says of its session, read from its claims; anything that is not of its form is no token.
import type { SignedClaims } from './signed.js';
import type { EcdsaPublicJwk } from '../signing/index.js';
import { cellOfSessionId } from '../urn/ids.js';
import { statusListPattern } from '../status/index.js';

/** A place that must not be marked. */
export interface StatusPlace {
  readonly list: string;
  readonly index: number;
}

/** An epoch that the session was issued under, and when what it ends was issued. */
export interface CarriedEpoch {
  /** Place of the account among those of the token. */
  readonly account: number;
  /** `account`, `user:<id>`, `key:<id>`, `agency:<id>`, `source:<source identity>` or `password:<user id>`. */
  readonly subject: string;
  readonly epoch: number;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
}

export interface Lineage {
  /** By their places: each with the handle under which its epoch list is published. */
  readonly accounts: readonly { readonly id: string; readonly handle: string }[];
  readonly places: readonly StatusPlace[];
  readonly epochs: readonly CarriedEpoch[];
}

export interface PrincipalTag {
  readonly key: string;
  readonly value: string;
}

/** Who signed, as the token service vouches for it. Members that are undefined are not known in the way it was verified. */
export interface Principal {
  /** `sts::<account>:assumed-agency:<agency name>/<session name>`, or that of a user. */
  readonly urn: string;
  readonly accountId: string;
  /** Of a session also its id. */
  readonly accessKeyId: string;
  /** Offline: the session tags. Online, and with a policy bundle: those of the agency or user too, as in `g:PrincipalTag`. */
  readonly tags: readonly PrincipalTag[] | undefined;
  readonly sourceIdentity: string | undefined;
  /** Agencies from the long-term key to the session; 0 for a long-term key. */
  readonly chainDepth: number;
  /** URN of the long-term principal at the beginning of the chain. */
  readonly rootPrincipal: string;
  /** Seconds since the epoch. */
  readonly mfaAuthenticatedAt: number | undefined;
  /** Undefined: a long-term key. */
  readonly expiresAt: number | undefined;
}

export interface SessionClaims {
  readonly principal: Principal;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  /** Id of the key that the session's secret is derived from. */
  readonly secretKey: string;
  readonly confirmationKey: EcdsaPublicJwk | undefined;
  /** Undefined when the token holds only the digest of its chain, or is of a release that published nothing. */
  readonly lineage: Lineage | undefined;
}

class Malformed extends Error {}

/** Undefined for claims that are not those of a session. */
export function sessionClaims(claims: SignedClaims, issuer: string): SessionClaims | undefined {
  try {
    return read(claims, issuer);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

function read({ aud, sub, jti, iat, exp, cnf, status, agency_sts: own }: SignedClaims, issuer: string): SessionClaims {
  // One audience, not one of several: a token for others as well is not a token for us.
  if (aud !== issuer) throw new Malformed();
  const sessionId = text(jti);
  if (cellOfSessionId(sessionId) === undefined) throw new Malformed();
  const session = object(own);
  const accountId = text(session['account']);
  const agencyId = text(session['agency']);
  const sourceIdentity = optional(session['source_identity'], text);
  return {
    principal: {
      accountId, urn: text(sub), accessKeyId: sessionId, rootPrincipal: text(session['root']), sourceIdentity, chainDepth: whole(session['depth']),
      tags: session['tags_digest'] === undefined ? list(session['tags'] ?? []).map(tag) : undefined,
      expiresAt: exp, mfaAuthenticatedAt: optional(session['mfa'], whole),
    },
    issuedAt: iat,
    secretKey: text(session['secret_key']),
    confirmationKey: optional(cnf, (value) => publicJwk(object(value)['jwk'])),
    lineage: session['chain'] === undefined || session['handles'] === undefined ? undefined : lineage({ session, status, accountId, agencyId, iat, sourceIdentity }),
  };
}

interface Own {
  readonly session: Readonly<Record<string, unknown>>;
  readonly status: unknown;
  readonly accountId: string;
  readonly agencyId: string;
  readonly iat: number;
  readonly sourceIdentity: string | undefined;
}

/**
 * Of the chain and the session itself: `[access key, account, owner, epoch of the account, of the owner, of the key,
 * (of the source identity, or null), (id of the user's token that it is or was made from, its epoch, status list and place, and the epoch of the user's password)]`, then `[session, account, agency, epoch of the account, of the agency, status list, place,
 * seconds since the chain began, (epoch of the source identity)]` for each session. An account that stood before is
 * told by its place among the accounts.
 */
function lineage({ session, status, accountId, agencyId, iat, sourceIdentity }: Own): Lineage {
  const [handleKey, ...handles] = list(session['handles']).map(text);
  const began = whole(session['chain_started']);
  const accounts: string[] = [];
  const accountPlace = (value: unknown): number => {
    if (typeof value === 'number') {
      if (accounts[value] === undefined) throw new Malformed();
      return value;
    }
    const known = accounts.indexOf(text(value));
    return known < 0 ? accounts.push(text(value)) - 1 : known;
  };
  const places: StatusPlace[] = [];
  const epochs: CarriedEpoch[] = [];
  const [key, ...sessions] = list(session['chain']).map(list);
  if (key === undefined || handleKey === undefined || whole(session['depth']) !== sessions.length + 1) throw new Malformed();
  const carry = (account: number, issuedAt: number, carried: readonly (readonly [subject: string, epoch: unknown])[], source: unknown): void => {
    for (const [subject, epoch] of carried) epochs.push({ account, subject, epoch: whole(epoch), issuedAt });
    if (source === undefined) return;
    if (sourceIdentity === undefined) throw new Malformed();
    epochs.push({ account, subject: `source:${sourceIdentity}`, epoch: whole(source), issuedAt });
  };
  const [accessKeyId, keyAccount, owner, keyAccountEpoch, ownerEpoch, keyEpoch, keySource, tokenId, tokenEpoch, tokenList, tokenIndex, passwordEpoch] = key;
  if (tokenId !== undefined) places.push({ list: listName(tokenList), index: whole(tokenIndex) });
  carry(accountPlace(keyAccount), began, [['account', keyAccountEpoch], [`user:${text(owner)}`, ownerEpoch], [`key:${text(accessKeyId)}`, keyEpoch], ...(tokenId === undefined ? [] : [[`password:${text(owner)}`, passwordEpoch] as const]), ...(tokenId === undefined || tokenId === accessKeyId ? [] : [[`key:${text(tokenId)}`, tokenEpoch] as const])], keySource ?? undefined);
  for (const [id, account, agency, accountEpoch, agencyEpoch, statusList, index, after, source] of sessions) {
    if (cellOfSessionId(text(id)) === undefined) throw new Malformed();
    places.push({ list: listName(statusList), index: whole(index) });
    carry(accountPlace(account), began + whole(after), [['account', accountEpoch], [`agency:${text(agency)}`, agencyEpoch]], source);
  }
  const { idx, uri } = object(object(status)['status_list']);
  places.push({ list: listName(/[/:]([^/:]+)$/.exec(text(uri))?.[1]), index: whole(idx) });
  const [accountEpoch, agencyEpoch, source] = list(session['epochs']);
  carry(accountPlace(accountId), iat, [['account', accountEpoch], [`agency:${agencyId}`, agencyEpoch]], source);
  if (handles.length !== accounts.length) throw new Malformed();
  return { accounts: accounts.map((id, at) => ({ id: pathPart(id), handle: pathPart(handles[at]) })), places, epochs };
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed();
  return Object.fromEntries(Object.entries(value));
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed();
  return value;
}

function text(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new Malformed();
  return value;
}

function whole(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new Malformed();
  return value;
}

function pathPart(value: unknown): string {
  if (!/^[\w-]{1,64}$/.test(text(value))) throw new Malformed();
  return text(value);
}

function listName(value: unknown): string {
  if (!statusListPattern.test(text(value))) throw new Malformed();
  return text(value);
}

const optional = <Value>(value: unknown, as: (value: unknown) => Value): Value | undefined => (value === undefined ? undefined : as(value));

function tag(value: unknown): PrincipalTag {
  const [key, given] = list(value);
  if (typeof given !== 'string') throw new Malformed();
  return { key: text(key), value: given };
}

function publicJwk(value: unknown): EcdsaPublicJwk {
  const { kty, crv, x, y } = object(value);
  if (kty !== 'EC' || crv !== 'P-256') throw new Malformed();
  return { kty, crv, x: text(x), y: text(y) };
}
