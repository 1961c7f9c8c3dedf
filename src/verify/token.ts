// A security token, verified once and remembered with all that every request of its session needs of it.
import { publicVerificationKey, type VerificationKey } from '../signing/index.js';
import { subjectDigest } from '../status/index.js';
import { boundedMap } from './bounded-map.js';
import { sessionClaims, type SessionClaims, type StatusPlace } from './claims.js';
import type { KeySet } from './key-set.js';
import { Refused } from './refusal.js';
import { signedClaims } from './signed.js';

const tokenType = 'agency-session+jwt';
const mostTokenBytes = 4096;
/** Tokens that are remembered, of some 10 KB each with what was made of them. */
const keptTokens = 10_000;

export interface KnownToken extends SessionClaims {
  /** Id of the key that signed it. */
  readonly tokenKey: string;
  readonly places: readonly StatusPlace[];
  readonly epochs: readonly { readonly account: number; readonly digest: string; readonly epoch: number; readonly issuedAt: number }[];
  /** Of its `cnf`. */
  readonly verificationKey: VerificationKey | undefined;
  readonly expiresAt: number;
}

export interface TokenReader {
  /** Throws {@link Refused} for anything but a good token of this access key that has not expired. */
  read(token: string, accessKeyId: string, now: number): Promise<KnownToken>;
}

export function tokenReader(keys: KeySet, issuer: string): TokenReader {
  // Keyed by the whole text: only the very same bytes skip the signature check, never a variant of them.
  const known = boundedMap<string, KnownToken>(keptTokens);

  async function verified(token: string, now: number): Promise<KnownToken> {
    const remembered = known.get(token);
    // INVARIANT: with its key a token is dead, remembered or not.
    if (remembered !== undefined && (await keys.find(remembered.tokenKey)) !== undefined) return remembered;
    const claims = await signedClaims(keys, token, { typ: tokenType, issuer, now, mostBytes: mostTokenBytes });
    if (claims === 'expired') throw expired();
    const session = claims === undefined ? undefined : sessionClaims(claims, issuer);
    if (claims === undefined || session === undefined) throw new Refused('security_token_invalid', 'the security token is none of this issuer');
    const made = knownToken(session, keyIdOf(token), claims.exp);
    known.set(token, made);
    return made;
  }

  return {
    async read(token, accessKeyId, now) {
      const found = await verified(token, now);
      if (now >= found.expiresAt * 1000) throw expired();
      if (found.principal.accessKeyId !== accessKeyId) throw new Refused('security_token_invalid', 'the security token is of another access key');
      return found;
    },
  };
}

const expired = (): Refused => new Refused('security_token_expired', 'the security token has expired');

/** Of a token whose header has been judged. */
function keyIdOf(token: string): string {
  const { kid }: { readonly kid?: unknown } = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString('utf8')) as object;
  return String(kid);
}

function knownToken(session: SessionClaims, tokenKey: string, expiresAt: number): KnownToken {
  const { lineage, confirmationKey, principal } = session;
  return {
    ...session, tokenKey, expiresAt,
    places: lineage?.places ?? [],
    epochs: (lineage?.epochs ?? []).map(({ account, subject, epoch, issuedAt }) => ({ account, digest: subjectDigest(lineage?.accounts[account]?.handle ?? '', subject), epoch, issuedAt })),
    verificationKey: confirmationKey === undefined ? undefined : publicKeyOf(principal.accessKeyId, confirmationKey),
  };
}

function publicKeyOf(accessKeyId: string, jwk: SessionClaims['confirmationKey'] & {}): VerificationKey {
  try {
    return publicVerificationKey(accessKeyId, jwk);
  } catch {
    throw new Refused('security_token_invalid', '`cnf` of the security token is no key');
  }
}
