// The profile file: what is read is trusted, what is written loses nothing.
import { chmod, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeProfiles } from '../../src/cli/index.js';
import { readProfiles } from '../../src/cli/profile-file.js';
import { temporaryFolder } from './support.js';

const key = (name: string) => ({ accessKeyId: `HPUA${name}`.padEnd(20, '0'), secretAccessKey: `secret-of-${name}` });
const temporaryFile = async () => join(await temporaryFolder(), 'deep', 'er', 'profiles.json');

describe('writing profiles', () => {
  it('makes folder and file, for the owner alone, whatever the umask', async () => {
    const file = await temporaryFile();
    const umask = process.umask(0);
    await writeProfiles(file, { a: key('a') }).finally(() => process.umask(umask));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(file, '..'))).toEqual(['profiles.json']);
  });

  it('keeps other profiles and unknown members, and replaces a profile as a whole', async () => {
    const file = await temporaryFile();
    await writeProfiles(file, { old: { ...key('old'), securityToken: 't', expiresAt: '2026-01-15T09:30:00.000Z' } });
    const stored: unknown = { note: 1, ...(JSON.parse(await readFile(file, 'utf8')) as object) }; // Ours, just written.
    await writeFile(file, JSON.stringify(stored).replace('"security_token"', '"region":"x","security_token"'));
    await writeProfiles(file, { new: { ...key('new'), endpoint: 'http://sts' } });
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      note: 1,
      profiles: {
        old: { access_key_id: 'HPUAold0000000000000', secret_access_key: 'secret-of-old', region: 'x', security_token: 't', expires_at: '2026-01-15T09:30:00.000Z' },
        new: { access_key_id: 'HPUAnew0000000000000', secret_access_key: 'secret-of-new', endpoint: 'http://sts' },
      },
    });
    await writeProfiles(file, { old: key('old') });
    expect((await readProfiles(file))?.get('old')).toEqual({ ...key('old'), securityToken: undefined, expiresAt: undefined, endpoint: undefined });
  });

  it('loses nothing when many write at once', async () => {
    const file = await temporaryFile();
    const names = Array.from({ length: 12 }, (_, index) => `p${index}`);
    await Promise.all(names.map((name) => writeProfiles(file, { [name]: key(name) })));
    expect([...((await readProfiles(file))?.keys() ?? [])].sort()).toEqual([...names].sort());
  });

  it('gets past the lock of a process that was killed', async () => {
    const file = await temporaryFile();
    await writeProfiles(file, { a: key('a') });
    await writeFile(`${file}.lock`, 'half');
    await utimes(`${file}.lock`, new Date(0), new Date(0));
    await writeProfiles(file, { b: key('b') });
    expect([...((await readProfiles(file))?.keys() ?? [])]).toEqual(['a', 'b']);
  });

  it('leaves a file alone that is malformed or open to others', async () => {
    const file = await temporaryFile();
    await writeProfiles(file, { a: key('a') });
    await chmod(file, 0o640);
    await expect(writeProfiles(file, { b: key('b') })).rejects.toThrow(`profile file \`${file}\` is open to other users (mode 640): run \`chmod 600\` on it`);
    await chmod(file, 0o600);
    await writeFile(file, 'not json');
    await expect(writeProfiles(file, { b: key('b') })).rejects.toThrow(`profile file \`${file}\` is not JSON`);
    expect(await readFile(file, 'utf8')).toBe('not json');
    expect(await readdir(join(file, '..'))).toEqual(['profiles.json']);
  });

  it('says when it cannot write', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    await expect(writeProfiles(join(folder, 'file', 'profiles.json'), { a: key('a') })).rejects.toThrow(/^profile file `.*` cannot be written: E(NOTDIR|EXIST)$/);
  });
});

describe('reading profiles', () => {
  it.each([0o604, 0o620, 0o644, 0o601])('refuses mode %o', async (mode) => {
    const file = await temporaryFile();
    await writeProfiles(file, { a: key('a') });
    await chmod(file, mode);
    await expect(readProfiles(file)).rejects.toThrow('is open to other users');
  });

  it.each([
    ['{"profiles":{"a":{"access_key_id":"HPUA","secret_access_key": Very0Secret}}}', 'is not JSON'],
    ['{"profiles":{"a":{"access_key_id":"HPUA","secret_access_key":["Very0Secret"]}}}', 'is malformed at `profiles.a.secret_access_key`'],
    ['{"profiles":{"a":{"access_key_id":"HPUA","secret_access_key":"Very0Secret","expires_at":"Very0Secret"}}}', 'is malformed at `profiles.a.expires_at`'],
    ['["Very0Secret"]', 'is malformed at its top level'],
  ])('says where %s is wrong, without the secret in it', async (content, expected) => {
    const file = join(await temporaryFolder(), 'profiles.json');
    await writeFile(file, content, { mode: 0o600 });
    const error = await readProfiles(file).catch((caught: unknown) => caught);
    expect(String(error)).toContain(expected);
    expect(String(error)).not.toContain('Very0Secret');
  });

  it('an absent file is no file; a folder is an error', async () => {
    const folder = await temporaryFolder();
    expect(await readProfiles(join(folder, 'none'))).toBeUndefined();
    await chmod(folder, 0o700);
    await expect(readProfiles(folder)).rejects.toThrow('cannot be read: EISDIR');
  });
});
