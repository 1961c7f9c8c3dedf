// A token is what this ring signed, for this issuer and audience, of this type, in its one text, and in time; all else is nothing.
import { createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { compactVerify, jwtVerify } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { signJws, verifyJws, type JwsExpectation } from '../../src/keyring/jws.js';
import type { RingKey } from '../../src/keyring/key.js';
import { keyringOf, type KeySet } from '../../src/keyring/keyring.js';
import { forgeries, otherTexts, partsOf, ringSigned, type Forgery } from './forgeries.js';
import { freshKey, freshKeys } from './support.js';

const now = Date.UTC(2026, 0, 15, 8, 30, 0);
const typ = 'agency-session+jwt';
const issuer = 'urn:agency-sts:test';
const expected: JwsExpectation = { typ, issuer, audience: issuer, now, maximumLength: 4096 };
const claims = { iss: issuer, aud: issuer, sub: 'sts::a:assumed-agency:b/c', jti: `HST${'A'.repeat(17)}`, iat: now / 1000, exp: now / 1000 + 3600 };

const ring = keyringOf(freshKeys());
const keys = ring['token-signing'];
const token = signJws(keys, typ, claims);
const verify = (text: string, changes: Partial<JwsExpectation> = {}, by: KeySet = keys): ReturnType<typeof verifyJws> => verifyJws(by, text, { ...expected, ...changes });

describe('a token of ours', () => {
  it('verifies and gives its claims', async () => {
    expect(await verify(token)).toEqual(claims);
  });

  it('is a JWS to jose as well', async () => {
    const { publicKey } = keys.active;
    if (publicKey === undefined) throw new Error('no public key');
    const { payload, protectedHeader } = await jwtVerify(token, publicKey, { algorithms: ['EdDSA'], issuer, audience: issuer, typ, currentDate: new Date(now) });
    expect(payload).toEqual(claims);
    expect(protectedHeader).toEqual({ alg: 'EdDSA', kid: keys.active.id, typ });
  });

  it('is good up to the second of its exp, not in it', async () => {
    const at = async (seconds: number): Promise<boolean> => (await verify(token, { now: (claims.exp + seconds) * 1000 })) !== undefined;
    expect([await at(-1), await at(-0.001), await at(0), await at(0.001), await at(1)]).toEqual([true, true, false, false, false]);
  });

  it('holds whatever JSON can hold', async () => {
    await fc.assert(fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (value) => {
      const more = { ...claims, agency_sts: value };
      expect(await verify(signJws(keys, typ, more), { maximumLength: 1_000_000 })).toEqual(JSON.parse(JSON.stringify(more)));
    }), { numRuns: 50 });
  });

  it('is refused as soon as it is longer than it may be, by one character', async () => {
    expect(await verify(token, { maximumLength: token.length })).toBeDefined();
    expect(await verify(token, { maximumLength: token.length - 1 })).toBeUndefined();
  });
});

describe('keys of the ring', () => {
  const olderRing = (): RingKey[] => [freshKey('token-signing')];

  it('an older key verifies what it signed; the newest signs', async () => {
    const older = olderRing();
    const both = keyringOf([...freshKeys(), ...older])['token-signing'];
    const [old] = older;
    if (old === undefined) throw new Error('no key');
    const signedByOld = signJws({ active: old, byId: new Map() }, typ, claims);
    expect(both.active.id).not.toBe(old.id);
    expect(await verify(signedByOld, {}, both)).toBeDefined();
    // T13: a key that is not, or no longer, in the ring is nobody's.
    expect(await verify(signedByOld)).toBeUndefined();
  });

  it('T2: one key does not verify under the id of another', async () => {
    const [old] = olderRing();
    if (old === undefined) throw new Error('no key');
    const both: KeySet = { active: keys.active, byId: new Map([[keys.active.id, keys.active], [old.id, old]]) };
    expect(await verify(ringSigned(keys, { alg: 'EdDSA', kid: old.id, typ }, claims), {}, both)).toBeUndefined();
  });

  it('T7: a key of another purpose signs nothing that verifies', async () => {
    for (const [purpose, set] of Object.entries(ring).filter(([name]) => name !== 'token-signing')) {
      expect(set.byId.has(keys.active.id), purpose).toBe(false);
      expect(keys.byId.has(set.active.id), purpose).toBe(false);
      expect(await verify(ringSigned(keys, { alg: 'EdDSA', kid: set.active.id, typ }, claims)), purpose).toBeUndefined();
    }
  });
});

describe('a forged token', () => {
  let all: readonly Forgery[] = [];
  beforeAll(async () => {
    all = await forgeries(keys, token);
  });

  it.each(['T1', 'T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'T8', 'T9', 'T10', 'T11'])('%s: none of the row verifies, none throws, none takes long', async (row) => {
    const ofRow = all.filter(([name]) => name === row);
    expect(ofRow.length).toBeGreaterThan(2);
    for (const [, what, text] of ofRow) {
      const started = performance.now();
      expect(await verify(text), what).toBeUndefined();
      expect(performance.now() - started, what).toBeLessThan(200);
    }
  });

  it('T1, T6, T8: is refused for what it says, not for its length', async () => {
    for (const [row, what, text] of all.filter(([row]) => row !== 'T9')) expect(await verify(text, { maximumLength: 10_000_000 }), `${row} ${what}`).toBeUndefined();
  });

  it('T5: of the 16 texts of one signature, which all decode to the same bytes, one verifies', async () => {
    const texts = [token, ...otherTexts(token)];
    expect(new Set(texts).size).toBe(16);
    expect(new Set(texts.map((text) => Buffer.from(partsOf(text).signature, 'base64url').toString('hex'))).size).toBe(1);
    const { publicKey } = keys.active;
    if (publicKey === undefined) throw new Error('no public key');
    // jose takes all of them: the check is ours.
    for (const text of texts) await expect(compactVerify(text, createPublicKey(publicKey.export({ format: 'pem', type: 'spki' })))).resolves.toBeDefined();
    const verified = await Promise.all(texts.map(async (text) => (await verify(text)) !== undefined));
    expect(verified).toEqual([true, ...Array<boolean>(15).fill(false)]);
  });

  it('with any single character changed is nothing', async () => {
    await fc.assert(fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...Array.from('ABCxyz019-_.=+/ ')), async (index, character) => {
      const bent = `${token.slice(0, index)}${character}${token.slice(index + 1)}`;
      expect(await verify(bent) !== undefined).toBe(bent === token);
    }), { numRuns: 300 });
  });

  it('of any other text is nothing', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), async (text) => {
      expect(await verify(text)).toBeUndefined();
    }), { numRuns: 200 });
  });
});
