// Tokens signed with ES256: as good as those with EdDSA, in one form and text, and each key with its own algorithm only.
import { sign } from 'node:crypto';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { describe, expect, it } from 'vitest';
import { derToRaw, isLowS } from '../../src/base/ecdsa-signature.js';
import { jwkSet } from '../../src/keyring/jwks.js';
import { signJws, verifyJws, type JwsExpectation } from '../../src/keyring/jws.js';
import { generateKey, parseKey, type KeyFile } from '../../src/keyring/key.js';
import { keyringOf, type KeySet } from '../../src/keyring/keyring.js';
import { freshKey, freshKeys, order, otherSignature, random } from './support.js';

const now = Date.UTC(2026, 0, 15, 8, 30, 0);
const typ = 'agency-session+jwt';
const issuer = 'urn:agency-sts:test';
const expected: JwsExpectation = { typ, issuer, audience: issuer, now, maximumLength: 4096 };
const claims = { iss: issuer, aud: issuer, sub: 'sts::a:assumed-agency:b/c', jti: `HST${'A'.repeat(17)}`, iat: now / 1000, exp: now / 1000 + 3600 };

const file = generateKey('token-signing', Date.UTC(2026, 0, 16), random, 'ES256');
const key = parseKey(JSON.stringify(file));
const edKey = freshKey('token-signing');
const ring = keyringOf([...freshKeys().filter(({ purpose }) => purpose !== 'token-signing'), key, edKey]);
const keys: KeySet = ring['token-signing'];
const verify = (token: string) => verifyJws(keys, token, expected);

describe('an ES256 token', () => {
  it('verifies here, and with jose by the published keys', async () => {
    const token = signJws(keys, typ, claims);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: key.id, typ });
    expect(await verify(token)).toEqual(claims);
    const published = JSON.parse(JSON.stringify(jwkSet(ring))) as JSONWebKeySet;
    expect(published.keys.map(({ kty, crv, alg }) => [kty, crv, alg])).toEqual([['EC', 'P-256', 'ES256'], ['OKP', 'Ed25519', 'EdDSA']]);
    expect(JSON.stringify(published)).not.toContain('"d"');
    expect((await jwtVerify(token, createLocalJWKSet(published), { issuer, audience: issuer, typ, currentDate: new Date(now) })).payload).toEqual(claims);
  });

  it('T5: has one signature of two, and one text of it', async () => {
    const { publicKey } = key;
    if (publicKey === undefined) throw new Error('no public key');
    for (let turn = 0; turn < 50; turn += 1) {
      const token = signJws(keys, typ, { ...claims, jti: `HST${turn}` });
      const other = otherSignature(token);
      // jose takes both: the check is ours.
      await expect(jwtVerify(other, publicKey, { currentDate: new Date(now) })).resolves.toBeDefined();
      expect([await verify(token) !== undefined, await verify(other) !== undefined]).toEqual([true, false]);
    }
    const token = signJws(keys, typ, claims);
    const last = token.slice(-1);
    for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.replace(last, '')) expect(await verify(`${token.slice(0, -1)}${character}`)).toBeUndefined();
  });

  it('T1: no key verifies with the algorithm of another one', async () => {
    const headed = (alg: string, kid: string, by: 'EdDSA' | 'ES256'): string => {
      const input = `${Buffer.from(JSON.stringify({ alg, kid, typ })).toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
      const signature = by === 'ES256' ? derToRaw(sign('sha256', Buffer.from(input), key.key)) : sign(null, Buffer.from(input), edKey.key);
      return `${input}.${signature.toString('base64url')}`;
    };
    expect(await verify(headed('ES256', key.id, 'ES256'))).toEqual(claims);
    expect(await verify(headed('EdDSA', edKey.id, 'EdDSA'))).toEqual(claims);
    for (const alg of ['EdDSA', 'ES256', 'none', 'HS256', 'ES384', 'es256', 'Ed25519']) {
      for (const [kid, by] of [[key.id, 'EdDSA'], [edKey.id, 'ES256'], [key.id, 'ES256'], [edKey.id, 'EdDSA']] as const) {
        const isRight = (alg === 'ES256' && kid === key.id && by === 'ES256') || (alg === 'EdDSA' && kid === edKey.id && by === 'EdDSA');
        expect(await verify(headed(alg, kid, by)) !== undefined, `${alg} ${kid} ${by}`).toBe(isRight);
      }
    }
  });

  it('r and s of every length become 32 bytes each', () => {
    const der = (r: Buffer, s: Buffer): Buffer => Buffer.concat([Buffer.from([0x30, r.length + s.length + 4, 2, r.length]), r, Buffer.from([2, s.length]), s]);
    const short = Buffer.from([1]);
    const long = Buffer.concat([Buffer.from([0, 0x80]), Buffer.alloc(31, 7)]);
    expect(derToRaw(der(short, short)).toString('hex')).toBe(`${'0'.repeat(63)}1${'0'.repeat(63)}1`);
    expect(derToRaw(der(long, short)).subarray(0, 32).toString('hex')).toBe(long.subarray(1).toString('hex'));
    const high = derToRaw(der(short, long));
    expect(isLowS(high)).toBe(true);
    expect(BigInt(`0x${high.subarray(32).toString('hex')}`)).toBe(order - BigInt(`0x${long.toString('hex')}`));
  });
});

describe('F6: a P-256 key file', () => {
  const other = (): KeyFile & { x?: string; y?: string; d?: string } => generateKey('token-signing', now, random, 'ES256');
  it.each<[what: string, content: () => object]>([
    ['for the audit log', () => ({ ...file, purpose: 'audit-signing' })], ['for a secret', () => ({ ...file, purpose: 'secret-sealing' })],
    ['with EdDSA as its algorithm', () => ({ ...file, alg: 'EdDSA' })], ['on the curve P-384', () => ({ ...file, crv: 'P-384' })], ['on the curve secp256k1', () => ({ ...file, crv: 'secp256k1' })],
    ['with the public part of another key', () => ({ ...file, x: other().x, y: other().y })], ['with the private part of another key', () => ({ ...file, d: other().d })],
    ['without its y', () => ({ ...file, y: undefined })], ['with a point that is not on the curve', () => ({ ...file, y: Buffer.alloc(32, 1).toString('base64url') })],
  ])('%s is refused', (_what, content) => {
    expect(() => parseKey(JSON.stringify(content()))).toThrow();
    expect(parseKey(JSON.stringify(file)).algorithm).toBe('ES256');
  });
});
