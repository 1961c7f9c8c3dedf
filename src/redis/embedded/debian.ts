// Obtains a server program from the packages of Debian and its kin: unpacked into a cache folder, the system unchanged.
import { lstat, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { downloadPackages, missingDependencies, refreshPackageLists, type Apt } from './apt.js';
import { run } from './run.js';
import { checkBinary, type RedisBinary } from './version.js';

type Log = (message: string) => void;

/** Package sets in the order of preference; the first of each holds the server program. */
const packageSets: readonly (readonly [server: string, ...others: string[]])[] = [
  ['redis-server', 'redis-tools'],
  ['valkey-server', 'valkey-tools'],
];

function unpackedFolder(cacheDir: string, server: string): string {
  return join(cacheDir, `${server}-${process.arch}`);
}

export async function cachedDebianBinary(cacheDir: string): Promise<RedisBinary | undefined> {
  for (const [server] of packageSets) {
    const folder = unpackedFolder(cacheDir, server);
    // What is run from there must not have been put there by another user.
    const stats = await lstat(folder).catch(() => undefined);
    if (stats?.isDirectory() !== true || stats.uid !== process.getuid?.() || (stats.mode & 0o022) !== 0) continue;
    const binary = await checkUnpacked(folder, server);
    // After an upgrade of the system its libraries may no longer fit: then it is obtained anew.
    if (typeof binary !== 'string') return binary;
  }
  return undefined;
}

/** To be called by one process at a time; the finished folder appears at once or not at all. */
export async function unpackDebianPackage(cacheDir: string, unfit: string[], log: Log): Promise<RedisBinary | undefined> {
  // Whoever was killed in the middle of it left its folder.
  for (const name of await readdir(cacheDir)) if (name.startsWith('unpacking-')) await rm(join(cacheDir, name), { recursive: true, force: true });
  const work = await mkdtemp(join(cacheDir, 'unpacking-'));
  try {
    const apt: Apt = { folder: work, lists: undefined };
    for (const [server, ...others] of packageSets) {
      log(`embedded redis: no server program on this machine, fetching the package ${server} with apt-get (unpacked into ${cacheDir}, the system stays as it is)`);
      const failure = await unpackWithLibraries(apt, [server, ...others], log);
      const binary = failure ?? (await checkUnpacked(join(work, server), server));
      if (typeof binary === 'string') {
        unfit.push(binary);
        log(`embedded redis: ${binary}`);
        continue;
      }
      const folder = unpackedFolder(cacheDir, server);
      await rm(folder, { recursive: true, force: true });
      await rename(join(work, server), folder);
      const moved = await checkUnpacked(folder, server);
      if (typeof moved !== 'string') return moved;
      unfit.push(moved);
    }
    return undefined;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The last resort, for root only: the server is installed, but not started as a service of the system. */
export async function installDebianPackage(log: Log): Promise<string | undefined> {
  log('embedded redis: unpacking failed, installing it on this system with: apt-get install redis-server');
  await run('apt-get', ['update', '-qq']);
  const { ok, complaint } = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'], {
    environment: { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  });
  return ok ? undefined : `apt-get install redis-server failed: ${complaint}`;
}

/** Gives what went wrong. */
async function unpackWithLibraries(apt: Apt, packages: readonly [string, ...string[]], log: Log): Promise<string | undefined> {
  const [server] = packages;
  const root = join(apt.folder, server);
  await mkdir(root, { mode: 0o700 });
  const known = new Set<string>(packages);
  // Libraries need libraries: each round adds those that the last one's packages name and the system lacks.
  for (let wanted: readonly string[] = packages; wanted.length > 0; ) {
    let complaint = await downloadPackages(apt, wanted);
    if (complaint !== undefined && apt.lists === undefined) {
      log('embedded redis: the package lists of this system do not serve, fetching fresh ones into the cache folder');
      complaint = (await refreshPackageLists(apt)) ?? (await downloadPackages(apt, wanted));
    }
    if (complaint !== undefined) return `the package ${server} could not be fetched: ${complaint}`;
    const files = (await readdir(apt.folder)).filter((name) => name.endsWith('.deb'));
    for (const file of files) {
      const { ok, complaint: problem } = await run('dpkg', ['-x', join(apt.folder, file), root]);
      if (!ok) return `${file} could not be unpacked: ${problem}`;
      await rm(join(apt.folder, file));
    }
    wanted = (await missingDependencies(apt, wanted)).filter((name) => name.startsWith('lib') && !known.has(name));
    for (const name of wanted) known.add(name);
  }
  return undefined;
}

async function checkUnpacked(folder: string, server: string): Promise<RedisBinary | string> {
  const libraries = new Set<string>();
  for (const path of await readdir(folder, { recursive: true })) {
    if (/\.so(\.|$)/.test(basename(path))) libraries.add(join(folder, dirname(path)));
  }
  return checkBinary(join(folder, 'usr', 'bin', server), { LD_LIBRARY_PATH: [...libraries].join(':') });
}
