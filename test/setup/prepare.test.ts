// Proves what the setup of a fresh clone decides: when it builds, when it does nothing, and that two at once agree.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
let project: string;

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'sts-setup-'));
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json', 'config/tsconfig.build.json', 'src/setup']) {
    await cp(join(repository, name), join(project, name), { recursive: true });
  }
  // The types of Node are most of what the compiler would read.
  const tsconfig = join(project, 'tsconfig.json');
  await writeFile(tsconfig, (await readFile(tsconfig, 'utf8')).replace('["node"]', '[]'));
  await symlink(join(repository, 'node_modules'), join(project, 'node_modules'));
  await writeFile(join(project, 'src', 'main.ts'), "#!/usr/bin/env node\nexport const answer: string = 'first';\n");
  await writeFile(join(project, 'src', 'other.ts'), 'export {};\n');
});

afterEach(async () => {
  await rm(project, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number | null;
  readonly said: string;
  readonly printed: string;
}

/** Runs the setup; `environment` replaces ours where it names the same. */
function prepare(environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(project, 'src', 'setup', 'prepare.mjs')], { env: { ...process.env, ...environment } });
    let said = '';
    let printed = '';
    child.stderr.on('data', (data) => (said += String(data)));
    child.stdout.on('data', (data) => (printed += String(data)));
    child.on('close', (code) => resolve({ code, said, printed }));
  });
}

async function built(name = 'main.js'): Promise<string> {
  return readFile(join(project, 'dist', name), 'utf8');
}

describe('the Node version', () => {
  it.each([
    ['18.20.8', 'prestart', '20.12'],
    ['20.11.1', 'prestart', '20.12'],
    ['20.18.3', 'pretest', '20.19'],
  ])('%s is refused at %s, before anything is done', async (version, event, oldest) => {
    const pretend = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`;
    const outcome = await prepare({ NODE_OPTIONS: `--import "${pretend}"`, npm_lifecycle_event: event });
    expect(outcome).toEqual({ code: 1, said: `setup: node ${version} is too old: node ${oldest} or newer is needed\n`, printed: '' });
    expect(existsSync(join(project, 'dist'))).toBe(false);
  });
});

describe('the build', () => {
  it('is made once, executable, and not again while nothing has changed', async () => {
    const first = await prepare();
    expect(first).toEqual({ code: 0, said: 'setup: building dist/ ...\n', printed: '' });
    expect(await built()).toContain('first');
    expect((await stat(join(project, 'dist', 'main.js'))).mode & 0o111).toBe(0o111);
    expect(await prepare()).toEqual({ code: 0, said: '', printed: '' });
  });

  it('follows a changed source, and removes what a removed source left', async () => {
    await prepare();
    await writeFile(join(project, 'src', 'main.ts'), "export const answer: string = 'second';\n");
    await rm(join(project, 'src', 'other.ts'));
    expect((await prepare()).code).toBe(0);
    expect(await built()).toContain('second');
    expect(existsSync(join(project, 'dist', 'other.js'))).toBe(false);
    expect(existsSync(join(project, 'dist', 'other.js.map'))).toBe(false);
  });

  it('is repaired when one of its files is gone', async () => {
    await prepare();
    await rm(join(project, 'dist', 'other.js'));
    await prepare();
    expect(existsSync(join(project, 'dist', 'other.js'))).toBe(true);
  });

  it('fails with the compiler message, leaves the last one in place and is tried again', async () => {
    await prepare();
    await writeFile(join(project, 'src', 'main.ts'), 'export const answer: string = 5;\n');
    for (const attempt of [1, 2]) {
      const outcome = await prepare();
      expect(outcome.code, `attempt ${attempt}`).toBe(1);
      expect(outcome.said).toMatch(/the build failed:\nsrc\/main\.ts\(1,14\): error TS2322/);
    }
    expect(await built()).toContain('first');
  });
});

describe('several at once', () => {
  it('build once, and the others wait', async () => {
    const outcomes = await Promise.all([prepare(), prepare(), prepare()]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(outcomes.map(({ said }) => said).join('').match(/building/g)).toHaveLength(1);
    expect((await readdir(join(project, 'dist'))).filter((name) => name.endsWith('.lock'))).toEqual([]);
  });

  it('are not held up by one that was killed', async () => {
    await mkdir(join(project, 'dist'));
    // Above the highest number that a process can have.
    await writeFile(join(project, 'dist', '.setup-3.lock'), '99999999');
    expect((await prepare()).code).toBe(0);
    expect((await readdir(join(project, 'dist'))).filter((name) => name.endsWith('.lock'))).toEqual([]);
  });
});

describe('the dependencies', () => {
  /** Stands in for npm: writes down how it was called, and fails. */
  async function fakeNpm(): Promise<NodeJS.ProcessEnv> {
    const path = join(project, 'npm-cli.js');
    await writeFile(path, "require('node:fs').writeFileSync('called', process.argv.slice(2).join(' ')); process.exit(7);\n");
    await writeFile(join(project, 'package.json'), '{"type":"commonjs"}');
    return { npm_execpath: path, NODE_ENV: 'production' };
  }

  it('are installed when absent, the compiler included whatever NODE_ENV says, and a failure is told', async () => {
    await rm(join(project, 'node_modules'));
    const outcome = await prepare(await fakeNpm());
    expect(outcome.code).toBe(1);
    expect(outcome.said).toContain('installing the dependencies with npm ci (they are not installed yet)');
    expect(outcome.said).toContain('npm ci failed (code 7)');
    expect(await readFile(join(project, 'called'), 'utf8')).toMatch(/^ci --include=dev /);
    expect(existsSync(join(project, 'dist', 'main.js'))).toBe(false);
  });

  it('are installed anew when one is not the one of the lock file', async () => {
    const lockFile = join(project, 'package-lock.json');
    await writeFile(lockFile, (await readFile(lockFile, 'utf8')).replace(/("node_modules\/jose": \{\s+"version": )"[^"]+"/, '$1"99.0.0"'));
    const outcome = await prepare(await fakeNpm());
    expect(outcome.said).toContain('(jose 99.0.0 is missing or differs)');
  });

  it('are left alone when only the lock file text has changed', async () => {
    await appendFile(join(project, 'package-lock.json'), '\n');
    expect((await prepare(await fakeNpm())).said).not.toContain('installing');
  });
});
