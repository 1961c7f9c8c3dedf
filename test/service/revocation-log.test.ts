// What an audit event tells to have been revoked: marks and boundaries, and nothing from an event of anything else.
import { describe, expect, it } from 'vitest';
import { boundedEvent } from '../../src/audit/bounded-event.js';
import type { AuditEvent } from '../../src/audit/event.js';
import { decodeEvent, encodeEvent } from '../../src/audit/record.js';
import { revokeSessionsBody } from '../../src/oversight/revocation/revoke-sessions.js';
import { auditedInput } from '../../src/iam/audited-input.js';
import { endingsOfEvent, revocationTraces } from '../../src/service/revocation-log/endings.js';
import { strictest } from '../../src/service/journal/endings.js';
import type { Ending } from '../../src/sts/commit.js';
import { accountA } from '../support/accounts.js';

const time = Date.UTC(2026, 0, 15, 8, 30, 0, 250);
const second = Math.ceil(time / 1000);
const sessionId = `HST${'A'.repeat(17)}`;
const tokenId = `HTUT${'A'.repeat(16)}`;
const by = `iam::${accountA}:user:root-a`;

const event = (operation: string, more: Partial<AuditEvent>): AuditEvent => ({
  accountId: accountA, time, requestId: 'r', operation, sourceIp: '', status: 200,
  principal: { accountId: accountA, urn: by, id: 'u', type: 'User', isRootUser: true, accessKeyId: 'k' },
  ...more,
});
/** As the audit keeps it. */
const stored = (of: AuditEvent): string => encodeEvent(boundedEvent(of));
const ending = (of: AuditEvent, skew = 0): Ending | undefined => {
  const [first, ...others] = endingsOfEvent(decodeEvent(stored(of)), skew);
  expect(others).toEqual([]);
  return first;
};
const isTraced = (of: AuditEvent): boolean => revocationTraces.some((trace) => stored(of).includes(trace));

describe('an event of a session', () => {
  const mark = (reason: string): Ending => ({ kind: 'mark', sessionId, note: { revokedAt: Math.floor(time / 1000), revokedBy: by, reason } });
  const resource = `sts::${accountA}:session:${sessionId}`;
  it.each<[string, AuditEvent, Ending | undefined]>([
    ['RevokeSession', event('RevokeSession', { resource, request: { session_id: sessionId, reason: 'stolen' } }), mark('stolen')],
    ['RevokeSession that tells the place in its status list', event('RevokeSession', { resource, request: { status_list: '7-0', status_index: 9 } }), { ...mark(''), status: { list: '7-0', index: 9 } } as Ending],
    ['RevokeSession without a reason', event('RevokeSession', { resource, request: { session_id: sessionId } }), mark('')],
    ['RevokeToken', event('RevokeToken', { resource, request: { token: true } }), mark('')],
    ['RevokeToken of no living session', event('RevokeToken', { request: { token: true } }), undefined],
    ['KeystoneRevokeToken of an agency\'s token', event('KeystoneRevokeToken', { resource, request: { session_id: sessionId, status_list: '7-0', status_index: 9 } }), { ...mark(''), status: { list: '7-0', index: 9 } } as Ending],
    ['KeystoneRevokeToken of a user\'s token', event('KeystoneRevokeToken', { resource: by, request: { token_id: tokenId, status_list: '7-0', status_index: 9 } }), { ...mark(''), sessionId: tokenId, status: { list: '7-0', index: 9 } } as Ending],
    ['a refusal', event('RevokeSession', { resource, status: 403, errorCode: 'PAP5.0001' }), undefined],
    ['another operation', event('GetSession', { resource }), undefined],
    ['another resource', event('RevokeSession', { resource: `iam::${accountA}:user:${sessionId}` }), undefined],
  ])('%s', (_name, of, expected) => {
    expect(ending(of)).toEqual(expected);
    if (expected !== undefined) expect(isTraced(of)).toBe(true);
  });
});

describe('an event that tells of what was removed', () => {
  const removing = (...removed: readonly string[]): AuditEvent => event('DeleteAgencyV5', { request: { removed } });
  it.each<[string, AuditEvent, readonly Ending[]]>([
    ['an agency', removing('agency:g-1'), [{ kind: 'boundary', accountId: accountA, subject: 'agency:g-1', issuedBefore: second + 30 }]],
    ['an account with its agencies', removing('account:b', 'user:u', 'agency:g'), [
      { kind: 'boundary', accountId: 'b', subject: 'account', issuedBefore: second + 30 }, { kind: 'boundary', accountId: accountA, subject: 'agency:g', issuedBefore: second + 30 },
    ]],
    ['nothing that ends sessions', removing('user:u', 'key:k'), []],
    ['something of a call that was refused', { ...removing('agency:g-1'), status: 409 }, []],
  ])('%s', (_name, of, expected) => {
    expect(endingsOfEvent(decodeEvent(stored(of)), 0)).toEqual(expected);
    if (expected.length > 0) expect(isTraced(of)).toBe(true);
  });
});

describe('an event of RevokeSessions gives a boundary', () => {
  const sourceIdentity = 'x'.repeat(64);
  const longest = { reason: '\u{1F511}'.repeat(128) };
  const request = (body: object): AuditEvent => event('RevokeSessions', { request: auditedInput({ path: {}, query: {}, body: revokeSessionsBody.parse(body) }) });
  it.each<[string, object, string]>([
    ['an access key', { access_key_id: 'HPUA00000000ALICE' }, 'key:HPUA00000000ALICE'], ['a user', { user_id: 'u-1' }, 'user:u-1'], ['an agency', { agency_id: 'g-1' }, 'agency:g-1'],
    ['a source identity of the greatest length, beside the longest reason', { source_identity: sourceIdentity, ...longest }, `source:${sourceIdentity}`], ['the account', { whole_account: true }, 'account'],
  ])('of %s', (_name, body, subject) => {
    expect(ending(request(body))).toEqual({ kind: 'boundary', accountId: accountA, subject, issuedBefore: second + 30 });
    expect(ending(request(body), 3)).toMatchObject({ issuedBefore: second + 33 });
  });

  it.each<[string, number, number]>([
    ['a moment that is past, widened by the skew', second - 3600.5, second - 3600 + 2], ['a moment that is hardly past: what was issued so far', second - 1, second + 1], ['a moment that widens beyond the call', second - 0.25, second + 2],
  ])('up to %s', (_name, moment, issuedBefore) => {
    expect(ending(request({ whole_account: true, issued_before: new Date(moment * 1000).toISOString() }), 2)).toMatchObject({ issuedBefore });
  });
});

it('of several endings of a subject the strictest is written again', () => {
  const boundary = (issuedBefore: number) => ({ ending: { kind: 'boundary', accountId: accountA, subject: 'account', issuedBefore } as const });
  const epoch = { ending: { kind: 'epoch', accountId: accountA, subject: 'account', epoch: 3 } as const };
  expect(strictest([boundary(5), boundary(9), epoch, boundary(7)])).toEqual([boundary(9), epoch]);
});
