// What is told of endings beside their content: the cell they stand in, what they are about, and which of two is stricter.
import type { KeyNames } from '../../redis/cells.js';
import type { Ending } from '../../sts/commit.js';

export const cellOfEnding = (names: KeyNames, ending: Ending): number => (ending.kind === 'mark' ? names.cellOfSession(ending.sessionId) : names.cellOfAccount(ending.accountId));

/** The same for endings of one kind that are about the same. */
export const subjectKey = (ending: Ending): string => (ending.kind === 'mark' ? `mark ${ending.sessionId}` : `${ending.kind} ${ending.accountId} ${ending.subject}`);

/** Comparable between endings of one subject. */
export const strictness = (ending: Ending): number => (ending.kind === 'mark' ? 0 : ending.kind === 'epoch' ? ending.epoch : ending.issuedBefore);

/** Of several about one subject the strictest, and of equal ones the first. */
export function strictest<Has extends { readonly ending: Ending }>(all: readonly Has[]): readonly Has[] {
  const found = new Map<string, Has>();
  for (const each of all) {
    const key = subjectKey(each.ending);
    const other = found.get(key);
    if (other === undefined || strictness(each.ending) > strictness(other.ending)) found.set(key, each);
  }
  return [...found.values()];
}
