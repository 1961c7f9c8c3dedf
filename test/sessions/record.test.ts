// The stored form of a session gives back every session exactly, and nothing that is not one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSession, encodeSession } from '../../src/sessions/record.js';
import { depthOf, lineage, linkOf, sessionIdsOf, withSourceEpoch, type KeyLink, type Session, type SessionLink } from '../../src/sessions/session.js';

const text = fc.string({ unit: 'binary', maxLength: 20 });
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const status = fc.record({ list: text, index: count });
const epochs = fc.record({ account: count, agency: count, source: count }, { requiredKeys: ['account', 'agency'] });
const keyLink: fc.Arbitrary<KeyLink> = fc.record({
  kind: fc.constant('key'), accessKeyId: text, accountId: text, ownerId: text, ownerKind: fc.constantFrom('user', 'service'), 
  epochs: fc.record({ account: count, owner: count, key: count, source: count }, { requiredKeys: ['account', 'owner', 'key'] }),
});
const sessionLink: fc.Arbitrary<SessionLink> = fc.record({ kind: fc.constant('session'), sessionId: text, accountId: text, agencyId: text, issuedAt: count, status, epochs, secretKeyId: text }, { requiredKeys: ['kind', 'sessionId', 'accountId', 'agencyId', 'issuedAt', 'status', 'epochs'] });
const session: fc.Arbitrary<Session> = fc.record({
  sessionId: text, accountId: text, agencyId: text, agencyName: text, agencyPath: text, agencySessionName: text,
  issuedAt: count, expiresAt: count, chainStartedAt: count, assumedBy: text, rootPrincipal: text,
  chain: fc.tuple(keyLink, fc.array(sessionLink, { maxLength: 9 })).map(([key, links]) => [key, ...links] as const),
  tags: fc.array(fc.record({ key: text, value: text, transitive: fc.boolean(), inherited: fc.boolean() }), { maxLength: 50 }),
  sourceIdentity: fc.option(text, { nil: undefined }), mfaAuthenticatedAt: fc.option(count, { nil: undefined }), sessionPolicy: fc.option(text, { nil: undefined }),
  sessionPolicyIds: fc.array(text, { maxLength: 10 }), isNarrowed: fc.boolean(), secretKeyId: text, status, epochs,
});
const [first] = fc.sample(session, { numRuns: 1, seed: 7 });
const withoutSource = ({ account, agency }: Session['epochs']): Session['epochs'] => ({ account, agency });
if (first === undefined) throw new Error('no sample');
const sample: Session = { ...first, isNarrowed: false, epochs: { account: 1, agency: 2 } };

describe('a session record', () => {
  it('gives back what was written', () => {
    fc.assert(fc.property(session, (value) => {
      expect(decodeSession(value.sessionId, encodeSession(value))).toEqual(value);
    }), { numRuns: 500 });
  });

  it('gives back what the older ways in leave in it', () => {
    const older = fc.record({
      way: fc.constantFrom('legacy-token' as const, 'legacy-keys' as const), sessionUserName: text,
      scope: fc.oneof(fc.constant({ kind: 'domain' as const }), fc.string({ minLength: 1 }).map((projectId) => ({ kind: 'project' as const, projectId }))),
    }, { requiredKeys: ['way'] });
    fc.assert(fc.property(session, older, fc.record({ tokenId: text, epoch: count, passwordEpoch: count, status: fc.record({ list: text, index: count }) }), (value, more, token) => {
      const [key, ...links] = value.chain;
      const whole: Session = { ...value, ...more, chain: [{ ...key, token }, ...links] };
      expect(decodeSession(whole.sessionId, encodeSession(whole))).toEqual(whole);
    }));
  });

  it('does not hold the session id: its place tells it', () => {
    const value = { ...sample, sessionId: 'HSTCANARYCANARYCANAR' };
    expect(encodeSession(value)).not.toContain('HSTCANARYCANARYCANAR');
    expect(decodeSession('another', encodeSession(value)).sessionId).toBe('another');
  });

  it('of another layout, or cut, or with a field more or less, is refused', () => {
    const fields = JSON.parse(encodeSession(sample)) as unknown[];
    const texts = ['', '[]', 'null', '{}', '[1]', encodeSession(sample).slice(0, -1), JSON.stringify([2, ...fields.slice(1)]), JSON.stringify(fields.slice(0, -1)), JSON.stringify([...fields, 1]), JSON.stringify(fields.with(7, '1')), JSON.stringify(fields.with(7, -1)), JSON.stringify(fields.with(7, 1.5)), JSON.stringify(fields.with(11, [])), JSON.stringify([...fields, true, -1]), JSON.stringify([...fields, true, 1, 1])];
    for (const bent of texts) expect(() => decodeSession('x', bent), bent).toThrow();
  });

  it('of an older service still reads: its links were issued when the chain began, and hang on no source identity and no key', () => {
    fc.assert(fc.property(session, (value) => {
      // Before links had a time, keys and sessions a source identity's epoch, and nothing stood behind the session's own epochs.
      const fields = JSON.parse(encodeSession(value)) as unknown[];
      const older = fields.with(11, (fields[11] as unknown[][]).map((link) => link.slice(0, 7))).slice(0, value.isNarrowed ? 23 : 22);
      const [{ epochs: { account, owner, key }, ...root }, ...links] = value.chain;
      expect(decodeSession(value.sessionId, JSON.stringify(older))).toEqual({
        ...value,
        epochs: withoutSource(value.epochs),
        chain: [{ ...root, epochs: { account, owner, key } }, ...links.map(({ secretKeyId: _, ...link }) => ({ ...link, issuedAt: value.chainStartedAt, epochs: withoutSource(link.epochs) }))],
      });
    }));
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
      expect(linkOf(value)).toMatchObject({ issuedAt: value.issuedAt, epochs: value.epochs });
      expect(sessionIdsOf(value)).toEqual([...value.chain.slice(1).map((link) => (link.kind === 'session' ? link.sessionId : '')), value.sessionId]);
    }));
  });

  it('takes the epoch of a source identity at its end, where the hop that set it stands', () => {
    fc.assert(fc.property(session, count, (value, source) => {
      const { chain } = value;
      const changed = withSourceEpoch(chain, source);
      expect(changed.slice(0, -1)).toEqual(chain.slice(0, -1));
      const last = chain.at(-1);
      expect(changed.at(-1)).toEqual({ ...last, epochs: { ...last?.epochs, source } });
    }));
  });
});
