// Signatures that are no signatures: the cases of the Wycheproof suites for ECDSA P-256, Ed25519 and JSON web keys, rebuilt on living sessions.
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts, agencies, keys } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { partsOf, ringSigned } from '../keyring/forgeries.js';
import { createVerifier, type OfflineVerifier } from '../../src/verify/index.js';
import { clientAddress, clockOf, hosts, issuer, received, way, withHeader } from './support.js';

const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;

let service: TestService;
let credentials: Credentials;
let verifier: OfflineVerifier;
beforeAll(async () => {
  service = await startService(accounts, { STS_ISSUER: issuer });
  credentials = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session1' }, { algorithm: 'SDK-ECDSA-P256-SHA256' });
  verifier = createVerifier({ mode: 'offline', issuer, endpoint: service.url, service: 'obs', hosts, clock: clockOf(service) });
});
afterAll(() => service.stop());

const bytes = (value: bigint): Buffer => {
  const hex = value.toString(16);
  const even = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return (even[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), even]) : even;
};
const tlv = (tag: number, content: Buffer): Buffer => Buffer.concat([Buffer.from([tag, content.length]), content]);
const integer = (value: bigint): Buffer => tlv(2, bytes(value));
const der = (...parts: Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));

/** r and s of a DER signature. */
function numbersOf(hex: string): { readonly r: bigint; readonly s: bigint } {
  const signature = Buffer.from(hex, 'hex');
  const length = signature[3] ?? 0;
  return { r: BigInt(`0x${signature.subarray(4, 4 + length).toString('hex')}`), s: BigInt(`0x${signature.subarray(6 + length).toString('hex')}`) };
}

describe('ECDSA P-256 over the request', () => {
  async function withSignature(make: (r: bigint, s: bigint, whole: Buffer) => Buffer): Promise<unknown> {
    const request = received(service, credentials);
    const authorization = request.rawHeaders[request.rawHeaders.indexOf('authorization') + 1] ?? '';
    const [head = '', hex = ''] = authorization.split('Signature=');
    const { r, s } = numbersOf(hex);
    return verifier.authenticate(withHeader(request, 'authorization', `${head}Signature=${make(r, s, Buffer.from(hex, 'hex')).toString('hex')}`), clientAddress);
  }

  it('is accepted as it is, and with the other s that fits as well: nothing hangs on the text of a signature', async () => {
    expect(await withSignature((r, s) => der(integer(r), integer(s)))).toMatchObject({ ok: true });
    expect(await withSignature((r, s) => der(integer(r), integer(n - s)))).toMatchObject({ ok: true });
  });

  it.each<[what: string, make: (r: bigint, s: bigint, whole: Buffer) => Buffer]>([
    ['r = 0', (_, s) => der(integer(0n), integer(s))], ['s = 0', (r) => der(integer(r), integer(0n))], ['both 0', () => der(integer(0n), integer(0n))],
    ['r = n', (_, s) => der(integer(n), integer(s))], ['s = n', (r) => der(integer(r), integer(n))], ['r + n', (r, s) => der(integer(r + n), integer(s))], ['s + n', (r, s) => der(integer(r), integer(s + n))],
    ['r = 1, s = 1', () => der(integer(1n), integer(1n))], ['r = n - 1, s = n - 1', () => der(integer(n - 1n), integer(n - 1n))], ['r = p', (_, s) => der(integer(p), integer(s))],
    ['r and s changed over', (r, s) => der(integer(s), integer(r))], ['r - n', (r, s) => der(integer(n - r), integer(s))],
    ['r with a leading zero too many', (r, s) => der(tlv(2, Buffer.concat([Buffer.from([0]), bytes(r)])), integer(s))],
    ['a negative r', (r, s) => der(tlv(2, Buffer.concat([Buffer.from([0xff]), bytes(r)])), integer(s))],
    ['an empty r', (_, s) => der(tlv(2, Buffer.alloc(0)), integer(s))], ['no s', (r) => der(integer(r))], ['a third number', (r, s) => der(integer(r), integer(s), integer(1n))],
    ['a length in the long form', (_r, _s, whole) => Buffer.concat([Buffer.from([0x30, 0x81]), whole.subarray(1)])], ['an indefinite length', (_r, _s, whole) => Buffer.concat([Buffer.from([0x30, 0x80]), whole.subarray(2), Buffer.alloc(2)])],
    ['something behind it', (_r, _s, whole) => Buffer.concat([whole, Buffer.from([0])])], ['a byte less', (_r, _s, whole) => whole.subarray(0, -1)],
    ['a set in place of a sequence', (_r, _s, whole) => Buffer.concat([Buffer.from([0x31]), whole.subarray(1)])], ['texts in place of numbers', (r, s) => der(tlv(4, bytes(r)), tlv(4, bytes(s)))],
    ['r and s alone', (r, s) => Buffer.from(r.toString(16).padStart(64, '0') + s.toString(16).padStart(64, '0'), 'hex')], ['infinity', () => der(tlv(9, Buffer.from([0x40])), tlv(9, Buffer.from([0x40])))],
  ])('is refused with %s', async (_, make) => {
    expect(await withSignature(make)).toMatchObject({ ok: false, status: 401 });
  });

  it('by another key of the curve is refused', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(await withSignature(() => sign('sha256', Buffer.from('anything'), privateKey))).toMatchObject({ ok: false, reason: 'signature_mismatch' });
  });
});

/** The lowest-order points of Ed25519 in their canonical form, and two that are not canonical. */
const smallOrder = [
  '0100000000000000000000000000000000000000000000000000000000000000', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', '0000000000000000000000000000000000000000000000000000000000000080',
  '0000000000000000000000000000000000000000000000000000000000000000', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map((hex) => Buffer.from(hex, 'hex'));

describe('Ed25519 over the token', () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const withSignature = (make: (signature: Buffer) => Buffer): Promise<unknown> => {
    const { input, signature } = partsOf(credentials.securityToken ?? '');
    return verifier.authenticate(received(service, { ...credentials, securityToken: `${input}.${make(Buffer.from(signature, 'base64url')).toString('base64url')}` }), clientAddress);
  };
  const scalar = (bytesOf: Buffer): bigint => BigInt(`0x${Buffer.from(bytesOf).reverse().toString('hex')}`);
  const little = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();

  it.each<[what: string, make: (signature: Buffer) => Buffer]>([
    ['S + L', (whole) => Buffer.concat([whole.subarray(0, 32), little(scalar(whole.subarray(32)) + order)])], ['S = 0', (whole) => Buffer.concat([whole.subarray(0, 32), Buffer.alloc(32)])],
    ['S = L', (whole) => Buffer.concat([whole.subarray(0, 32), little(order)])], ['S = 2^256 - 1', (whole) => Buffer.concat([whole.subarray(0, 32), Buffer.alloc(32, 255)])],
    ...smallOrder.map((point, at): [string, (signature: Buffer) => Buffer] => [`R of small order (${at})`, (whole) => Buffer.concat([point, whole.subarray(32)])]),
    ...smallOrder.map((point, at): [string, (signature: Buffer) => Buffer] => [`R of small order and S = 0 (${at})`, () => Buffer.concat([point, Buffer.alloc(32)])]),
    ['one byte more', (whole) => Buffer.concat([whole, Buffer.from([0])])], ['one byte less', (whole) => whole.subarray(0, 63)], ['R and S changed over', (whole) => Buffer.concat([whole.subarray(32), whole.subarray(0, 32)])], ['nothing', () => Buffer.alloc(0)],
    ['one bit another', (whole) => Buffer.concat([Buffer.from([(whole[0] ?? 0) ^ 1]), whole.subarray(1)])],
  ])('is refused with %s', async (_, make) => {
    expect(await withSignature(make)).toMatchObject({ ok: false, reason: 'security_token_invalid' });
  });

  it('is accepted of the vector of RFC 8032 by what stands below the verifier', () => {
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', 'hex').toString('base64url') } });
    const signature = '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a';
    expect(verify(null, Buffer.from('af82', 'hex'), key, Buffer.from(signature, 'hex'))).toBe(true);
  });
});

describe('a key set', () => {
  const answer = (set: unknown): Promise<unknown> => {
    const road = way();
    road.hold((path) => (path === '/.well-known/jwks.json' ? Response.json(set) : undefined));
    const { fetch } = road;
    return createVerifier({ mode: 'offline', issuer, endpoint: service.url, service: 'obs', hosts, clock: clockOf(service), fetch }).authenticate(received(service, credentials), clientAddress);
  };
  const published = async (): Promise<{ kid: string; x: string }> => ((await (await fetch(`${service.url}/.well-known/jwks.json`)).json()) as { keys: [{ kid: string; x: string }] }).keys[0];

  it.each<[what: string, key: (good: { kid: string; x: string }) => object, isAccepted: boolean]>([
    ['as it is', (good) => good, true], ['without its algorithm', (good) => ({ ...good, alg: undefined }), true],
    ['for another algorithm', (good) => ({ ...good, alg: 'ES256' }), false], ['for HMAC', (good) => ({ ...good, alg: 'HS256' }), false], ['for encryption', (good) => ({ ...good, use: 'enc' }), false],
    ['of another curve', (good) => ({ ...good, crv: 'X25519' }), false], ['as a secret', (good) => ({ kid: good.kid, kty: 'oct', k: good.x, alg: 'HS256' }), false], ['with a private part', (good) => ({ ...good, d: good.x }), false],
    ['of another type', (good) => ({ ...good, kty: 'EC', crv: 'P-256', y: good.x, alg: 'ES256' }), false], ['under another id', (good) => ({ ...good, kid: 'other' }), false], ['without an id', ({ x }) => ({ kty: 'OKP', crv: 'Ed25519', x, alg: 'EdDSA' }), false],
    ['of a few bytes', (good) => ({ ...good, x: 'AAAA' }), false], ['of zeros', (good) => ({ ...good, x: Buffer.alloc(32).toString('base64url') }), false],
  ])('with the key %s: accepted only if it is the very key', async (_, key, isAccepted) => {
    expect(await answer({ keys: [key(await published())] })).toMatchObject({ ok: isAccepted });
  });

  it.each<[what: string, set: unknown]>([['no object', []], ['no keys', {}], ['null', null], ['keys of another form', { keys: {} }], ['a thousand keys', { keys: Array.from({ length: 1000 }, () => ({})) }]])('that is %s is none', async (_, set) => {
    expect(await answer(set)).toMatchObject({ ok: false, reason: 'keys_unavailable', status: 503 });
  });

  it('with two keys of one id is none', async () => {
    const good = await published();
    expect(await answer({ keys: [good, { ...good, x: Buffer.alloc(32, 7).toString('base64url') }] })).toMatchObject({ ok: false, reason: 'keys_unavailable' });
  });
});

it.each([['a point that is not on the curve', { x: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', y: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }], ['half a point', { x: 'AAAA', y: 'AAAA' }], ['another curve', { crv: 'P-384' }], ['a secret', { kty: 'oct', k: 'AAAA' }]])('a token whose `cnf` is %s stands for nobody', async (_, change) => {
  const { header, claims } = partsOf(credentials.securityToken ?? '');
  const { jwk } = claims['cnf'] as { jwk: object };
  const securityToken = ringSigned(service.composition.keyring['token-signing'], header, { ...claims, cnf: { jwk: { ...jwk, ...change } } });
  expect(await verifier.authenticate(received(service, { ...credentials, securityToken }), clientAddress)).toMatchObject({ ok: false, reason: 'security_token_invalid' });
});
