// Rules of session tags: what a call passes, what it inherits, and that an inherited tag never changes.
import { ApiError } from '../base/api-error.js';
import { foldTagKey } from '../directory/tag-key.js';
import type { Session, SessionTag } from '../sessions/session.js';

export interface RequestedTags {
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly transitiveTagKeys: readonly string[];
}

const noTags: readonly SessionTag[] = [];
const maximumTags = 50;
const maximumBytes = 16 * 1024;

/** The tags of the new session: inherited ones first. Throws the {@link ApiError} of the first rule that is broken. */
export function mergeSessionTags(parent: Pick<Session, 'tags'> | undefined, requested: RequestedTags): readonly SessionTag[] {
  const parentTags = parent?.tags ?? noTags;
  // As most are: a microsecond less.
  if (parentTags.length + requested.tags.length + requested.transitiveTagKeys.length === 0) return noTags;
  const inherited = parentTags.filter(({ transitive }) => transitive).map((tag) => ({ ...tag, inherited: true }));
  const passed = new Set<string>();
  for (const { key } of requested.tags) refuseRepeated(passed, key, 'tags');
  for (const { key } of inherited) {
    if (passed.has(foldTagKey(key))) {
      throw new ApiError('inheritedTagKey', `\`tags\`: \`${key}\` is inherited as a transitive tag of the chain and cannot be passed again`);
    }
  }
  const transitive = transitiveKeys(passed, requested.transitiveTagKeys);
  const tags = [
    ...inherited,
    ...requested.tags.map(({ key, value }) => ({ key, value, transitive: transitive.has(foldTagKey(key)), inherited: false })),
  ];
  refuseTooLarge(tags, inherited.length);
  return tags;
}

function transitiveKeys(passed: ReadonlySet<string>, keys: readonly string[]): ReadonlySet<string> {
  const transitive = new Set<string>();
  for (const key of keys) {
    refuseRepeated(transitive, key, 'transitive_tag_keys');
    if (!passed.has(foldTagKey(key))) {
      throw new ApiError('unknownTransitiveTagKey', `\`transitive_tag_keys\`: \`${key}\` is no key of \`tags\` in this request`);
    }
  }
  return transitive;
}

function refuseRepeated(seen: Set<string>, key: string, field: string): void {
  const folded = foldTagKey(key);
  if (seen.has(folded)) throw new ApiError('duplicateTagKey', `\`${field}\`: the key \`${key}\` is given twice (keys are compared without case)`);
  seen.add(folded);
}

function refuseTooLarge(tags: readonly SessionTag[], inheritedCount: number): void {
  const bytes = tags.reduce((sum, { key, value }) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (tags.length <= maximumTags && bytes <= maximumBytes) return;
  throw new ApiError(
    'sessionTagsTooLarge',
    `\`tags\`: ${inheritedCount} inherited and ${tags.length - inheritedCount} new tags of ${bytes} bytes together; ` +
      `a session holds at most ${maximumTags} tags and ${maximumBytes} bytes`,
  );
}
