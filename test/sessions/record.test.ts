// The stored form of a session gives back every session exactly, and nothing that is not one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSession, encodeSession } from '../../src/sessions/record.js';
import { depthOf, lineage, linkEpochs, linkOf, type KeyLink, type Session, type SessionLink } from '../../src/sessions/session.js';

const text = fc.string({ unit: 'binary', maxLength: 20 });
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const status = fc.record({ list: text, index: count });
const epochs = fc.record({ account: count, agency: count });
const keyLink: fc.Arbitrary<KeyLink> = fc.record({
  kind: fc.constant('key'), accessKeyId: text, accountId: text, ownerId: text, ownerKind: fc.constantFrom('user', 'service'), epochs: fc.record({ account: count, owner: count, key: count }),
});
const sessionLink: fc.Arbitrary<SessionLink> = fc.record({ kind: fc.constant('session'), sessionId: text, accountId: text, agencyId: text, status, epochs });
const session: fc.Arbitrary<Session> = fc.record({
  sessionId: text, accountId: text, agencyId: text, agencyName: text, agencyPath: text, agencySessionName: text,
  issuedAt: count, expiresAt: count, chainStartedAt: count, assumedBy: text, rootPrincipal: text,
  chain: fc.tuple(keyLink, fc.array(sessionLink, { maxLength: 9 })).map(([key, links]) => [key, ...links] as const),
  tags: fc.array(fc.record({ key: text, value: text, transitive: fc.boolean(), inherited: fc.boolean() }), { maxLength: 50 }),
  sourceIdentity: fc.option(text, { nil: undefined }), mfaAuthenticatedAt: fc.option(count, { nil: undefined }), sessionPolicy: fc.option(text, { nil: undefined }),
  sessionPolicyIds: fc.array(text, { maxLength: 10 }), isNarrowed: fc.boolean(), secretKeyId: text, status, epochs,
});
const [first] = fc.sample(session, { numRuns: 1, seed: 7 });
if (first === undefined) throw new Error('no sample');
const sample: Session = { ...first, isNarrowed: false };

describe('a session record', () => {
  it('gives back what was written', () => {
    fc.assert(fc.property(session, (value) => {
      expect(decodeSession(value.sessionId, encodeSession(value))).toEqual(value);
    }), { numRuns: 500 });
  });

  it('does not hold the session id: its place tells it', () => {
    const value = { ...sample, sessionId: 'HSTCANARYCANARYCANAR' };
    expect(encodeSession(value)).not.toContain('HSTCANARYCANARYCANAR');
    expect(decodeSession('another', encodeSession(value)).sessionId).toBe('another');
  });

  it('of another layout, or cut, or with a field more or less, is refused', () => {
    const fields = JSON.parse(encodeSession(sample)) as unknown[];
    const texts = ['', '[]', 'null', '{}', '[1]', encodeSession(sample).slice(0, -1), JSON.stringify([2, ...fields.slice(1)]), JSON.stringify(fields.slice(0, -1)), JSON.stringify([...fields, 1]), JSON.stringify(fields.with(7, '1')), JSON.stringify(fields.with(7, -1)), JSON.stringify(fields.with(7, 1.5)), JSON.stringify(fields.with(11, []))];
    for (const bent of texts) expect(() => decodeSession('x', bent), bent).toThrow();
  });

  it('stays small: a session of depth one takes less than 400 bytes', () => {
    const small: Session = {
      sessionId: `HST${'A'.repeat(17)}`, accountId: 'a'.repeat(32), agencyId: 'b'.repeat(32), agencyName: 'deployer', agencyPath: '', agencySessionName: 'session-1',
      issuedAt: 1768465800, expiresAt: 1768469400, chainStartedAt: 1768465800, assumedBy: `iam::${'a'.repeat(32)}:user:alice`, rootPrincipal: `iam::${'a'.repeat(32)}:user:alice`,
      chain: [{ kind: 'key', accessKeyId: 'HPUAALICE00000000000', accountId: 'a'.repeat(32), ownerId: 'c'.repeat(32), ownerKind: 'user', epochs: { account: 0, owner: 0, key: 0 } }],
      tags: [], sourceIdentity: undefined, mfaAuthenticatedAt: undefined, sessionPolicy: undefined, sessionPolicyIds: [], isNarrowed: false, secretKeyId: 'abcdefgh', status: { list: '4-0', index: 17 }, epochs: { account: 0, agency: 0 },
    };
    expect(encodeSession(small).length).toBeLessThan(400);
  });
});

describe('the lineage of a session', () => {
  it('is its chain and itself, and its depth counts the assume calls', () => {
    fc.assert(fc.property(session, (value) => {
      expect(lineage(value)).toEqual([...value.chain, linkOf(value)]);
      expect(depthOf(value)).toBe(value.chain.length);
      expect(lineage(value)[0]?.kind).toBe('key');
    }));
  });

  it('depends on the epochs of each subject that can end it', () => {
    expect(linkEpochs({ kind: 'key', accessKeyId: 'K', accountId: 'A', ownerId: 'U', ownerKind: 'user', epochs: { account: 1, owner: 2, key: 3 } })).toEqual([['account', 1], ['user:U', 2], ['key:K', 3]]);
    expect(linkEpochs({ kind: 'session', sessionId: 'S', accountId: 'A', agencyId: 'G', status: { list: '0-0', index: 0 }, epochs: { account: 4, agency: 5 } })).toEqual([['account', 4], ['agency:G', 5]]);
  });
});
