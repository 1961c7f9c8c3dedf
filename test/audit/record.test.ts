// The stored form of an audit event gives back every event exactly, and nothing that is not one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuditEvent, EventSession } from '../../src/audit/event.js';
import { decodeEvent, encodeEvent, eventEncoder, recordsOf, recordSubject, recordTime } from '../../src/audit/record.js';

const id = fc.stringMatching(/^[0-9a-f]{32}$/);
/** Ids, and what follows from others, as well as any other text. */
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 20 }), id, id.map((agency) => `${agency}:bench`), fc.constantFrom("'", '0', '1', 'a', 'HPUAALICE00000000000'));
const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const session: fc.Arbitrary<EventSession> = fc.record({
  sessionId: text, chain: fc.array(text, { maxLength: 11 }), sourceIdentity: text, tags: fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 50 }), expiresAt: number, agencyId: text, rootPrincipal: text,
}, { requiredKeys: ['sessionId', 'chain'] });
/** `__proto__` is no name that a JSON object can be asked for in the usual way; the service's own request fields are fixed names. */
const request = fc.dictionary(text.filter((name) => name !== '__proto__'), fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown));
const event: fc.Arbitrary<AuditEvent> = fc.record({
  accountId: text, time: number, requestId: text, operation: text,
  principal: fc.record({ accountId: text, urn: text, id: text, type: fc.constantFrom('User', 'AssumedAgency', 'Service'), isRootUser: fc.boolean(), accessKeyId: text, userName: text },
    { requiredKeys: ['accountId', 'urn', 'id', 'type', 'isRootUser', 'accessKeyId'] }),
  resourceAccountId: text, resource: text, sourceIp: text, status: fc.integer({ min: 200, max: 599 }), errorCode: text, decision: text, request, callerSession: session, issuedSession: session,
}, { requiredKeys: ['accountId', 'time', 'requestId', 'operation', 'principal', 'sourceIp', 'status'] });
/** An event in which parts follow from others, as in those that the service writes. */
const usual: fc.Arbitrary<AuditEvent> = fc.record({ of: event, accountId: id, otherId: id, agencyId: id, kind: fc.constantFrom('user', 'session'), chained: fc.boolean(), near: fc.boolean() }).map(({ of, accountId, otherId, agencyId, kind, chained, near }) => {
  const principal = kind === 'user'
    ? { accountId, id: otherId, urn: `iam::${accountId}:user:alice`, userName: 'alice', type: 'User' as const, isRootUser: false, accessKeyId: 'HPUAALICE00000000000' }
    : { accountId, id: `${agencyId}:bench`, urn: `sts::${accountId}:assumed-agency:relay/bench`, type: 'AssumedAgency' as const, isRootUser: false, accessKeyId: 'HSTAAAAAAAAAAAAAAAAA' };
  const callerSession = { sessionId: principal.accessKeyId, chain: ['HPUAALICE00000000000'], expiresAt: 1_800_003_600 };
  return {
    ...of, principal, request: { session_name: 'bench' }, accountId: near ? accountId : otherId, resourceAccountId: near ? otherId : accountId, resource: `iam::${near ? otherId : accountId}:agency:ops/deployer`, decision: 'allowed',
    ...(chained && { callerSession }),
    issuedSession: { sessionId: 'HSTBBBBBBBBBBBBBBBBB', chain: chained ? [...callerSession.chain, callerSession.sessionId] : [principal.accessKeyId], expiresAt: 1_800_003_600, agencyId, rootPrincipal: principal.urn },
  };
});
const anyEvent = fc.oneof(event, usual);
const [sample] = fc.sample(event, { numRuns: 1, seed: 7 });
if (sample === undefined) throw new Error('no sample');

describe('an audit event\'s record', () => {
  it('gives back what was written, absent parts as absent', () => {
    fc.assert(fc.property(anyEvent, (value) => {
      expect(decodeEvent(encodeEvent(value))).toStrictEqual(normal(value));
    }), { numRuns: 500 });
  });

  it('is the same text for the same event: it can be hashed', () => {
    fc.assert(fc.property(anyEvent, (value) => {
      expect(encodeEvent(decodeEvent(encodeEvent(value)))).toBe(encodeEvent(value));
    }));
  });

  it('is the same beside others of the call, whatever one has different from the one before it', () => {
    const members = [
      'accountId', 'time', 'requestId', 'operation', 'principal', 'resourceAccountId', 'resource', 'sourceIp', 'status', 'errorCode', 'decision', 'request', 'callerSession', 'issuedSession',
    ] as const satisfies readonly (keyof AuditEvent)[];
    fc.assert(fc.property(anyEvent, anyEvent, fc.subarray([...members]), fc.option(session), (one, other, some, seen) => {
      // A session that is seen in part has nearly all in common with the whole one.
      const part = one.callerSession === undefined || seen === null ? {} : { callerSession: { ...one.callerSession, ...seen, sessionId: one.callerSession.sessionId } };
      const events = [one, ...members.map((member) => ({ ...one, [member]: other[member] })), { ...one, ...Object.fromEntries(some.map((member) => [member, other[member]])) }, { ...one, ...part }, { ...one }];
      const encode = eventEncoder();
      // Each after the first one, and after one that differs.
      for (const each of events) expect([encode(one), encode(each)]).toEqual([encodeEvent(one), encodeEvent(each)]);
    }));
  });

  it('of another layout, or cut, or with a field more or less, is refused', () => {
    const fields = JSON.parse(encodeEvent(sample)) as unknown[];
    const texts = ['', '[]', 'null', encodeEvent(sample).slice(0, -1), JSON.stringify([3, ...fields.slice(1)]), JSON.stringify([1, ...fields.slice(1)]), JSON.stringify(fields.slice(0, -1)), JSON.stringify([...fields, 1]), JSON.stringify(fields.with(2, 'now')), JSON.stringify(fields.with(5, []))];
    for (const bent of texts) expect(() => decodeEvent(bent), bent).toThrow();
  });
});

describe('of a stored event', () => {
  it('time, account and operation are found without reading the rest', () => {
    fc.assert(fc.property(anyEvent, (value) => {
      const record = encodeEvent(value);
      expect({ time: recordTime(record), ...recordSubject(record) }).toEqual({ time: value.time, accountId: value.accountId, operation: value.operation });
    }));
  });

  it('the account is told from every other one', () => {
    fc.assert(fc.property(anyEvent, text, (value, other) => {
      expect([recordsOf(value.accountId)(encodeEvent(value)), recordsOf(other)(encodeEvent(value))]).toEqual([true, other === value.accountId]);
    }));
  });
});

/** Written by the release before: `[1,` and everything in full. */
const older = `[1,"${'a'.repeat(32)}",1700000000123,"${'c'.repeat(32)}","AssumeAgency",["${'a'.repeat(32)}","iam::${'a'.repeat(32)}:user:alice","${'d'.repeat(32)}","User",false,"HPUAALICE00000000000","alice"],"${'b'.repeat(32)}","iam::${'b'.repeat(32)}:agency:ops/deployer","127.0.0.1",200,null,"allowed",{"session_name":"ci"},null,["HSTABAAAAAAAAAAAAAAA",["HPUAALICE00000000000"],null,[["team","core"]],1700003600,"${'e'.repeat(32)}","iam::${'a'.repeat(32)}:user:alice"]]`;

it('an event of the release before is still read', () => {
  const accountId = 'a'.repeat(32);
  expect(decodeEvent(older)).toEqual({
    accountId, time: 1_700_000_000_123, requestId: 'c'.repeat(32), operation: 'AssumeAgency', sourceIp: '127.0.0.1', status: 200, decision: 'allowed', request: { session_name: 'ci' },
    principal: { accountId, urn: `iam::${accountId}:user:alice`, id: 'd'.repeat(32), type: 'User', isRootUser: false, accessKeyId: 'HPUAALICE00000000000', userName: 'alice' },
    resourceAccountId: 'b'.repeat(32), resource: `iam::${'b'.repeat(32)}:agency:ops/deployer`,
    issuedSession: { sessionId: 'HSTABAAAAAAAAAAAAAAA', chain: ['HPUAALICE00000000000'], tags: [['team', 'core']], expiresAt: 1_700_003_600, agencyId: 'e'.repeat(32), rootPrincipal: `iam::${accountId}:user:alice` },
  });
  expect([recordTime(older), recordSubject(older), recordsOf(accountId)(older), recordsOf('b'.repeat(32))(older)]).toEqual([1_700_000_000_123, { accountId, operation: 'AssumeAgency' }, true, false]);
});

it('an event of a two-account hop has at most 300 characters: what follows from the rest is not repeated', () => {
  const { accountId, principal, ...rest } = decodeEvent(older);
  const { issuedSession: { tags: _tags, ...issued } = { sessionId: '', chain: [] } } = rest;
  const written = [accountId, 'b'.repeat(32)].map((of) => encodeEvent({ ...rest, accountId: of, principal, issuedSession: issued }).length);
  expect(Math.max(...written)).toBeLessThanOrEqual(300);
});

/** fast-check makes objects without a prototype; records have one. */
const normal = (value: AuditEvent): AuditEvent => structuredClone(value);
