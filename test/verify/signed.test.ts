// Texts signed with ES256: one signature of two counts offline, as at the service.
import { jwtVerify } from 'jose';
import { expect, it } from 'vitest';
import { jwkSet } from '../../src/keyring/jwks.js';
import { signJws } from '../../src/keyring/jws.js';
import { generateKey, parseKey } from '../../src/keyring/key.js';
import { keyringOf } from '../../src/keyring/keyring.js';
import { keySet } from '../../src/verify/key-set.js';
import { remote } from '../../src/verify/remote.js';
import { signedClaims } from '../../src/verify/signed.js';
import { freshKeys, otherSignature, random } from '../keyring/support.js';

const now = Date.UTC(2026, 0, 15, 8, 30, 0);
const typ = 'agency-session+jwt';
const issuer = 'urn:agency-sts:test';
const key = parseKey(JSON.stringify(generateKey('token-signing', now, random, 'ES256')));
const ring = keyringOf([...freshKeys().filter(({ purpose }) => purpose !== 'token-signing'), key]);
const keys = keySet('https://sts.example/.well-known/jwks.json', remote(() => Promise.resolve(Response.json(jwkSet(ring))), 1000), { now: () => now, monotonic: () => 0 });
const verify = (text: string) => signedClaims(keys, text, { typ, issuer, now, mostBytes: 4096 });

it('T5: the other ES256 signature of a token is none, though it satisfies the same equation', async () => {
  if (key.publicKey === undefined) throw new Error('no public key');
  for (let turn = 0; turn < 20; turn += 1) {
    const claims = { iss: issuer, aud: issuer, sub: 'sts::a:assumed-agency:b/c', jti: `HST${turn}`, iat: now / 1000, exp: now / 1000 + 3600 };
    const text = signJws(ring['token-signing'], typ, claims);
    const other = otherSignature(text);
    // jose takes both: the check is ours.
    await expect(jwtVerify(other, key.publicKey, { currentDate: new Date(now) })).resolves.toBeDefined();
    expect([await verify(text), await verify(other)]).toEqual([claims, undefined]);
  }
});
