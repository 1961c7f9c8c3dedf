// Tokens that are not the one they look like: each made from a true one, by who has the ring's public key, or even its private one.
import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { CompactEncrypt, GeneralSign, type CryptoKey } from 'jose';
import type { KeySet } from '../../src/keyring/keyring.js';

type Members = Readonly<Record<string, unknown>>;
export type Forgery = readonly [row: string, what: string, token: string];

const part = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
export const partsOf = (token: string): { header: Members; claims: Members; input: string; signature: string } => {
  const [header = '', claims = '', signature = ''] = token.split('.');
  const read = (text: string): Members => JSON.parse(Buffer.from(text, 'base64url').toString()) as Members;
  return { header: read(header), claims: read(claims), input: `${header}.${claims}`, signature };
};

/** Really signed by the ring, whatever it says: header and claims may be objects or texts. */
export function ringSigned(keys: KeySet, header: unknown, claims: unknown): string {
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${sign(null, Buffer.from(input), keys.active.key).toString('base64url')}`;
}

/** `token` is a good one of this ring; the header's kid is the active key's. */
export async function forgeries(keys: KeySet, token: string): Promise<readonly Forgery[]> {
  const { header, claims, input, signature } = partsOf(token);
  const { publicKey } = keys.active;
  if (publicKey === undefined) throw new Error('a signing key has its public half');
  const own = (changes: Members, dropped: readonly string[] = []): string => ringSigned(keys, header, without({ ...claims, ...changes }, dropped));
  const headed = (changes: Members, dropped: readonly string[] = []): string => ringSigned(keys, without({ ...header, ...changes }, dropped), claims);
  const foreign = generateKeyPairSync('ed25519');
  const foreignJwk = foreign.publicKey.export({ format: 'jwk' });
  return [
    ...algorithmForgeries(header, claims, publicKey, signature),
    ...['../../../etc/passwd', '/dev/null', 'https://evil.example/jwks', 'file:///etc/passwd', "' OR 1=1 --", '__proto__', 'constructor', 'toString', 'a'.repeat(3000), '', `${keys.active.id}\0`, ` ${keys.active.id}`]
      .map((kid): Forgery => ['T2', `kid ${kid.slice(0, 30)}`, headed({ kid })]),
    ...[[keys.active.id], { id: keys.active.id }, 1, null, true].map((kid): Forgery => ['T2', `kid ${JSON.stringify(kid)}`, headed({ kid })]),
    ['T2', 'no kid', headed({}, ['kid'])],
    ['T3', 'a foreign key by jwk', signedBy(foreign.privateKey, { ...header, jwk: foreignJwk }, claims)],
    ['T3', 'a foreign key under our kid', signedBy(foreign.privateKey, header, claims)],
    ...Object.entries({ jku: 'https://evil.example/jwks', x5u: 'https://evil.example/cert', jwk: foreignJwk, x5c: ['MIIB'], x5t: 'x', 'x5t#S256': 'x', cty: 'JWT', zip: 'DEF', nonce: 'x', extra: 1 })
      .map(([name, value]): Forgery => ['T3', `a header with ${name}`, headed({ [name]: value })]),
    ['T4', 'crit unknown', headed({ crit: ['exp'], exp: 1 })], ['T4', 'crit empty', headed({ crit: [] })], ['T4', 'crit b64', headed({ crit: ['b64'], b64: true })],
    ['T4', 'b64 false', headed({ b64: false })], ['T4', 'crit and b64 false', headed({ crit: ['b64'], b64: false })],
    ...otherTexts(token).map((text, index): Forgery => ['T5', `another text of the signature (${index})`, text]),
    ['T5', 'S + L in the signature', `${input}.${raisedByOrder(signature)}`],
    ['T5', 'a signature cut short', token.slice(0, -4)], ['T5', 'no signature', `${input}.`], ['T5', 'a signature of zeros', `${input}.${Buffer.alloc(64).toString('base64url')}`],
    ...['exp', 'iat', 'jti', 'sub', 'iss', 'aud'].map((name): Forgery => ['T6', `no ${name}`, own({}, [name])]),
    ...oddTimes(claims).map(([what, text]): Forgery => ['T6', what, ringSigned(keys, header, text)]),
    ...['JWT', 'jwt', 'at+jwt', 'audit-receipt+jwt', 'audit-checkpoint+jwt', 'agency-session', 'agency-session+jwt2', '', 1, null].map((typ): Forgery => ['T7', `typ ${JSON.stringify(typ)}`, headed({ typ })]),
    ['T7', 'no typ', headed({}, ['typ'])],
    ['T8', 'aud array with ours', own({ aud: [claims['aud'], 'https://other.example'] })], ['T8', 'aud array of ours alone', own({ aud: [claims['aud']] })],
    ...['https://other.example', `${String(claims['aud'])}/`, `${String(claims['aud'])} `, '', '*'].map((aud): Forgery => ['T8', `aud ${JSON.stringify(aud)}`, own({ aud })]),
    ...['https://other.example', `${String(claims['iss'])}/`, `${String(claims['iss'])}.evil.example`, '', [claims['iss']], null].map((iss): Forgery => ['T8', `iss ${JSON.stringify(iss)}`, own({ iss })]),
    ['T9', '1 MB of claims', own({ junk: 'a'.repeat(1_000_000) })],
    ['T9', 'claims over the limit by one tag too many', own({ junk: 'a'.repeat(4096) })],
    ['T9', '100,000 tags', own({ tags: Array.from({ length: 100_000 }, () => 'a') })],
    ['T9', '200,000 arrays in one another', ringSigned(keys, header, `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`)],
    ['T9', 'claims that are an array', ringSigned(keys, header, '[]')], ['T9', 'claims that are null', ringSigned(keys, header, 'null')],
    ['T9', 'claims that are no JSON', ringSigned(keys, header, 'exp')], ['T9', 'a header that is no JSON', ringSigned(keys, 'alg', claims)],
    ['T10', 'flattened JSON serialisation', JSON.stringify({ protected: input.split('.')[0], payload: input.split('.')[1], signature })],
    ['T10', 'general JSON serialisation', JSON.stringify({ payload: input.split('.')[1], signatures: [{ protected: input.split('.')[0], signature }] })],
    ['T10', 'two signatures', JSON.stringify(await twoSignatures(keys.active.key, foreign.privateKey, header, claims))],
    ['T10', 'a detached payload', `${input.split('.')[0] ?? ''}..${signature}`],
    ['T10', 'four parts', `${token}.${signature}`], ['T10', 'two parts', input], ['T10', 'padding', `${token}==`], ['T10', 'a blank', `${input} .${signature}`],
    ['T10', 'a prefix', `Bearer ${token}`], ['T10', 'two tokens', `${token},${token}`], ['T10', 'base64 of the token', part(token)], ['T10', 'nothing', ''], ['T10', 'dots', '..'],
    ['T11', 'a JWE to a shared secret', await encrypted({ alg: 'dir', enc: 'A256GCM' }, Buffer.alloc(32, 1), claims)],
    ['T11', 'a JWE with a million rounds of PBES2', `${part({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 1_000_000, p2s: 'AAAA' })}.AAAA.AAAA.AAAA.AAAA`],
    ['T11', 'a zipped JWE bomb', `${part({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' })}..AAAA.${gzipSync(Buffer.alloc(100_000)).toString('base64url')}.AAAA`],
    ['T11', 'a JWE of three parts', `${part({ alg: 'dir', enc: 'A256GCM', kid: keys.active.id })}.AAAA.AAAA`],
  ];
}

/** T1: each key has one algorithm, and the token does not choose it. */
function algorithmForgeries(header: Members, claims: Members, publicKey: KeyObject, signature: string): readonly Forgery[] {
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const bare = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const pem = publicKey.export({ format: 'pem', type: 'spki' });
  const under = (alg: unknown, make: (input: string) => Buffer | string): string => {
    const input = `${part({ ...header, alg })}.${part(claims)}`;
    const made = make(input);
    return `${input}.${typeof made === 'string' ? made : made.toString('base64url')}`;
  };
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  return [
    ...['none', 'None', 'NONE', 'nOnE', ''].map((alg): Forgery => ['T1', `alg ${JSON.stringify(alg)} without a signature`, under(alg, () => '')]),
    ...['none', 'eddsa', 'EDDSA', 'Ed25519', 'Ed448', 'ES256', 'HS256', 'RS256', null, 1, ['EdDSA']].map((alg): Forgery => ['T1', `alg ${JSON.stringify(alg)} with the signature of another header`, under(alg, () => signature)]),
    ...([['DER', spki], ['bare', bare], ['PEM', Buffer.from(pem)]] as const).map(([form, key]): Forgery =>
      ['T1', `HS256 with the public key in ${form} form as its secret`, under('HS256', (input) => createHmac('sha256', key).update(input).digest())]),
    ['T1', 'ES256 of another key', under('ES256', (input) => sign('sha256', Buffer.from(input), { key: p256, dsaEncoding: 'ieee-p1363' }))],
    ['T1', 'RS256 of another key', under('RS256', (input) => sign('sha256', Buffer.from(input), rsa))],
  ];
}

const without = (members: Members, dropped: readonly string[]): Members => Object.fromEntries(Object.entries(members).filter(([name]) => !dropped.includes(name)));

function signedBy(key: KeyObject, header: Members, claims: Members): string {
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
}

const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The 15 other texts that decode to the same 64 bytes of signature: four bits of the last character stay open. */
export function otherTexts(token: string): readonly string[] {
  const last = base64url.indexOf(token.slice(-1));
  return Array.from({ length: 16 }, (_value, bits) => `${token.slice(0, -1)}${base64url.charAt((last & 0b110000) | bits)}`).filter((text) => text !== token);
}

/** Ed25519's S is below the group's order L; S + L satisfies the same equation. */
function raisedByOrder(signature: string): string {
  const bytes = Buffer.from(signature, 'base64url');
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + order;
  return Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()]).toString('base64url');
}

/** Claims as JSON text, since JSON.stringify would not write most of these. */
function oddTimes(claims: Members): readonly (readonly [string, string])[] {
  const exp = Number(claims['exp']);
  return ['exp', 'iat'].flatMap((name) => [`"${exp}"`, '1e999', '-1e999', `${exp}.5`, 'null', 'true', '[]', `[${exp}]`, '{}', '9007199254740993', '"never"', '""']
    .map((value) => [`${name} ${value}`, JSON.stringify({ ...claims, [name]: '@' }).replace('"@"', value)] as const))
    .concat([['exp -1', JSON.stringify({ ...claims, exp: -1 })], ['exp 0', JSON.stringify({ ...claims, exp: 0 })], ['exp in milliseconds of the past', JSON.stringify({ ...claims, exp: -exp * 1000 })]]);
}

async function twoSignatures(ours: KeyObject, foreign: KeyObject, { kid, typ }: Members, claims: Members): Promise<unknown> {
  const jws = new GeneralSign(Buffer.from(JSON.stringify(claims)));
  for (const key of [ours, foreign]) jws.addSignature(key).setProtectedHeader({ alg: 'EdDSA', kid: String(kid), typ: String(typ) });
  return jws.sign();
}

const encrypted = (header: { alg: string; enc: string }, key: CryptoKey | Uint8Array, claims: Members): Promise<string> =>
  new CompactEncrypt(Buffer.from(JSON.stringify(claims))).setProtectedHeader(header).encrypt(key);
