// What an event tells of a change: the fields of the account that were written and removed, so that what was made is found by its id.
import type { AccountChange } from '../directory/store.js';

const mostFields = 20;

/** Empty when nothing changed. */
export function changedFields(changes: readonly AccountChange[]): Readonly<Record<string, readonly string[]>> {
  const written = changes.flatMap(({ put }) => put.map(([field]) => field));
  const removed = changes.flatMap(({ remove }) => remove);
  return { ...(written.length > 0 && { written: written.slice(0, mostFields) }), ...(removed.length > 0 && { removed: removed.slice(0, mostFields) }) };
}
