// The trace record: the cloud trace service's fields by their names and types, and ours for chains and decisions.
import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../../src/audit/event.js';
import { toTrace } from '../../../src/audit/formats/cts.js';

const accountA = 'a'.repeat(32);
const bare: AuditEvent = {
  accountId: accountA, time: Date.UTC(2026, 0, 15, 8, 30, 0), requestId: 'f'.repeat(32), operation: 'GetCallerIdentity', sourceIp: '192.0.2.1', status: 200,
  principal: { accountId: accountA, urn: `iam::${accountA}:user:alice`, id: 'user-1', type: 'User', isRootUser: false, accessKeyId: 'HPUAALICE00000000000', userName: 'alice' },
};
const full: AuditEvent = {
  ...bare, operation: 'AssumeAgency', resource: 'iam::b:agency:ops/second', resourceAccountId: 'b'.repeat(32), decision: 'allowed',
  request: { session_name: 'two', tags: [{ key: 'team', value: 'blue' }] },
  principal: { accountId: accountA, urn: `sts::${accountA}:assumed-agency:first/one`, id: 'agency-1:one', type: 'AssumedAgency', isRootUser: false, accessKeyId: 'HSTONE' },
  callerSession: { sessionId: 'HSTONE', chain: ['HPUAALICE00000000000'], sourceIdentity: 'alice', tags: [['team', 'blue']], expiresAt: 1768469400 },
  issuedSession: { sessionId: 'HSTTWO', chain: ['HPUAALICE00000000000', 'HSTONE'], agencyId: 'agency-2', rootPrincipal: 'alice', expiresAt: 1768469400 },
};

describe('a trace', () => {
  it('of a plain call has the fields that every trace has, and none that is empty', () => {
    expect(toTrace('4-17', bare)).toStrictEqual({
      trace_id: '4-17', trace_name: 'GetCallerIdentity', trace_rating: 'normal', trace_type: 'ApiCall', service_type: 'STS', resource_type: 'session', source_ip: '192.0.2.1',
      time: 1768465800000, record_time: 1768465800000, code: '200', request_id: 'f'.repeat(32), account_id: accountA,
      user: {
        id: 'user-1', user_name: 'alice', account_id: accountA, access_key_id: 'HPUAALICE00000000000', principal_urn: `iam::${accountA}:user:alice`, principal_id: 'user-1', principal_is_root_user: 'false', type: 'User',
      },
    });
  });

  it('of a chained assume call tells the whole chain, before and after it', () => {
    expect(toTrace('4-18', full)).toStrictEqual({
      trace_id: '4-18', trace_name: 'AssumeAgency', trace_rating: 'normal', trace_type: 'ApiCall', service_type: 'STS', resource_type: 'agency',
      resource_id: 'iam::b:agency:ops/second', resource_account_id: 'b'.repeat(32), source_ip: '192.0.2.1', time: 1768465800000, record_time: 1768465800000, code: '200', request_id: 'f'.repeat(32), account_id: accountA,
      user: {
        id: 'agency-1:one', account_id: accountA, access_key_id: 'HSTONE', principal_urn: `sts::${accountA}:assumed-agency:first/one`, principal_id: 'agency-1:one', principal_is_root_user: 'false', type: 'AssumedAgency',
        session_context: { session_id: 'HSTONE', chain: ['HPUAALICE00000000000'], source_identity: 'alice', tags: [{ key: 'team', value: 'blue' }], expires_at: '2026-01-15T09:30:00.000Z' },
      },
      request: '{"session_name":"two","tags":[{"key":"team","value":"blue"}]}', decision: 'allowed',
      issued_session: { session_id: 'HSTTWO', chain: ['HPUAALICE00000000000', 'HSTONE'], agency_id: 'agency-2', root_principal: 'alice', expires_at: '2026-01-15T09:30:00.000Z' },
    });
  });

  it.each([
    ['AssumeAgency', 'agency'], ['GetCallerIdentity', 'session'], ['DecodeAuthorizationMessage', 'message'], ['SimulatePolicies', 'policy'], ['ApplyBootstrapFile', 'account'],
    ['RevokeSession', 'session'], ['ListAuditEvents', 'event'],
    ['GetAccountSummaryV5', 'account'], ['RotateKey', 'key'], ['RetireKey', 'key'], ['SealSecretsAnew', 'account'],
  ])('of %s is about: %s', (operation, type) => {
    expect(toTrace('0-1', { ...bare, operation })).toMatchObject({ resource_type: type });
  });

  it('of an operation of the directory is about what its URN names', () => {
    expect(toTrace('0-1', { ...bare, operation: 'ShowUserV5', resource: `iam::${accountA}:user:bob` })).toMatchObject({ service_type: 'IAM', resource_type: 'user' });
  });

  it.each([[200, 'normal'], [399, 'normal'], [400, 'warning'], [403, 'warning'], [429, 'warning']])('of status %d is rated %s', (status, rating) => {
    expect(toTrace('0-1', { ...bare, status, ...(status >= 400 && { errorCode: 'STS5.1001' }) })).toMatchObject({ trace_rating: rating, code: String(status), ...(status >= 400 && { error_code: 'STS5.1001' }) });
  });
});
