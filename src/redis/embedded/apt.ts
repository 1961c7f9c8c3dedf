// Asks apt-get for single packages without changing the system: no installation, no lists but those of a private folder.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.js';

export interface Apt {
  /** Where packages are put. */
  readonly folder: string;
  /** Private package lists, once the system's have proved missing or stale. */
  lists: string | undefined;
}

/** Gives what went wrong. */
export async function downloadPackages(apt: Apt, packages: readonly string[]): Promise<string | undefined> {
  const { ok, complaint } = await run('apt-get', [...options(apt), 'download', ...packages], { folder: apt.folder });
  return ok ? undefined : complaint;
}

/** Gives what went wrong. */
export async function refreshPackageLists(apt: Apt): Promise<string | undefined> {
  apt.lists = join(apt.folder, 'lists');
  await mkdir(join(apt.lists, 'partial'), { recursive: true });
  await mkdir(join(apt.folder, 'cache', 'archives', 'partial'), { recursive: true });
  const { ok, complaint } = await run('apt-get', [...options(apt), 'update']);
  return ok ? undefined : complaint;
}

/** Direct dependencies that are not installed. */
export async function missingDependencies(apt: Apt, packages: readonly string[]): Promise<string[]> {
  const { stdout } = await run('apt-cache', [...options(apt), 'depends', '--important', ...packages]);
  const named = [...stdout.matchAll(/^ [ |]Depends: ([a-z0-9][a-z0-9.+-]*)/gm)].map((match) => match[1] ?? '');
  if (named.length === 0) return [];
  const { stdout: states } = await run('dpkg-query', ['--show', '--showformat', '${Package} ${db:Status-Status}\\n', ...named]);
  const installed = new Set(states.split('\n').filter((line) => line.endsWith(' installed')).map((line) => line.split(' ')[0]));
  return [...new Set(named)].filter((name) => !installed.has(name));
}

function options(apt: Apt): string[] {
  // Else root's download is handed to a user who cannot write into a private folder.
  const common = ['-qq', '-o', 'APT::Sandbox::User=root', '-o', 'Acquire::Languages=none', '-o', 'Acquire::Retries=2'];
  if (apt.lists === undefined) return common;
  return [...common, '-o', `Dir::State::Lists=${apt.lists}`, '-o', `Dir::Cache=${join(apt.folder, 'cache')}`];
}
