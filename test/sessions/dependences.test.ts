// What can end a session: the subjects that each of its links depends on, their epochs, and their boundaries.
import { describe, expect, it } from 'vitest';
import type { EpochSubject } from '../../src/directory/store.js';
import { dependencesOf, isEnded, type Dependence, type KeyLink, type SessionLink } from '../../src/sessions/session.js';

const keyLink: KeyLink = { kind: 'key', accessKeyId: 'K', accountId: 'A', ownerId: 'U', ownerKind: 'user', epochs: { account: 1, owner: 2, key: 3 } };
const sessionLink: SessionLink = { kind: 'session', sessionId: 'S', accountId: 'B', agencyId: 'G', issuedAt: 250, status: { list: '0-0', index: 0 }, epochs: { account: 4, agency: 5 } };
const ofAlice = { chainStartedAt: 100, sourceIdentity: 'alice' };
const all = (accountId: string, issuedAt: number, ...epochs: readonly (readonly [EpochSubject, number])[]): readonly Dependence[] =>
  epochs.map(([subject, epoch]) => ({ accountId, subject, epoch, issuedAt }));

describe('a link depends on each subject that can end it', () => {
  it('a key: its account, its owner and itself, from the start of the chain, which it issued', () => {
    expect(dependencesOf(keyLink, ofAlice)).toEqual(all('A', 100, ['account', 1], ['user:U', 2], ['key:K', 3]));
  });

  it('a session: its account and its agency, from its own time', () => {
    expect(dependencesOf(sessionLink, ofAlice)).toEqual(all('B', 250, ['account', 4], ['agency:G', 5]));
  });

  it.each<[link: string, KeyLink | SessionLink, readonly Dependence[]]>([
    ['a key', { ...keyLink, epochs: { ...keyLink.epochs, source: 6 } }, all('A', 100, ['account', 1], ['user:U', 2], ['key:K', 3], ['source:alice', 6])],
    ['a session', { ...sessionLink, epochs: { ...sessionLink.epochs, source: 0 } }, all('B', 250, ['account', 4], ['agency:G', 5], ['source:alice', 0])],
  ])('%s that carries its epoch: the source identity of the session too, in the account of the link', (_link, link, expected) => {
    expect(dependencesOf(link, ofAlice)).toEqual(expected);
    expect(dependencesOf(link, { ...ofAlice, sourceIdentity: undefined })).toEqual(expected.slice(0, -1));
  });
});

describe('a session is ended', () => {
  const [dependence] = all('A', 1000, ['agency:G', 7]);
  if (dependence === undefined) throw new Error('no dependence');
  it.each<[what: string, epochs: readonly (readonly [EpochSubject, number])[], boundaries: readonly (readonly [EpochSubject, number])[], ended: boolean]>([
    ['by an epoch that is gone, as after a lost write', [], [], true],
    ['by the epoch that it carries', [['agency:G', 7]], [], false],
    ['by a greater epoch', [['agency:G', 8]], [], true],
    ['by a smaller epoch, as after a lost write', [['agency:G', 6]], [], true],
    ['by the epoch of another agency', [['agency:G', 7], ['agency:H', 8]], [], false],
    ['by a boundary at its own second', [['agency:G', 7]], [['agency:G', 1000]], false],
    ['by a boundary a second later', [['agency:G', 7]], [['agency:G', 1001]], true],
    ['by an earlier boundary', [['agency:G', 7]], [['agency:G', 999]], false],
    ['by the boundary of another agency', [['agency:G', 7]], [['agency:H', 1001]], false],
    ['by a boundary, although the epoch stands', [['agency:G', 7]], [['agency:G', 1001]], true],
  ])('%s: %j %j: %s', (_what, epochs, boundaries, ended) => {
    expect(isEnded(dependence, { epochs: new Map(epochs), boundaries: { text: '', of: new Map(boundaries) } })).toBe(ended);
  });
});
