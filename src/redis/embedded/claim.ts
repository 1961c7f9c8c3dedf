// Claims a folder for one living process at a time, by numbered files that hold the owner's identity.
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identifyProcess, isAlive, type ProcessIdentity } from './process-identity.js';

export interface Claim {
  release(): Promise<void>;
}

/** The folder is part of it: a copy of a folder in use brings the claim along, and is free all the same. */
interface Owner extends ProcessIdentity {
  readonly folder: string;
}

export type ClaimResult = { readonly claim: Claim } | { readonly heldBy: ProcessIdentity };

/**
 * A claim whose owner is dead is superseded by the next number, never overwritten or renamed:
 * so of several that find it dead only one can create the successor, and none removes a living claim.
 */
export async function claimFolder(folder: string): Promise<ClaimResult> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const self = await identifyProcess(process.pid);
  if (self === undefined) throw new Error('this process cannot read its own start time');
  const place = await identifyFolder(folder);
  for (;;) {
    const before = await claimNumbers(folder);
    const latest = before.at(-1) ?? 0;
    const owner = latest === 0 ? undefined : await readOwner(claimFile(folder, latest), place);
    if (owner !== undefined && (await isAlive(owner))) return { heldBy: owner };
    const mine = latest + 1;
    if (!(await createClaim(claimFile(folder, mine), { ...self, folder: place }))) continue;
    // A slow process may create a number that others have long passed: the highest number is the only valid one.
    if ((await claimNumbers(folder)).at(-1) !== mine) {
      await rm(claimFile(folder, mine), { force: true });
      continue;
    }
    for (const old of before) await rm(claimFile(folder, old), { force: true });
    return { claim: { release: () => rm(claimFile(folder, mine), { force: true }) } };
  }
}

/** Waits until the folder is free; `onWait` is told once, by whom it is held. */
export async function claimFolderWhenFree(folder: string, onWait: (owner: ProcessIdentity) => void): Promise<Claim> {
  for (let waits = 0; ; waits += 1) {
    const result = await claimFolder(folder);
    if ('claim' in result) return result.claim;
    if (waits === 0) onWait(result.heldBy);
    await sleep(100);
  }
}

async function identifyFolder(folder: string): Promise<string> {
  // Not its path: that changes when the folder is moved or mounted elsewhere while it is in use.
  const { dev, ino } = await stat(folder);
  return `${dev}:${ino}`;
}

function claimFile(folder: string, number: number): string {
  return join(folder, `owner-${number}.json`);
}

async function claimNumbers(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .map((name) => Number(/^owner-([1-9][0-9]*)\.json$/.exec(name)?.[1] ?? 0))
    .filter((number) => number > 0)
    .sort((left, right) => left - right);
}

async function createClaim(file: string, owner: Owner): Promise<boolean> {
  try {
    await writeFile(file, JSON.stringify(owner), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function readOwner(file: string, place: string): Promise<ProcessIdentity | undefined> {
  // A claim is empty for an instant after its creation, and for good if its owner died in that instant.
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const owner = parseOwner(await readFile(file, 'utf8').catch(() => '{}'));
    if (owner !== undefined) return owner.folder === place ? owner : undefined;
    await sleep(20);
  }
  return undefined;
}

function parseOwner(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('startedAt' in value) || !('folder' in value)) return undefined;
    const { pid, startedAt, folder } = value;
    return typeof pid === 'number' && typeof startedAt === 'string' && typeof folder === 'string' ? { pid, startedAt, folder } : undefined;
  } catch {
    return undefined;
  }
}
