// Audit events of every shape that the service writes, by what is special about each.
import type { AuditEvent, EventSession } from '../../../src/audit/event.js';
import { auditedInput } from '../../../src/iam/audited-input.js';
import { operatorUserId, systemAccountId } from '../../../src/directory/entities.js';
import { machineEvent } from '../../../src/service/machine-event.js';

export const accountA = 'a'.repeat(32);
export const accountB = 'b'.repeat(32);
/** Values that stand in requests and must stand in no event. */
export const secrets = ['123456', '654321', 'MARKER-CANARY', 'POLICY-CANARY', 'TRUST-CANARY', 'TOKEN-CANARY'];

const alice: AuditEvent = {
  accountId: accountA, time: Date.UTC(2026, 0, 15, 8, 30, 0), requestId: 'f'.repeat(32), operation: 'GetCallerIdentity', sourceIp: '192.0.2.1', status: 200,
  principal: { accountId: accountA, urn: `iam::${accountA}:user:alice`, id: 'user-1', type: 'User', isRootUser: false, accessKeyId: 'HPUAALICE00000000000', userName: 'alice' },
};
const callerSession: EventSession = { sessionId: 'HSTONE', chain: ['HPUAALICE00000000000'], sourceIdentity: 'alice', tags: [['team', 'blue'], ['empty', '']], expiresAt: 1_768_469_400 };
const chained: AuditEvent = {
  ...alice, callerSession,
  principal: { accountId: accountA, urn: `sts::${accountA}:assumed-agency:first/one`, id: 'agency-1:one', type: 'AssumedAgency', isRootUser: false, accessKeyId: 'HSTONE' },
};
const assume: AuditEvent = {
  ...alice, operation: 'AssumeAgency', resource: `iam::${accountA}:agency:ops/second`, decision: 'allowed', request: { session_name: 'two', duration_seconds: 900, session_policy: true },
  issuedSession: { sessionId: 'HSTTWO', chain: ['HPUAALICE00000000000'], expiresAt: 1_768_469_400 },
};
const across: AuditEvent = { ...assume, resource: `iam::${accountB}:agency:ops/second`, resourceAccountId: accountB };
const refusal = { status: 403, errorCode: 'STS5.1001' };
const refused = ({ issuedSession: _issued, ...rest }: AuditEvent, decision: string): AuditEvent => ({ ...rest, ...refusal, decision });
const operator: AuditEvent = {
  ...alice, accountId: systemAccountId, operation: 'CreateAccount', status: 201, decision: 'allowed', resourceAccountId: accountB,
  principal: { accountId: systemAccountId, urn: `iam::${systemAccountId}:user:operator`, id: operatorUserId, type: 'User', isRootUser: false, accessKeyId: 'HPUAOPERATOR00000000', userName: 'operator' },
  request: { account_name: 'company-b', written: ['account:b', 'key:HPUAB'] },
};
const secretInput = {
  path: { user_id: 'user-2' }, query: { marker: 'MARKER-CANARY' },
  body: { authentication_code_first: '123456', authentication_code_second: '654321', policy_document: 'POLICY-CANARY', trust_policy: 'TRUST-CANARY', description: 'plain' },
};
const machine = { clock: { now: () => alice.time }, random: { bytes: (length: number) => Buffer.alloc(length, 7) } };

export const events: Readonly<Record<string, AuditEvent>> = {
  'a plain read by a user': alice,
  'a root user': { ...alice, principal: { ...alice.principal, isRootUser: true, urn: `iam::${accountA}:user:root`, userName: 'root' } },
  'an address of version 6': { ...alice, sourceIp: '2001:db8::1' },
  'an address with a zone': { ...alice, sourceIp: 'fe80::1%eth0' },
  'an address that somebody made up': { ...alice, sourceIp: 'unknown, 192.0.2.1:80' },
  'an issued session': assume,
  'a chained session with tags, from start to end': {
    ...assume, principal: chained.principal, callerSession, request: { session_name: 'two', tags: [{ key: 'stage', value: 'prod' }], transitive_tag_keys: ['stage'], source_identity: 'alice' },
    issuedSession: { ...callerSession, sessionId: 'HSTTWO', chain: [...callerSession.chain, 'HSTONE'], agencyId: 'agency-2', rootPrincipal: `iam::${accountA}:user:alice`, tags: [['team', 'blue'], ['stage', 'prod']] },
  },
  'an issued session of another account, for the caller': across,
  'an issued session of another account, for that account': { ...across, accountId: accountB },
  'a refusal by the caller\'s own side': refused(assume, 'sts:agencies:assume: no identity policy allows it'),
  'a refusal by another account, for the caller': refused(across, 'refused by the agency\'s account'),
  'a refusal by another account, for that account': { ...refused(across, 'sts:agencies:assume: the trust policy does not allow it'), accountId: accountB },
  'a refusal before a decision': { ...alice, operation: 'AssumeAgency', status: 400, errorCode: 'STS5.1002', resource: 'no URN', decision: '`agency_urn` must name an agency', request: { session_name: 'two' } },
  'a refusal before anything was read': { ...alice, operation: 'AssumeAgency', ...refusal, decision: 'asymmetric signatures are switched off' },
  'an error without a code or a reason': { ...alice, status: 409 },
  'a request over a limit': { ...alice, status: 429, errorCode: 'APIGW.0308' },
  'a service': { ...assume, principal: { accountId: systemAccountId, urn: 'service.backup', id: 'service.backup', type: 'Service', isRootUser: false, accessKeyId: 'HPUASERVICE000000000' } },
  'a session that reads': { ...chained, operation: 'ShowUserV5', resource: `iam::${accountA}:user:bob`, decision: 'allowed', request: { user_id: 'user-2' } },
  'a session without tags or an end': { ...chained, callerSession: { sessionId: 'HSTONE', chain: ['HPUAALICE00000000000'] } },
  'a change of the directory': { ...alice, operation: 'DeleteUserV5', status: 204, resource: `iam::${accountA}:user:bob`, decision: 'allowed', request: { user_id: 'user-2', removed: ['user:user-2'] } },
  'a resource of no account': { ...alice, operation: 'GetPolicyV5', resource: 'iam::system:policy:ReadOnly', decision: 'allowed' },
  'a request with secrets': { ...alice, operation: 'EnableMfaDeviceV5', decision: 'allowed', request: auditedInput(secretInput) },
  'the operator, for the operator': operator,
  'the operator, for the account': { ...operator, accountId: accountB },
  'the operator, on no account': { ...operator, operation: 'ListAccounts', status: 200, resourceAccountId: systemAccountId, request: {} },
  'a bootstrap file on the machine': { ...machineEvent('ApplyBootstrapFile', accountA, machine), request: { written: ['user:user-1'] } },
  'an export on the machine': { ...machineEvent('ExportAccount', accountA, machine), resourceAccountId: accountA },
  'a revoked session': { ...alice, operation: 'RevokeSession', resource: `sts::${accountA}:session:HSTONE`, decision: 'allowed', request: { session_id: 'HSTONE', reason: 'leaked' } },
  'the revoked sessions of an access key': { ...alice, operation: 'RevokeSessions', decision: 'allowed', request: { access_key_id: 'HPUABOB', reason: 'leaked' } },
  'the revoked sessions of an agency': { ...alice, operation: 'RevokeSessions', decision: 'allowed', request: { agency_id: 'agency-1', reason: '' } },
  'the revoked sessions of an account': { ...alice, operation: 'RevokeSessions', decision: 'allowed', request: { whole_account: true, issued_before: 1_768_465_000, reason: 'all' } },
  'a revoked token': { ...alice, operation: 'RevokeToken', request: auditedInput({ path: undefined, query: undefined, body: { token: 'TOKEN-CANARY' } }) },
  'a refused revocation': { ...alice, ...refusal, operation: 'RevokeSession', decision: 'sts:sessions:revoke: no identity policy allows it', request: { session_id: 'HSTONE' } },
  'an operation that no table knows': { ...alice, operation: 'FrobnicateThings', decision: 'allowed' },
};

/** Every text that stands in a value, and every number. */
export function leaves(value: unknown): readonly (string | number | boolean)[] {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [];
}
