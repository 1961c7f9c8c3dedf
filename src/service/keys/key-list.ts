// The keys as a list for people, and what is found to be wrong with them.
import { keyPurposes, type KeyPurpose, type SignatureAlgorithm } from '../../keyring/key.js';
import { servedAt, usableFrom, type KeyTimes } from '../../keyring/key-schedule.js';
import { isRotating, recordOf, stateOf, type KeyRecord, type KeyState } from '../../keyring/key-states.js';
import { isKeyOf } from '../../keyring/living-keyring.js';
import { missingKeys } from './key-readiness.js';
import type { KeyView } from './key-watch.js';

export interface ListedKey {
  readonly key_id: string;
  readonly purpose: KeyPurpose;
  readonly algorithm?: SignatureAlgorithm;
  /** `unknown`: a file that was never published here. `verifying`: an older key of the audit log. */
  readonly state: KeyState | 'held' | 'verifying' | 'unknown';
  readonly published_at?: string;
  readonly activated_at?: string;
  readonly retiring_at?: string;
  readonly retired_at?: string;
  /** When it may be used, or has served. */
  readonly until?: string;
  /** Whether this machine has its file. */
  readonly file: boolean;
}

/** By purpose, newest first. */
export function listKeys(view: KeyView, times: KeyTimes): readonly ListedKey[] {
  const { states, keys } = view;
  const known = Object.entries(states.keys).map(([id, record]): ListedKey => {
    const key = keys.find((each) => each.id === id && isKeyOf(states, each));
    const state = stateOf(states, id) ?? 'unknown';
    const until = state === 'published' ? usableFrom(states, id, times) : state === 'retiring' ? servedAt(states, id, times) : undefined;
    return {
      key_id: id, purpose: record.purpose, ...(key?.algorithm !== undefined && { algorithm: key.algorithm }), state: state === 'published' && record.held === true ? 'held' : state,
      ...moments(record), ...(until !== undefined && { until: text(until) }), file: key !== undefined,
    };
  });
  const others = keys.filter((key) => !isKeyOf(states, key)).map(({ id, purpose, algorithm, createdAt }): ListedKey => ({
    key_id: id, purpose, ...(algorithm !== undefined && { algorithm }), state: isRotating(purpose) ? 'unknown' : newestOf(view, purpose) === id ? 'active' : 'verifying', published_at: text(createdAt), file: true,
  }));
  return [...known, ...others].sort((a, b) => keyPurposes.indexOf(a.purpose) - keyPurposes.indexOf(b.purpose) || ((a.published_at ?? '') < (b.published_at ?? '') ? 1 : -1));
}

const text = (time: number): string => new Date(time).toISOString();

const moments = ({ publishedAt, activatedAt, retiringAt, retiredAt }: KeyRecord) => ({
  published_at: text(publishedAt), ...(activatedAt !== undefined && { activated_at: text(activatedAt) }),
  ...(retiringAt !== undefined && { retiring_at: text(retiringAt) }), ...(retiredAt !== undefined && { retired_at: text(retiredAt) }),
});

const newestOf = ({ keys }: KeyView, purpose: KeyPurpose): string | undefined =>
  keys.filter((key) => key.purpose === purpose).sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))[0]?.id;

const untilText: Partial<Record<ListedKey['state'], string>> = { published: 'usable from', held: 'usable from', retiring: 'retires at' };

export function listLine(key: ListedKey): string {
  const since = key.retired_at ?? key.retiring_at ?? key.activated_at ?? key.published_at;
  const until = key.until === undefined ? [] : [`${untilText[key.state] ?? 'until'} ${key.until}`];
  return [key.key_id, key.purpose, key.algorithm ?? '-', key.state, ...(since === undefined ? [] : [`since ${since}`]), ...until, ...(key.file || key.state === 'retired' ? [] : ['FILE MISSING'])].join('  ');
}

/** Empty when all is as it should be. */
export function keyFindings(view: KeyView): readonly string[] {
  const { states, keys, holders, folderTrouble } = view;
  const lacking = Object.keys(states.keys).filter((id) => stateOf(states, id) !== 'retired').flatMap((id) => {
    const count = [...holders.values()].filter((tells) => tells?.held.includes(id) !== true).length;
    return count === 0 ? [] : [`${count} of ${holders.size} processes do not have the key \`${id}\``];
  });
  return [
    ...(folderTrouble === undefined ? [] : [folderTrouble]),
    ...missingKeys(view).map(({ id, purpose, state }) => `the ${state} \`${purpose}\` key \`${id}\` has no file here`),
    ...lacking,
    ...keys.filter(({ id, purpose }) => isRotating(purpose) && recordOf(states, id) === undefined).map(({ id, purpose }) => `the \`${purpose}\` key \`${id}\` was never published: nothing is made or verified with it; remove its file`),
    ...keys.filter((key) => recordOf(states, key.id) !== undefined && !isKeyOf(states, key)).map(({ id }) => `the file of the key \`${id}\` holds another key than the one that was published`),
    ...keys.filter((key) => isKeyOf(states, key) && stateOf(states, key.id) === 'retired').map(({ id, purpose }) => `the \`${purpose}\` key \`${id}\` is retired: remove its file, unless a backup needs it`),
  ];
}
