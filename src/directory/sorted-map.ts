// An immutable map in the order of its keys: a changed copy costs a copy of two arrays, not a new hash table.

/** Above this number of changes one sort is cheaper than as many insertions. */
const mostInsertions = 32;

/** Keys compare by code units. Looking up takes a binary search: some 13 comparisons among 5,000 keys. */
export class SortedMap<Value> {
  readonly #keys: readonly string[];
  readonly #values: readonly Value[];

  private constructor(keys: readonly string[], values: readonly Value[]) {
    this.#keys = keys;
    this.#values = values;
  }

  /** Of two values of one key the later one counts. */
  static of<Value>(entries: Iterable<readonly [string, Value]>): SortedMap<Value> {
    const sorted = [...new Map(entries)].sort(([one], [other]) => (one < other ? -1 : 1));
    return new SortedMap(sorted.map(([key]) => key), sorted.map(([, value]) => value));
  }

  get size(): number {
    return this.#keys.length;
  }

  get(key: string): Value | undefined {
    const place = this.#placeOf(key);
    return this.#keys[place] === key ? this.#values[place] : undefined;
  }

  has(key: string): boolean {
    return this.#keys[this.#placeOf(key)] === key;
  }

  keys(): readonly string[] {
    return this.#keys;
  }

  values(): readonly Value[] {
    return this.#values;
  }

  *[Symbol.iterator](): IterableIterator<[string, Value]> {
    for (const [place, value] of this.#values.entries()) yield [this.#keys[place] ?? '', value];
  }

  /** The values behind a key, which need not be one of the map. */
  *valuesAfter(key: string): IterableIterator<Value> {
    const place = this.#placeOf(key);
    for (let at = this.#keys[place] === key ? place + 1 : place; at < this.#values.length; at += 1) {
      // Within the bounds of the array.
      yield this.#values[at] as Value;
    }
  }

  /** The map without some keys and with other entries. */
  with(remove: readonly string[], put: readonly (readonly [string, Value])[]): SortedMap<Value> {
    if (remove.length + put.length === 0) return this;
    if (remove.length + put.length > mostInsertions) {
      const entries = new Map(this);
      for (const key of remove) entries.delete(key);
      for (const [key, value] of put) entries.set(key, value);
      return SortedMap.of(entries);
    }
    const changed = new SortedMap([...this.#keys], [...this.#values]);
    for (const key of remove) changed.#splice(key);
    for (const [key, value] of put) changed.#splice(key, value);
    return changed;
  }

  /** Only on a copy that nobody else has yet. */
  #splice(key: string, ...value: readonly Value[]): void {
    const place = this.#placeOf(key);
    const present = this.#keys[place] === key ? 1 : 0;
    (this.#keys as string[]).splice(place, present, ...(value.length > 0 ? [key] : []));
    (this.#values as Value[]).splice(place, present, ...value);
  }

  /** Of the first key that is not smaller. */
  #placeOf(key: string): number {
    let from = 0;
    let to = this.#keys.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#keys[middle] ?? '') < key) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
