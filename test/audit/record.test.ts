// The stored form of an audit event gives back every event exactly, and nothing that is not one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuditEvent, EventSession } from '../../src/audit/event.js';
import { decodeEvent, encodeEvent } from '../../src/audit/record.js';

const text = fc.string({ unit: 'binary', maxLength: 20 });
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
const [sample] = fc.sample(event, { numRuns: 1, seed: 7 });
if (sample === undefined) throw new Error('no sample');

describe('an audit event\'s record', () => {
  it('gives back what was written, absent parts as absent', () => {
    fc.assert(fc.property(event, (value) => {
      expect(decodeEvent(encodeEvent(value))).toStrictEqual(normal(value));
    }), { numRuns: 500 });
  });

  it('is the same text for the same event: it can be hashed', () => {
    fc.assert(fc.property(event, (value) => {
      expect(encodeEvent(decodeEvent(encodeEvent(value)))).toBe(encodeEvent(value));
    }));
  });

  it('of another layout, or cut, or with a field more or less, is refused', () => {
    const fields = JSON.parse(encodeEvent(sample)) as unknown[];
    const texts = ['', '[]', 'null', encodeEvent(sample).slice(0, -1), JSON.stringify([2, ...fields.slice(1)]), JSON.stringify(fields.slice(0, -1)), JSON.stringify([...fields, 1]), JSON.stringify(fields.with(2, 'now')), JSON.stringify(fields.with(5, []))];
    for (const bent of texts) expect(() => decodeEvent(bent), bent).toThrow();
  });
});

/** fast-check makes objects without a prototype; records have one. */
const normal = (value: AuditEvent): AuditEvent => structuredClone(value);
