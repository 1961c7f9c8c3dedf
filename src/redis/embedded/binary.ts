// Finds a Redis or Valkey server program on this machine, or obtains one by the platform's ordinary means.
import { access, constants, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { claimFolderWhenFree } from './claim.js';
import { cachedDebianBinary, installDebianPackage, unpackDebianPackage } from './debian.js';
import { run } from './run.js';
import { checkBinary, oldestMajorVersion, type RedisBinary } from './version.js';

export type { RedisBinary } from './version.js';

export interface ObtainOptions {
  readonly binary?: string;
  readonly cacheDir?: string;
  readonly log: (message: string) => void;
}

const programs = ['redis-server', 'valkey-server'];
const homebrewFolders = ['/opt/homebrew/bin', '/usr/local/bin', '/home/linuxbrew/.linuxbrew/bin', '/opt/homebrew/opt/redis/bin', '/usr/local/opt/redis/bin'];

/** In this order: the one asked for, one that is installed, the one obtained earlier, a new one. Throws with the choices when there is none. */
export async function obtainRedisBinary(options: ObtainOptions): Promise<RedisBinary> {
  if (options.binary !== undefined) {
    const asked = await checkBinary(options.binary);
    if (typeof asked === 'string') throw new Error(asked);
    return asked;
  }
  const unfit: string[] = [];
  const installed = await installedBinary(unfit);
  if (installed !== undefined) return installed;
  const cacheDir = options.cacheDir ?? defaultCacheFolder();
  const cached = await cachedDebianBinary(cacheDir);
  if (cached !== undefined) return cached;
  for (const reason of unfit) options.log(`embedded redis: ${reason}`);
  const obtained = await obtain(cacheDir, unfit, options.log);
  if (obtained === undefined) throw new Error(choices(unfit));
  options.log(`embedded redis: using ${obtained.command} (version ${obtained.version})`);
  return obtained;
}

function defaultCacheFolder(): string {
  const asked = process.env.XDG_CACHE_HOME;
  return join(asked !== undefined && isAbsolute(asked) ? asked : join(homedir(), '.cache'), 'agency-sts');
}

async function installedBinary(unfit: string[]): Promise<RedisBinary | undefined> {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  const candidates = [...folders, ...homebrewFolders].flatMap((folder) => programs.map((program) => join(folder, program)));
  for (const command of new Set(candidates)) {
    if (!(await isExecutable(command))) continue;
    const found = await checkBinary(command);
    if (typeof found !== 'string') return found;
    unfit.push(found);
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(() => true, () => false);
}

async function obtain(cacheDir: string, unfit: string[], log: (message: string) => void): Promise<RedisBinary | undefined> {
  if (process.platform === 'darwin') {
    log('embedded redis: no server program on this machine, installing one with: brew install redis');
    const { ok, complaint } = await run('brew', ['install', 'redis']);
    if (!ok) unfit.push(`brew install redis failed: ${complaint}`);
    return installedBinary(unfit);
  }
  const { ok: hasApt } = await run('apt-get', ['--version']);
  if (!hasApt) return undefined;
  const unpacked = await unpackOnce(cacheDir, unfit, log);
  if (unpacked !== undefined || process.getuid?.() !== 0) return unpacked;
  const failure = await installDebianPackage(log);
  if (failure !== undefined) unfit.push(failure);
  return installedBinary(unfit);
}

async function unpackOnce(cacheDir: string, unfit: string[], log: (message: string) => void): Promise<RedisBinary | undefined> {
  try {
    await mkdir(cacheDir, { recursive: true, mode: 0o700 });
    const claim = await claimFolderWhenFree(cacheDir, (owner) => log(`embedded redis: waiting for process ${owner.pid}, which is obtaining a server program`));
    try {
      return (await cachedDebianBinary(cacheDir)) ?? (await unpackDebianPackage(cacheDir, unfit, log));
    } finally {
      await claim.release();
    }
  } catch (error) {
    unfit.push(`${cacheDir} cannot be used: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function choices(unfit: readonly string[]): string {
  return [
    'no redis server program was found and none could be obtained. the choices:',
    `  - install redis-server (${oldestMajorVersion}.0 or newer) or valkey-server, so that it is on the PATH`,
    '  - set STS_REDIS_URL to a running redis',
    ...unfit.map((reason) => `  tried: ${reason}`),
  ].join('\n');
}
