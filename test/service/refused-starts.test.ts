// Starts that are refused: one message that names the setting, the exit code for a wrong one, and nothing left running.
import { mkdir, readdir, rename, rm, stat, writeFile, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings, SettingsError, type settingsSchema } from '../../src/service/settings.js';
import { openComposition, prepareKeys } from '../../src/service/state.js';
import { accounts } from '../support/accounts.js';
import { startService } from '../support/service.js';
import { startRawRedis, type RawRedis } from '../redis/support.js';
import { build, endAll, newPlace, run, serve, stop, type Place } from './support.js';

let place: Place;
let raw: RawRedis;
beforeAll(async () => {
  await build();
  place = await newPlace();
  await stop(await serve(place.environment));
  raw = await startRawRedis(['appendonly', 'yes'], ['appendfsync', 'everysec']);
});
afterAll(async () => {
  endAll();
  await raw.stop();
  await place.remove();
});

const refused = (more: Readonly<Record<string, string>>) => run(['serve'], { ...place.environment, ...more });

/** One wrong value for each setting there is. */
const wrong: Readonly<Record<keyof typeof settingsSchema.shape, string>> = {
  STS_HOST: '', STS_PORT: '65536', STS_REDIS_URL: 'http://localhost', STS_DATA_DIR: '', STS_KEYS_DIR: '',
  STS_BOOTSTRAP_FILE: '', STS_CATALOGUE_DIR: '', STS_WORKERS: '0', STS_LOG_LEVEL: 'loud', STS_ISSUER: 'https://sts.example/', STS_REGION: 'eu west',
  STS_SERVICE_NAME: '', STS_CELLS: '1025', STS_REGIONS: 'cn-north-4,', STS_SERVICE_AGENCY_UPDATES: 'yes', STS_MAX_CHAIN_DEPTH: '11', STS_MAX_CHAIN_AGE: '1', STS_RATE_ADDRESS_PER_MINUTE: '-1',
  STS_RATE_ACCESS_KEY_PER_MINUTE: '0', STS_TRUST_PROXY: 'everybody', STS_REJECT_REPLAYS: 'true', STS_ALLOW_UNSIGNED_PAYLOAD: 'yes',
  STS_ALLOW_WEAK_REDIS: '2', STS_REDIS_IS_DURABLE: 'on', STS_REDIS_WAIT_REPLICAS: '17', STS_AUDIT_MAX_UNSEALED: '999', STS_AUDIT_DIR: '', STS_AUDIT_RETENTION_DAYS: '-1', STS_MAX_CLOCK_SKEW: '0', STS_JWKS_MAX_AGE: '0', STS_STATUS_LIST_LIFE: '5', STS_KEY_ROTATION_DAYS: '3651', STS_ALWAYS_CONFIRM: 'yes', STS_DERIVE_PERMANENT_KEYS: 'no',
};

describe('a wrong setting', () => {
  it.each(Object.entries(wrong))('%s=%s is refused by name', (name, value) => {
    expect(() => readSettings({ [name]: value })).toThrow(SettingsError);
    expect(() => readSettings({ [name]: value })).toThrow(`\`${name}\``);
  });

  it.each(['10.0.0.0/33', '10.0.0', 'face', '::1/129', '10.0.0.1,', '1.2.3.4/0', '01', 'loopback/8'])('STS_TRUST_PROXY=%s is refused, as what trusts whom must not be guessed', (value) => {
    expect(() => readSettings({ STS_TRUST_PROXY: value })).toThrow('`STS_TRUST_PROXY`');
  });

  it.each([['0', false], ['2', 2], ['loopback', 'loopback'], ['10.0.0.0/8, 2001:db8::/32', '10.0.0.0/8, 2001:db8::/32'], ['192.0.2.7', '192.0.2.7']])('STS_TRUST_PROXY=%s is taken', (value, meant) => {
    expect(readSettings({ STS_TRUST_PROXY: value }).STS_TRUST_PROXY).toBe(meant);
  });

  // What only the start itself can find out, on a first start; and one of the others, for the exit code.
  it.each([
    ['STS_HOST', '203.0.113.254'], ['STS_DATA_DIR', '/dev/null/data'], ['STS_KEYS_DIR', '/dev/null/keys'], ['STS_BOOTSTRAP_FILE', '/nonexistent/file.json'],
    ['STS_REDIS_URL', 'http://localhost'], ['STS_PROT', '1'],
  ])('%s=%s ends the start with exit code 2 and a message that names it', { timeout: 30_000 }, async (name, value) => {
    const first = await newPlace({ [name]: value, STS_LOG_LEVEL: 'silent' });
    try {
      const { code, out, err } = await run(['serve'], first.environment);
      expect([code, out]).toEqual([2, '']);
      const last = err.trim().split('\n').at(-1) ?? '';
      expect(last).toMatch(/^agency-sts: /);
      expect(last).toContain(`\`${name}\``);
      expect(err).not.toContain('    at ');
    } finally {
      await first.remove();
    }
  });
});

describe('state that does not fit', () => {
  it('another number of cells than the Redis was filled with', async () => {
    const { code, err } = await refused({ STS_CELLS: '32' });
    expect(code).not.toBe(0);
    expect(err).toMatch(/STS_CELLS is 32, .* 16 cells/);
  });

  it('a keys folder that was lost: refused, and no new keys are made', async () => {
    const keys = join(place.folder, 'keys');
    await rename(keys, `${keys}-away`);
    const { code, err } = await refused({});
    expect(code).toBe(2);
    expect(err).toContain('`STS_KEYS_DIR`');
    expect(err).toContain('restore it');
    expect(await readdir(keys).catch(() => [])).toEqual([]);
    await rm(keys, { recursive: true, force: true });
    await rename(`${keys}-away`, keys);
  });

  it('each single key that was lost: refused, and no new one is made, but for the one that signs the audit log, which older installations lack', { timeout: 60_000 }, async () => {
    const service = await startService(accounts);
    const keys = join(service.folder, 'keys');
    const settings = readSettings({ STS_KEYS_DIR: keys });
    const open = async (): Promise<void> => {
      await prepareKeys(settings, service.redis, service.composition.services, () => undefined);
      await openComposition(settings, service.redis, service.composition.services);
    };
    try {
      await open();
      const files = await readdir(keys);
      expect(files).toHaveLength(6);
      for (const file of files.filter((name) => !name.startsWith('audit-signing.'))) {
        await rename(join(keys, file), join(service.folder, file));
        await expect(open()).rejects.toThrow(file.slice(0, file.indexOf('.')));
        expect(await readdir(keys)).toHaveLength(5);
        await rename(join(service.folder, file), join(keys, file));
      }
      await rm(join(keys, files.find((name) => name.startsWith('audit-signing.')) ?? ''));
      await open();
      expect((await readdir(keys)).map((name) => name.split('.')[0]).sort()).toEqual(files.map((name) => name.split('.')[0]).sort());
    } finally {
      await service.stop();
    }
  });

  it('another key ring than the Redis was filled with', async () => {
    const other = await newPlace();
    await stop(await serve(other.environment));
    const { code, err } = await refused({ STS_KEYS_DIR: join(other.folder, 'keys') });
    expect(code).not.toBe(0);
    expect(err).toMatch(/another key ring.*STS_KEYS_DIR/);
    await other.remove();
  });

  it('a key file that others may read', async () => {
    const [file = ''] = await readdir(join(place.folder, 'keys'));
    const path = join(place.folder, 'keys', file);
    await chmod(path, 0o644);
    const { code, err } = await refused({});
    expect(code).not.toBe(0);
    expect(err).toContain(file);
    expect(err).toContain('0600');
    await chmod(path, 0o600);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('and when all is in its place again, the service starts', async () => {
    expect(await stop(await serve(place.environment))).toBe(0);
  });
});

describe('a given Redis', () => {
  it('with weak durability is refused by setting and value', async () => {
    const { code, err } = await refused({ STS_REDIS_URL: raw.url });
    expect(code).toBe(2);
    expect(err).toContain('`appendfsync` is `everysec` and must be `always`');
  });

  it('with weak durability that was accepted is served, says so, and is not filled with the sample', async () => {
    const own = await newPlace({ STS_REDIS_URL: raw.url, STS_ALLOW_WEAK_REDIS: '1' });
    const serving = await serve(own.environment);
    try {
      expect(serving.banner).toContain('the Redis of STS_REDIS_URL');
      expect(serving.banner).not.toContain('npx agency-sts assume');
      const answer: unknown = await (await fetch(`${serving.url}/readyz`)).json();
      expect(answer).toEqual({ status: 'ready', reasons: [], warnings: ['`appendfsync` is `everysec` and must be `always`'] });
      expect(await readdir(join(own.folder, 'data'))).toEqual(['audit']);
      expect(await raw.redis.keys('*:state:*')).toEqual([]);
    } finally {
      await stop(serving);
      await own.remove();
    }
  });
});

describe('a bootstrap file at the first start', () => {
  it.each([
    ['that is not JSON', '{', /not valid JSON/],
    ['with a mistake', JSON.stringify({ accounts: [{ account_name: 'a' }] }), /`\/accounts\/0\/account_name`/],
  ])('%s ends the start, and the corrected file is applied by the next', { timeout: 30_000 }, async (_what, text, rule) => {
    const first = await newPlace();
    const file = join(first.folder, 'accounts.json');
    await mkdir(first.folder, { recursive: true });
    await writeFile(file, text);
    const { code, err } = await run(['serve'], { ...first.environment, STS_BOOTSTRAP_FILE: file });
    expect(code).toBe(2);
    expect(err).toContain('STS_BOOTSTRAP_FILE');
    expect(err).toMatch(rule);
    await writeFile(file, JSON.stringify({ accounts: [{ account_name: 'corrected', root_user: { user_name: 'root', access_keys: [{}] } }] }));
    const serving = await serve({ ...first.environment, STS_BOOTSTRAP_FILE: file });
    expect(serving.err()).toContain('filled the empty directory');
    expect(await stop(serving)).toBe(0);
    await first.remove();
  });
});
