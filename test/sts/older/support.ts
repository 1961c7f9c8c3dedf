// Accounts and calls for the tests of the older ways in: account B delegates, account A switches.
import supertest from 'supertest';
import { hashPassword } from '../../../src/keyring/password.js';
import type { User } from '../../../src/directory/entities.js';
import { accessKey, accountA, accountB, accountC, accountsPlus, allow, bootstrapKey, policy, trust } from '../../support/accounts.js';
import { put, putLegacyAgencies } from '../../support/legacy.js';
import { startOfTest, startService, type Answer, type AnswerBody, type Credentials, type TestService } from '../../support/service.js';

export const operatorKey = accessKey('agentop');
export const password = 'Correct-Horse-1';

/** User `otto` of A is an Agent Operator by his group, `paul` has a password, `mira` a password and a device. */
export async function olderService(environment: Readonly<Record<string, string>> = {}): Promise<TestService> {
  const service = await startService(accountsPlus({
    [accountA]: {
      groups: [{ group_name: 'operators' }],
      policies: [{ policy_name: 'objects', policy_document: policy(allow('obs:*:*')) }],
      users: [
        { user_name: 'otto', groups: ['operators'], access_keys: [bootstrapKey(operatorKey)] },
        { user_name: 'paul', attached_policies: ['assume-all', 'objects'] }, { user_name: 'poor' }, { user_name: 'off', enabled: false },
        { user_name: 'mira', mfa_devices: [{ device_name: 'miras', base32_string_seed: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', enabled: true }] },
      ],
    },
    [accountB]: {
      policies: [{ policy_name: 'look', policy_document: policy(allow(['iam:agencies:listV5', 'iam:agencies:getV5', 'sts:agencies:assume', 'obs:*:*'])) }],
      agencies: [{ agency_name: 'next', trust_policy: trust({ IAM: [accountB] }) }],
    },
  }), { STS_RATE_ADDRESS_PER_MINUTE: '1000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '1000000', ...environment });
  const { directory, catalogue } = service.composition.services;
  const a = (await directory.read(accountA, () => []))?.snapshot;
  const b = (await directory.read(accountB, () => []))?.snapshot;
  const group = a?.groups.named('operators');
  const operatorRole = [...catalogue.systemRoles.values()].find(({ name }) => name === 'te_agency');
  const guest = [...catalogue.systemRoles.values()].find(({ name }) => name === 'readonly');
  if (a === undefined || b === undefined || group === undefined || operatorRole === undefined || guest === undefined) throw new Error('the accounts lack something');
  const withPassword = (name: string): readonly [`user:${string}`, User] => {
    const user = a.users.named(name);
    if (user === undefined) throw new Error(`no user ${name}`);
    return [`user:${user.userId}`, { ...user, passwordHash: hashPassword(password) }];
  };
  await put(service, accountA, [
    [`group:${group.groupId}`, { ...group, roleGrants: [{ roleId: operatorRole.roleId, scope: { kind: 'domain' } }] }], withPassword('paul'), withPassword('mira'), withPassword('off'),
  ]);
  const look = b.policies.named('look')?.policyId ?? '';
  const toA = { trustDomainId: accountA, trustDomainName: 'account-a' };
  await putLegacyAgencies(service, accountB, [
    { agencyName: 'to-a', ...toA, attachedPolicies: [{ policyId: look, attachedAt: 0 }], roleGrants: [{ roleId: guest.roleId, scope: { kind: 'domain' } }, { roleId: operatorRole.roleId, scope: { kind: 'all-projects' } }] },
    { agencyName: 'to-c', trustDomainId: accountC, trustDomainName: 'account-c' },
    { agencyName: 'to-obs', trustDomainName: 'op_svc_obs' },
    { agencyName: 'expired', ...toA, validityDays: 1, expiresAt: startOfTest },
  ]);
  return service;
}

/** A call with a token in place of a signature, or with nothing at all. */
export async function withToken(service: TestService, token: string | undefined, method: 'get' | 'head' | 'post' | 'delete', path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const request = supertest(service.server)[method](path).set({ ...headers, ...(token !== undefined && { 'X-Auth-Token': token }) });
  const response = await (body === undefined ? request : request.send(body));
  // supertest types what it parsed as any.
  return { status: response.status, headers: response.headers, body: response.body as AnswerBody };
}

export const tokensPath = '/v3/auth/tokens';
export const keysPath = '/v3.0/OS-CREDENTIAL/securitytokens';

export const assumeRole = (agency_name: string, more: object = {}, identity: object = {}) => ({ methods: ['assume_role'], assume_role: { domain_name: 'account-b', agency_name, ...more }, ...identity });
export const agencyTokenBody = (agencyName = 'to-a', scope?: object, more: object = {}) => ({ auth: { identity: assumeRole(agencyName, more), ...(scope !== undefined && { scope }) } });
export const loginBody = (name = 'paul', more: { readonly password?: string; readonly scope?: object; readonly passcode?: string; readonly domain?: object } = {}) => ({
  auth: {
    identity: {
      methods: more.passcode === undefined ? ['password'] : ['password', 'totp'],
      password: { user: { name, password: more.password ?? password, domain: more.domain ?? { name: 'account-a' } } },
      ...(more.passcode !== undefined && { totp: { user: { id: 'x', passcode: more.passcode } } }),
    },
    ...(more.scope !== undefined && { scope: more.scope }),
  },
});
export const keysBody = (agencyName = 'to-a', more: object = {}, identity: object = {}) => ({ auth: { identity: assumeRole(agencyName, more, identity) } });
export const tokenKeysBody = (token: object = {}, identity: object = {}) => ({ auth: { identity: { methods: ['token'], token, ...identity } } });

export const subjectTokenOf = (answer: Answer): string => {
  const token = answer.headers['x-subject-token'];
  if (answer.status !== 201 || token === undefined) throw new Error(`no token: ${answer.status} ${JSON.stringify(answer.body)}`);
  return token;
};

export async function agencyToken(service: TestService, credentials: Credentials = operatorKey, scope?: object): Promise<string> {
  return subjectTokenOf(await service.call(credentials, 'POST', tokensPath, agencyTokenBody('to-a', scope)));
}
export async function userToken(service: TestService, scope?: object): Promise<string> {
  return subjectTokenOf(await withToken(service, undefined, 'post', tokensPath, loginBody('paul', { ...(scope !== undefined && { scope }) })));
}

export function keysOf({ status, body }: Answer): Credentials & { readonly expiresAt: string } {
  const credential = body['credential'] as { access: string; secret: string; securitytoken: string; expires_at: string } | undefined; // As the schema of the answer has it.
  if (status !== 201 || credential === undefined) throw new Error(`no keys: ${status} ${JSON.stringify(body)}`);
  return { accessKeyId: credential.access, secretAccessKey: credential.secret, securityToken: credential.securitytoken, expiresAt: credential.expires_at };
}
