// What the key ring of a process lacks: reasons not to be ready, and warnings.
import { keysIn, rotatingPurposes, stateOf, type KeyState } from '../../keyring/key-states.js';
import { isKeyOf } from '../../keyring/living-keyring.js';
import { usableFrom, type KeyTimes } from '../../keyring/key-schedule.js';
import type { KeyView } from './key-watch.js';

/** In which a file that was made on one machine may be brought to the others. */
const shortestGraceMilliseconds = 60_000;

export interface MissingKey {
  readonly id: string;
  readonly purpose: string;
  readonly state: KeyState;
  readonly publishedAt: number;
}

/** Keys that are in use, or will be, and that this process has no file of. */
export function missingKeys({ states, keys }: Pick<KeyView, 'states' | 'keys'>): readonly MissingKey[] {
  return Object.entries(states.keys).flatMap(([id, { purpose, publishedAt }]) => {
    const state = stateOf(states, id);
    if (state === undefined || state === 'retired' || keys.some((key) => key.id === id && isKeyOf(states, key))) return [];
    return [{ id, purpose, state, publishedAt }];
  });
}

export function keyReadiness(view: KeyView, times: KeyTimes): { readonly reasons: readonly string[]; readonly warnings: readonly string[] } {
  const { states, now, folderTrouble } = view;
  const missing = missingKeys(view).map(({ id, purpose, state, publishedAt }) => ({
    isUrgent: state !== 'published' || now > publishedAt + Math.max(times.cache, shortestGraceMilliseconds),
    text: `the ${state} \`${purpose}\` key \`${id}\` is not in the key folder of this process`,
  }));
  const inactive = rotatingPurposes.filter((purpose) => states.active[purpose] === undefined).map((purpose) => {
    const coming = keysIn(states, purpose, 'published');
    const from = Math.min(...coming.map((id) => usableFrom(states, id, times) ?? Infinity));
    const until = Number.isFinite(from) ? ` before ${new Date(from).toISOString()}` : coming.length > 0 ? ' until all processes have the one that is published' : ', and none is published: run `agency-sts keys rotate`';
    return `no \`${purpose}\` key may be used${until}`;
  });
  return {
    reasons: [...missing.filter(({ isUrgent }) => isUrgent).map(({ text }) => text), ...(folderTrouble === undefined ? [] : [folderTrouble])],
    warnings: [...missing.filter(({ isUrgent }) => !isUrgent).map(({ text }) => text), ...inactive],
  };
}
