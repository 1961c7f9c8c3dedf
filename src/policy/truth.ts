// Three-valued logic: undefined stands for "cannot tell", so that an evaluation error is never silently false.

/** true, false, or undefined when evaluating failed. */
export type Truth = boolean | undefined;

export const not = (truth: Truth): Truth => (truth === undefined ? undefined : !truth);

/** true if any is true; else undefined if any cannot be told; else false. */
export function some<Item>(items: readonly Item[], test: (item: Item) => Truth): Truth {
  let result: Truth = false;
  for (const item of items) {
    const truth = test(item);
    if (truth === true) return true;
    if (truth === undefined) result = undefined;
  }
  return result;
}

/** false if any is false; else undefined if any cannot be told; else true. */
export function every<Item>(items: readonly Item[], test: (item: Item) => Truth): Truth {
  let result: Truth = true;
  for (const item of items) {
    const truth = test(item);
    if (truth === false) return false;
    if (truth === undefined) result = undefined;
  }
  return result;
}
