// `agency-sts directory export` and the way back, as commands: beside the running service and without it.
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleFile } from '../../src/service/sample.js';
import { alice, build, call, endAll, newPlace, run, serve, stop, type Place } from './support.js';

let from: Place;
let to: Place;
const file = (name: string): string => join(from.folder, name);
beforeAll(async () => {
  await build();
  [from, to] = [await newPlace(), await newPlace()];
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  await writeFile(file('public.json'), JSON.stringify(publicKey.export({ format: 'jwk' })));
  await writeFile(file('private.json'), JSON.stringify(privateKey.export({ format: 'jwk' })));
}, 120_000);
afterAll(async () => {
  endAll();
  await Promise.all([from.remove(), to.remove()]);
});

const exportAcme = (place: Place, ...more: string[]) => run(['directory', 'export', '--account', 'acme', ...more], place.environment);

describe('directory export', () => {
  it('says that there is no state where there is none, and makes none', { timeout: 20_000 }, async () => {
    expect(await exportAcme(to)).toMatchObject({ code: 2, out: '', err: expect.stringContaining('there is no state') as string });
  });

  it('works beside the running service; the file is applied elsewhere, and the key of the first installation works at the second', { timeout: 60_000 }, async () => {
    expect((await run(['bootstrap', 'apply', sampleFile], from.environment)).code).toBe(0);
    const first = await serve(from.environment);
    const [plain, sealed] = [await exportAcme(from), await exportAcme(from, '--seal-to', file('public.json'))];
    expect(plain).toMatchObject({ code: 0, err: 'agency-sts: left out with their secrets: 2 access keys (`--seal-to` takes them along)\n' });
    expect(sealed).toMatchObject({ code: 0, err: '' });
    await stop(first);
    expect((await exportAcme(from)).out).toBe(plain.out);
    const exports = (await run(['audit', 'tail', '--count', '1000'], from.environment)).out.match(/"trace_name":"ExportAccount"/g);
    expect(exports, 'one export with secrets, one event').toHaveLength(1);

    await writeFile(file('acme.json'), sealed.out);
    const withoutKey = await run(['bootstrap', 'apply', file('acme.json')], to.environment);
    expect(withoutKey).toMatchObject({ code: 2, err: expect.stringContaining('sealed_secret_access_key`: is sealed') as string });
    const atStart = await run(['serve'], { ...to.environment, STS_BOOTSTRAP_FILE: file('acme.json') });
    expect(atStart).toMatchObject({ code: 2, err: expect.stringMatching(/`STS_BOOTSTRAP_FILE`: `\/accounts\/0\/.*: is sealed: .*`agency-sts bootstrap apply FILE --unseal-with PRIVATE_JWK_FILE`/) as string });
    expect(await run(['bootstrap', 'check', file('acme.json'), '--unseal-with', file('private.json')], to.environment)).toMatchObject({ code: 0, out: 'the file is right\n' });
    expect(await run(['bootstrap', 'apply', file('acme.json'), '--unseal-with', file('private.json')], to.environment)).toMatchObject({ code: 0, err: expect.not.stringContaining('rror') as string });
    expect((await exportAcme(to)).out).toBe(plain.out);
    const second = await serve(to.environment);
    expect(await call(second.url, await alice(from.environment), '/v5/caller-identity')).toMatchObject({ status: 200 });
    await stop(second);
  });

  it.each([
    ['a key of no use', ['--seal-to', sampleFile], /`--seal-to`/], ['an account that is not there', ['--account', 'nobody'], /no account `nobody`/],
  ])('refuses %s', { timeout: 20_000 }, async (_what, parameters, message) => {
    const refused = await exportAcme(from, ...parameters);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toMatch(message);
  });
});
