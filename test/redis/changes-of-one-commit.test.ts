// How many changes a commit takes: as many as its script can be given, each account whole, and the last one last.
import { expect, it } from 'vitest';
import type { AccountChange } from '../../src/directory/store.js';
import { keyNames } from '../../src/redis/cells.js';
import { createClient } from '../../src/redis/client.js';
import { changesOfOneCommit } from '../../src/redis/commit-apart.js';

const change = (number: number, fields: number): AccountChange =>
  ({ accountId: number.toString(16).padStart(32, '0'), expectedRevision: undefined, put: [], remove: Array.from({ length: fields }, (_, index) => `user:${index}` as const) });

it.each<readonly [what: string, sizes: readonly number[], parts: readonly number[]]>([
  ['a few accounts are one commit', [1, 2, 3], [3]],
  ['accounts up to the bound are one commit', [10_000, 10_000], [2]],
  ['one more field begins another', [10_000, 10_000, 1], [2, 1]],
  ['thousands of small accounts are several commits', Array.from({ length: 5000 }, () => 8), [2500, 2500]],
  ['an account beyond the bound is a commit of its own, whole', [5, 30_000, 5], [1, 1, 1]],
])('%s', (_what, sizes, parts) => {
  const redis = createClient('redis://127.0.0.1:1', () => undefined);
  try {
    const changes = sizes.map((fields, number) => change(number, fields));
    const commits = changesOfOneCommit(redis, changes, keyNames(16));
    expect(commits.map(({ length }) => length)).toEqual(parts);
    expect(commits.flat()).toEqual(changes);
  } finally {
    redis.disconnect();
  }
});
