// Costly work: a few pieces at once, some that wait their turn, and no more.

/** Runs a piece of work in its turn. */
export type FewAtOnce = <T>(work: () => Promise<T>) => Promise<T>;

/** In the order they come. @param full the error of what would have to wait behind too many */
export function fewAtOnce(mostAtOnce: number, mostWaiting: number, full: () => Error): FewAtOnce {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < mostAtOnce) running += 1;
    else {
      if (waiting.length >= mostWaiting) throw full();
      // Whoever ends hands the place over.
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
