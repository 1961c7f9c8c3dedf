// What a request is asked about: condition keys and their values, looked up without regard to case.
import { foldAscii } from './text.js';

/** An array is a multi-valued key, even with one value or none. */
export type ConditionValue = string | number | boolean | Date | readonly string[];
export type Scalar = string | number | boolean | Date;

export interface ContextEntry {
  readonly name: string;
  readonly values: readonly Scalar[];
  readonly multiValued: boolean;
}

/** Immutable; `folded` is a key name with ASCII letters in lower case. */
export interface ConditionContext {
  readonly entry: (folded: string) => ContextEntry | undefined;
}

/** Undefined is an absent key. */
export type ConditionEntries = Iterable<readonly [name: string, value: ConditionValue | undefined]>;

/**
 * A context of condition keys such as `g:CurrentTime`. Of two entries whose names differ in case only, the later one
 * counts (policy language §5: key names are case-insensitive).
 * @param entries or what gives them, when the first key is asked for: many policies ask for none
 */
export function contextOf(entries: ConditionEntries | (() => ConditionEntries)): ConditionContext {
  if (typeof entries !== 'function') {
    const known = entriesByName(entries);
    return { entry: (folded) => known.get(folded) };
  }
  let known: ReadonlyMap<string, ContextEntry> | undefined;
  return { entry: (folded) => (known ??= entriesByName(entries())).get(folded) };
}

/** A key's name as it is written, and its value. */
export type NamedValue = readonly [name: string, value: ConditionValue | undefined];

/** Looks a key up by its folded name; undefined: nothing is said of it. */
export type FindValue = (folded: string) => NamedValue | undefined;

/**
 * The same, asked key by key: policies ask for one or two of the twenty keys of a call. Of several that say something
 * of a key the last one counts, also where it says that the key is absent.
 */
export function contextFinding(finds: readonly FindValue[]): ConditionContext {
  return {
    entry: (folded) => {
      for (let at = finds.length - 1; at >= 0; at -= 1) {
        const found = finds[at]?.(folded);
        if (found !== undefined) return found[1] === undefined ? undefined : entryOf(found[0], found[1]);
      }
      return undefined;
    },
  };
}

/** What {@link contextFinding} asks where all entries are at hand. */
export function findAmong(entries: ConditionEntries): FindValue {
  const known = new Map<string, NamedValue>();
  for (const entry of entries) known.set(foldAscii(entry[0]), entry);
  return (folded) => known.get(folded);
}

function entriesByName(entries: ConditionEntries): ReadonlyMap<string, ContextEntry> {
  const known = new Map<string, ContextEntry>();
  for (const [name, value] of entries) {
    const folded = foldAscii(name);
    if (value === undefined) known.delete(folded);
    else known.set(folded, entryOf(name, value));
  }
  return known;
}

function entryOf(name: string, value: ConditionValue): ContextEntry {
  if (typeof value === 'object' && !(value instanceof Date)) return { name, values: [...value], multiValued: true };
  return { name, values: [value], multiValued: false };
}

/** The same context, noting every present key that is looked at. */
export function watchedContext(context: ConditionContext, seen: Map<string, ContextEntry>): ConditionContext {
  return {
    entry: (folded) => {
      const entry = context.entry(folded);
      if (entry !== undefined) seen.set(folded, entry);
      return entry;
    },
  };
}

/** A value as text, dates in ISO 8601; undefined for a number or date that is none. */
export function textOf(value: Scalar): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
}

/** An entry as text for explanations. */
export function entryText(entry: ContextEntry): string | readonly string[] {
  const texts = entry.values.map((value) => textOf(value) ?? 'invalid');
  return entry.multiValued ? texts : (texts[0] ?? '');
}
