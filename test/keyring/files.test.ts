// The key ring on disk: made once, readable for its owner alone, and refused with the file's name, never its content, when it is not as it must be.
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { createMissingKeys, hasKey, isEmptyKeyring, loadKeyring } from '../../src/keyring/files.js';
import { generateKey, keyPurposes, type KeyFile, type KeyPurpose } from '../../src/keyring/key.js';
import { keyringOf } from '../../src/keyring/keyring.js';
import { createdAt, freshFile, freshKey, freshKeys, random } from './support.js';

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'agency-sts-keys-'));
  folder = join(parent, 'keys');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const create = (): Promise<readonly KeyPurpose[]> => createMissingKeys(folder, systemClock, random);
const fileNames = async (): Promise<string[]> => (await readdir(folder)).sort();
const fileOf = async (purpose: KeyPurpose): Promise<string> => join(folder, (await fileNames()).find((name) => name.startsWith(`${purpose}.`)) ?? '');
async function put(name: string, content: object | string, mode = 0o600): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content), { mode });
  await chmod(path, mode);
  return path;
}
const message = async (work: Promise<unknown>): Promise<string> => work.then(() => 'nothing was refused', (error: unknown) => (error instanceof Error ? error.message : 'no error'));

const pairs: readonly KeyPurpose[] = ['token-signing', 'audit-signing'];

describe('the first start', () => {
  it('makes one key for each purpose, each in a file of its own that only its owner can read, in a folder of that kind', async () => {
    expect(await isEmptyKeyring(folder)).toBe(true);
    expect(await create()).toEqual(keyPurposes);
    expect(await isEmptyKeyring(folder)).toBe(false);
    const names = await fileNames();
    expect(names.map((name) => name.split('.')[0])).toEqual([...keyPurposes].sort());
    for (const name of names) expect((await stat(join(folder, name))).mode & 0o777, name).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('makes keys that load: Ed25519 for tokens and the audit log, 256 bits for all else, no two alike', async () => {
    await create();
    const ring = await loadKeyring(folder);
    for (const purpose of pairs) expect(ring[purpose].active.key.asymmetricKeyType).toBe('ed25519');
    expect(ring['audit-signing'].active.publicKey?.export({ format: 'jwk' }).x).not.toBe(ring['token-signing'].active.publicKey?.export({ format: 'jwk' }).x);
    const secrets = keyPurposes.filter((purpose) => !pairs.includes(purpose)).map((purpose) => ring[purpose].active.key.export().toString('hex'));
    expect(secrets.map((secret) => secret.length)).toEqual(secrets.map(() => 64));
    expect(new Set(secrets).size).toBe(secrets.length);
  });

  it('a later start makes nothing new, and only what is missing', async () => {
    await create();
    const names = await fileNames();
    expect(await create()).toEqual([]);
    expect(await fileNames()).toEqual(names);
    await rm(await fileOf('message-sealing'));
    expect(await create()).toEqual(['message-sealing']);
    expect(await fileNames()).toHaveLength(keyPurposes.length);
  });

  it('makes only the purposes that it is asked for, and tells which the folder has', async () => {
    expect(await createMissingKeys(folder, systemClock, random, ['message-sealing'])).toEqual(['message-sealing']);
    expect([await hasKey(folder, 'message-sealing'), await hasKey(folder, 'audit-signing')]).toEqual([true, false]);
    expect(await createMissingKeys(folder, systemClock, random, ['audit-signing', 'message-sealing'])).toEqual(['audit-signing']);
    expect(await fileNames()).toHaveLength(2);
  });

  it('several starts at once make one ring, and each finds it whole', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, async () => {
      const purposes = await create();
      return { purposes, ring: await loadKeyring(folder) };
    }));
    expect(made.flatMap(({ purposes }) => purposes)).toEqual(keyPurposes);
    expect(new Set(made.map(({ ring }) => keyPurposes.map((purpose) => ring[purpose].active.id).join())).size).toBe(1);
    expect(await fileNames()).toHaveLength(keyPurposes.length);
  });

  it('leaves neither lock nor half a file, also when it fails', async () => {
    const path = await put('token-signing.bad.json', '{');
    expect(await message(create())).toContain(path);
    expect(await fileNames()).toEqual(['token-signing.bad.json']);
  });

  it('is over when the names are on the disk too: the folder and the one that holds it are synced last', async () => {
    const handle = await open(parent, 'r');
    await handle.close();
    // The class of file handles is not exported.
    const synced: Promise<boolean>[] = [];
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    const original: (this: FileHandle) => Promise<void> = Reflect.get<FileHandle, 'sync'>(prototype, 'sync');
    const spy = vi.spyOn(prototype, 'sync').mockImplementation(function (this: FileHandle) {
      synced.push(this.stat().then((status) => status.isDirectory()));
      return original.call(this);
    });
    await create();
    spy.mockRestore();
    expect(await Promise.all(synced)).toEqual([...keyPurposes.map(() => false), true, true]);
  });

  it('does not read what another start has not finished', async () => {
    await create();
    await put('token-signing.abcdefgh.json.new', '{"kty":');
    await loadKeyring(folder);
  });
});

describe('F6: a key file that is not as it must be', () => {
  const signing = (): KeyFile => freshFile('token-signing');
  const sealing = (): KeyFile & { k?: string } => freshFile('secret-sealing');
  const jwk = (type: 'x25519' | 'ed448'): object => (type === 'x25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ed448')).privateKey.export({ format: 'jwk' });
  const p256 = (): object => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });

  it.each([0o644, 0o640, 0o604, 0o620, 0o602, 0o610, 0o666, 0o777])('of mode %o is refused', async (mode) => {
    await create();
    const path = await fileOf('token-signing');
    await chmod(path, mode);
    expect(await message(loadKeyring(folder))).toBe(`\`${path}\` is no usable key file: it is open to other users of the machine; its mode must be 0600`);
  });

  it('of mode 0400 is read', async () => {
    await create();
    await chmod(await fileOf('token-signing'), 0o400);
    await loadKeyring(folder);
  });

  const malformed: readonly (readonly [string, () => object | string])[] = [
    ['empty', () => ''], ['no JSON', () => `{"k":"${sealing().k ?? ''}"`], ['null', () => 'null'], ['an array', () => '[]'], ['PEM', () => generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['a secret as token-signing key', () => ({ ...sealing(), purpose: 'token-signing' })], ['a secret as audit-signing key', () => ({ ...sealing(), purpose: 'audit-signing' })],
    ['an Ed25519 key as secret', () => ({ ...signing(), purpose: 'secret-sealing' })],
    ['of an unknown purpose', () => ({ ...sealing(), purpose: 'everything' })], ['of two purposes', () => ({ ...sealing(), purpose: ['secret-sealing', 'message-sealing'] })],
    ['on the curve X25519', () => ({ ...signing(), ...jwk('x25519') })], ['on the curve Ed448', () => ({ ...signing(), ...jwk('ed448') })], ['on the curve P-256', () => ({ ...signing(), ...p256() })],
    ['of another algorithm', () => ({ ...signing(), alg: 'ES256' })], ['of kty RSA', () => ({ ...signing(), kty: 'RSA' })],
    ['without its private part', () => ({ ...signing(), d: undefined })],
    ['with the public part of another key', () => ({ ...signing(), x: (signing() as { x?: string }).x })],
    ['with a private part cut short', () => ({ ...signing(), d: (signing() as { d?: string }).d?.slice(0, 20) })],
    ['with a secret of 255 bits', () => ({ ...sealing(), k: sealing().k?.slice(0, 42) })], ['with a secret of 512 bits', () => ({ ...sealing(), k: `${sealing().k ?? ''}${sealing().k ?? ''}` })],
    ['with a secret in base64', () => ({ ...sealing(), k: `${sealing().k?.slice(0, 42) ?? ''}+` })],
    ['without a kid', () => ({ ...sealing(), kid: undefined })], ['with a path as kid', () => ({ ...sealing(), kid: '../../etc/passwd' })], ['with a kid with a dot', () => ({ ...sealing(), kid: 'abcd.efgh' })],
    ['without a date', () => ({ ...sealing(), created_at: undefined })], ['with a date that is none', () => ({ ...sealing(), created_at: 'yesterday' })],
  ];
  it.each(malformed)('%s is refused: the error names the file and shows nothing of it', async (_what, content) => {
    const made = content();
    await create();
    const path = await put('zzz.json', made);
    const text = await message(loadKeyring(folder));
    expect(text.startsWith(`\`${path}\` is no usable key file: `), text).toBe(true);
    const fields: Readonly<Record<string, unknown>> = typeof made === 'string' ? { content: made } : { ...made };
    for (const name of ['d', 'k', 'content']) {
      const value = fields[name];
      if (typeof value === 'string' && value.length > 8) expect(text).not.toContain(value.slice(4, 14));
    }
  });

  it('missing for one purpose is told by the purpose', async () => {
    await create();
    await rm(await fileOf('record-authentication'));
    expect(await message(loadKeyring(folder))).toBe('the key ring has no key for `record-authentication`');
  });

  it('a folder that is not there has no keys', async () => {
    expect(await isEmptyKeyring(folder)).toBe(true);
    expect(await message(loadKeyring(folder))).toContain('the key ring has no key for');
  });

  it.each(['secret-sealing', 'message-sealing', 'record-authentication'] as const)('with the material of the session-secrets key for %s is refused', async (purpose) => {
    await create();
    const file = JSON.parse(await readFile(await fileOf('session-secrets'), 'utf8')) as KeyFile & { k: string };
    await put('other.json', { ...file, purpose, kid: 'another-id' });
    const text = await message(loadKeyring(folder));
    expect(text).toContain('share an id or their material');
    expect(text).not.toContain(file.k);
  });

  it('with the seed of the signing key as a secret is refused', async () => {
    await create();
    const { d } = JSON.parse(await readFile(await fileOf('token-signing'), 'utf8')) as { d: string };
    await put('other.json', { ...freshFile('secret-sealing'), k: d });
    expect(await message(loadKeyring(folder))).toContain('share an id or their material');
  });

  it('with the id of another key is refused', async () => {
    await create();
    const { kid } = JSON.parse(await readFile(await fileOf('token-signing'), 'utf8')) as KeyFile;
    await put('other.json', { ...freshFile('token-signing'), kid });
    expect(await message(loadKeyring(folder))).toContain('share an id or their material');
  });
});

describe('a ring with several keys of one purpose', () => {
  it('works with the newest, and still knows the others', () => {
    const old = [freshKey('token-signing', createdAt - 2), freshKey('token-signing', createdAt - 1)];
    const newest = freshKey('token-signing', Date.UTC(2026, 0, 16));
    const ring = keyringOf([...old, newest, ...freshKeys()])['token-signing'];
    expect(ring.active.id).toBe(newest.id);
    expect(ring.byId.size).toBe(4);
    for (const key of old) expect(ring.byId.get(key.id)).toBe(key);
  });

  it('made in the same millisecond: every process picks the same', () => {
    const [a, b] = [freshKey('token-signing', createdAt * 2), freshKey('token-signing', createdAt * 2)];
    const rest = freshKeys();
    expect(keyringOf([a, b, ...rest])['token-signing'].active.id).toBe(keyringOf([b, a, ...rest])['token-signing'].active.id);
  });
});

it('no key gets an id that a command would read as an option', () => {
  for (let first = 0; first < 256; first += 1) {
    const bytes = { bytes: (size: number) => Buffer.alloc(size, first) };
    expect(generateKey('session-secrets', 0, bytes).kid).toMatch(/^[A-Za-z0-9][\w-]{7}$/);
  }
});
