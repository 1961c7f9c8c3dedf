// What one denied call may cost: a sealed reason, however long, is made in one pass, and an event is bounded.
import { describe, expect, it } from 'vitest';
import { boundedEvent } from '../../src/audit/bounded-event.js';
import { encodeEvent } from '../../src/audit/record.js';
import type { AuditEvent } from '../../src/audit/event.js';
import { pooledRandom } from '../../src/base/clock.js';
import { generateKey, keyPurposes, parseKey } from '../../src/keyring/key.js';
import { keyringOf } from '../../src/keyring/keyring.js';
import type { Decision } from '../../src/policy/index.js';
import { decodeAuthorizationMessage, encodeAuthorizationMessage } from '../../src/sts/authorization-message.js';
import { accountA } from '../support/accounts.js';

const random = pooledRandom();
const keyring = keyringOf(keyPurposes.map((purpose) => parseKey(JSON.stringify(generateKey(purpose, 0, random)))));

const denialBy = (conditions: number): Decision => ({
  allowed: false, side: 'identity', effect: 'implicit-deny', action: 'sts:agencies:assume', resource: 'iam::a:agency:b',
  failedConditions: Array.from({ length: conditions }, (_, statement) => ({ policy: 'p', statement, operator: 'StringEquals', key: 'g:UserName', expected: ['x'.repeat(200)], actual: 'alice' })),
  usedContext: Object.fromEntries(Array.from({ length: conditions }, (_, index) => [`g:PrincipalTag/${index}`, 'v'.repeat(100)])),
});

describe('a sealed reason', () => {
  it('of twenty thousand conditions looks at each of them once, and at those it keeps once more', () => {
    let looks = 0;
    const decision = denialBy(20_000);
    const counted = decision.failedConditions.map((condition) => Object.defineProperty({ ...condition }, 'toJSON', { value: () => ((looks += 1), { ...condition }) }));
    const message = encodeAuthorizationMessage(keyring, random, accountA, { failure: 'no', principal: 'p', action: 'a', decision: { ...decision, failedConditions: counted } });
    const decoded = JSON.parse(decodeAuthorizationMessage(keyring, accountA, message) ?? '') as { truncated: boolean; failed_conditions: object[] };
    expect(decoded.truncated).toBe(true);
    expect(decoded.failed_conditions.length).toBeGreaterThan(0);
    expect(looks).toBeLessThanOrEqual(20_000 + decoded.failed_conditions.length);
  });

  it('that fits is whole, and as long as any other', () => {
    const small = encodeAuthorizationMessage(keyring, random, accountA, { failure: 'no', principal: 'p', action: 'a', decision: denialBy(2) });
    const large = encodeAuthorizationMessage(keyring, random, accountA, { failure: 'no', principal: 'p', action: 'a', decision: denialBy(500) });
    expect(small).toHaveLength(large.length);
    expect(JSON.parse(decodeAuthorizationMessage(keyring, accountA, small) ?? '')).not.toHaveProperty('truncated');
  });
});

describe('an audit event', () => {
  const tags = Array.from({ length: 20 }, (_, index) => [`key${index}`, 'v'.repeat(255)] as const);
  const event: AuditEvent = {
    accountId: accountA, time: 0, requestId: 'r', operation: 'AssumeAgency', sourceIp: '::1', status: 403, resource: 'x'.repeat(100_000), decision: 'y'.repeat(100_000),
    principal: { accountId: accountA, urn: 'u', id: 'i', type: 'User', isRootUser: false, accessKeyId: 'a' },
    request: { session_name: 'one', tags: tags.map(([key, value]) => ({ key, value })) },
    callerSession: { sessionId: 'HST', chain: ['HPUA'], tags },
  };

  it('of a call that was refused is at most 4 KiB', () => {
    expect(encodeEvent(boundedEvent(event)).length).toBeLessThan(4096);
    expect(boundedEvent(event)).toMatchObject({ request: { session_name: 'one', tag_count: 20 }, callerSession: { sessionId: 'HST' } });
  });

  it('of ordinary size stays as it is', () => {
    const ordinary = { ...event, resource: 'iam::a:agency:b', decision: 'allowed', request: { session_name: 'one', tags: [{ key: 'team', value: 'blue' }] }, callerSession: { sessionId: 'HST', chain: ['HPUA'], tags: tags.slice(0, 2) } };
    expect(boundedEvent(ordinary)).toEqual(ordinary);
  });
});
