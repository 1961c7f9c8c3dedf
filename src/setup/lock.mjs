// Lets one setup at a time work on a checkout: the others wait for it.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** No setup takes longer: an older lock was left by one that was killed, and its pid may be another process's by now. */
const longestSetupMilliseconds = 20 * 60_000;

export async function withSetupLock(root, say, work) {
  const folder = join(root, 'dist');
  mkdirSync(folder, { recursive: true });
  let lock = takeLock(folder);
  if (lock === undefined) say('waiting for another setup of this checkout ...');
  for (; lock === undefined; lock = takeLock(folder)) await sleep(200);
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** A dead owner's lock is superseded by the next number: of several that find it dead, one alone can create that. */
function takeLock(folder) {
  const before = lockNumbers(folder);
  const latest = before.at(-1) ?? 0;
  if (latest > 0 && isHeld(lockFile(folder, latest))) return undefined;
  const mine = lockFile(folder, latest + 1);
  try {
    writeFileSync(mine, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (error.code === 'EEXIST') return undefined;
    throw error;
  }
  // A slow process may create a number that others have long passed: only the highest is valid.
  if (lockNumbers(folder).at(-1) !== latest + 1) {
    rmSync(mine, { force: true });
    return undefined;
  }
  for (const old of before) rmSync(lockFile(folder, old), { force: true });
  return mine;
}

function lockFile(folder, number) {
  return join(folder, `.setup-${number}.lock`);
}

function lockNumbers(folder) {
  return readdirSync(folder)
    .map((name) => Number(/^\.setup-([1-9][0-9]*)\.lock$/.exec(name)?.[1] ?? 0))
    .filter((number) => number > 0)
    .sort((left, right) => left - right);
}

function isHeld(file) {
  try {
    const age = Date.now() - statSync(file).mtimeMs;
    if (age > longestSetupMilliseconds) return false;
    const pid = Number(readFileSync(file, 'utf8'));
    // Its content follows its creation by an instant.
    if (pid === 0) return age < 5_000;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: alive, but another user's.
    return error.code === 'EPERM';
  }
}
