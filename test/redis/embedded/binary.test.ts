// Proves which server programs are taken, which are refused and what is said when there is none.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { obtainRedisBinary } from '../../../src/redis/embedded/index.js';
import { checkBinary } from '../../../src/redis/embedded/version.js';

let folder: string;
const log = (): void => undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sts-binary-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

async function program(name: string, answer: string, code = 0): Promise<string> {
  const path = join(folder, name);
  await mkdir(folder, { recursive: true });
  await writeFile(path, `#!/bin/sh\necho '${answer}'\nexit ${code}\n`);
  await chmod(path, 0o755);
  return path;
}

describe('checkBinary', () => {
  it.each([
    ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=d81b8ff71cfb150e', '7.0.15'],
    ['Valkey server v=8.0.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1', '8.0.1'],
    ['Server v=7.2.5 sha=00000000:0 malloc=libc bits=64 build=1', '7.2.5'],
    ['Redis server v=10.0.0 sha=00000000:0', '10.0.0'],
  ])('takes %s', async (answer, version) => {
    const command = await program('server', answer);
    expect(await checkBinary(command)).toEqual({ command, env: {}, version });
  });

  it.each([
    ['Redis server v=6.0.16 sha=00000000:0', 0, /is version 6\.0\.16, and 7\.0 or newer is needed/],
    ['something else', 0, /does not tell its version/],
    ['Redis server v=7.0.15', 3, /does not run/],
  ])('refuses %s (exit code %i)', async (answer, code, reason) => {
    expect(await checkBinary(await program('server', answer, code))).toMatch(reason);
  });
});

describe('obtainRedisBinary', () => {
  it('takes the one asked for, or refuses it with the reason', async () => {
    const good = await program('good', 'Redis server v=7.4.0');
    const old = await program('old', 'Redis server v=5.0.0');
    expect((await obtainRedisBinary({ binary: good, log })).command).toBe(good);
    await expect(obtainRedisBinary({ binary: old, log })).rejects.toThrow('5.0.0');
    await expect(obtainRedisBinary({ binary: join(folder, 'absent'), log })).rejects.toThrow('does not run');
  });

  it('passes over an old one on the PATH for a newer one', async () => {
    await program('redis-server', 'Redis server v=6.2.0');
    const newer = await program('valkey-server', 'Valkey server v=8.1.0');
    vi.stubEnv('PATH', folder);
    expect(await obtainRedisBinary({ log, cacheDir: folder })).toEqual({ command: newer, env: {}, version: '8.1.0' });
  });

  it('names the choices when there is none and none can be obtained', async () => {
    await program('redis-server', 'Redis server v=6.2.0');
    vi.stubEnv('PATH', folder);
    const outcome = await obtainRedisBinary({ log, cacheDir: join(folder, 'cache') }).catch((error: unknown) => error);
    // A machine with a server in a Homebrew folder has one whatever the PATH says.
    if (!(outcome instanceof Error)) return;
    expect(outcome.message).toContain('install redis-server (7.0 or newer) or valkey-server');
    expect(outcome.message).toContain('set STS_REDIS_URL');
    expect(outcome.message).toContain('is version 6.2.0');
  });
});
