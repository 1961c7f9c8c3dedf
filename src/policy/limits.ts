// How large a policy document of each kind may be (policy language §8).
import { PolicyError } from './policy-error.js';

/**
 * Which slot a document is for; each has its own grammar and limits. `role` and `legacy-session` are those of the older
 * system: what is granted there, and what narrows its temporary keys.
 */
export type PolicyKind = 'identity' | 'trust' | 'session' | 'service-control' | 'role' | 'legacy-session';

interface SizeLimit {
  readonly least: number;
  readonly most: number;
  readonly whitespaceCounts: boolean;
}

const sizeLimits: Readonly<Record<PolicyKind, SizeLimit>> = {
  identity: { least: 2, most: 6144, whitespaceCounts: false },
  trust: { least: 2, most: 6144, whitespaceCounts: false },
  session: { least: 2, most: 2048, whitespaceCounts: true },
  // [choice] The size of an SCP is not published.
  'service-control': { least: 2, most: 5120, whitespaceCounts: false },
  role: { least: 2, most: 6144, whitespaceCounts: false },
  // [choice] Published are the numbers of its parts only; it stands in the record of its session.
  'legacy-session': { least: 2, most: 6144, whitespaceCounts: true },
};

/** [choice] Whitespace is free, but a document is not a place to store a megabyte of it. */
const mostRawCharacters = 65_536;

/** @throws PolicyError with both numbers when a document is too short or too long */
export function checkSize(kind: PolicyKind, text: string): void {
  const limit = sizeLimits[kind];
  if (text.length > mostRawCharacters) {
    throw new PolicyError('', 'size', `the document has ${text.length} characters with whitespace, at most ${mostRawCharacters} are allowed`);
  }
  // [choice] Characters are code points, here as in every field of the API.
  const counted = Array.from(limit.whitespaceCounts ? text : text.replace(/[ \t\r\n]+/g, '')).length;
  const how = limit.whitespaceCounts ? 'characters' : 'characters without whitespace';
  if (counted < limit.least) throw new PolicyError('', 'size', `the document has ${counted} ${how}, at least ${limit.least} are needed`);
  if (counted > limit.most) throw new PolicyError('', 'size', `the document has ${counted} ${how}, at most ${limit.most} are allowed`);
}
