// A map that forgets what was used longest ago.

export interface BoundedMap<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
  delete(key: Key): void;
}

/**
 * @param most that the values together may weigh; what weighs more by itself is not kept
 * @param weightOf a value; without it each weighs 1
 */
export function boundedMap<Key, Value>(most: number, weightOf: (value: Value) => number = () => 1): BoundedMap<Key, Value> {
  const entries = new Map<Key, Value>();
  let weight = 0;
  function drop(key: Key): void {
    const value = entries.get(key);
    if (value !== undefined && entries.delete(key)) weight -= weightOf(value);
  }
  return {
    get(key) {
      const value = entries.get(key);
      if (value === undefined) return undefined;
      entries.delete(key);
      entries.set(key, value);
      return value;
    },
    set(key, value) {
      drop(key);
      if (weightOf(value) > most) return;
      entries.set(key, value);
      weight += weightOf(value);
      for (const oldest of entries.keys()) {
        if (weight <= most) return;
        drop(oldest);
      }
    },
    delete: drop,
  };
}
