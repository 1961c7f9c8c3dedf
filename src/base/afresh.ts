// Work that one caller does for all who wait for it, and that no caller gets the result of when it began before he asked.

/**
 * Each call is answered by a run that begins after it. Who comes while a run is under way shares the next one: the
 * running one may have passed what he must see.
 */
export function afresh<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  return () => {
    if (next !== undefined) return next;
    const answer = running.then(() => {
      next = undefined;
      return work();
    });
    running = answer.catch(() => undefined);
    next = answer;
    return answer;
  };
}
