// Opens the key ring of a process: by the states in Redis, with the files of the folder; refused where a key in use has no file.
import type { RingKey } from '../../keyring/key.js';
import { settingError } from '../settings.js';
import { keyWatch, type KeyWatch, type KeyWatchParts } from './key-watch.js';
import { missingKeys } from './key-readiness.js';

/** @param mayLackKeys for work on the keys themselves */
export async function openKeyWatch(parts: KeyWatchParts, keys: readonly RingKey[], mayLackKeys: boolean): Promise<KeyWatch> {
  const watch = keyWatch(parts, keys);
  const view = await watch.look();
  const [missing] = missingKeys(view).filter(({ state }) => state !== 'published');
  if (missing !== undefined && !mayLackKeys) {
    throw settingError('STS_KEYS_DIR', new Error(`the ${missing.state} \`${missing.purpose}\` key \`${missing.id}\` is not in ${parts.directory}: restore its file, or let go of it with \`agency-sts keys retire ${missing.id} --now\``));
  }
  return watch;
}
