// The accounts of the benchmarks: two companies that trust each other, as a bootstrap file that the service and the floor both read.
import type { BootstrapAccountText, BootstrapFileText } from '../../src/directory/bootstrap-file.js';

export interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface SessionKey extends Key {
  readonly securityToken: string;
}

export const callerAccount = 'a'.repeat(32);
export const targetAccount = 'b'.repeat(32);

export const accessKey = (name: string): Key => ({ accessKeyId: `HPUA${name.toUpperCase().padEnd(16, '0')}`, secretAccessKey: `${name}-secret-`.padEnd(40, 'x') });

export const alice = accessKey('alice');

/** `relay` of the caller's account, `deployer` of the target's: each may assume the other, so that a chain can be as long as it may. */
export const relayUrn = `iam::${callerAccount}:agency:relay`;
export const deployerUrn = `iam::${targetAccount}:agency:ops/deployer`;

const assumeActions = ['sts:agencies:assume', 'sts::tagSession', 'sts::setSourceIdentity'];
export const mayAssume = (...resources: readonly string[]) => ({ Effect: 'Allow', Action: assumeActions, Resource: resources });
export const documentOf = (...statements: readonly object[]) => ({ Version: '5.0', Statement: statements });
export const trusts = (...accountIds: readonly string[]) => documentOf({ Effect: 'Allow', Action: assumeActions, Principal: { IAM: accountIds } });

/** One statement that decides, one that concerns another action: the ordinary size of a policy. */
const identityDocument = documentOf(
  { ...mayAssume(relayUrn, 'iam:*:*:agency:ops/*'), Condition: { StringEquals: { 'g:PrincipalAccount': [callerAccount, targetAccount] } } },
  { Effect: 'Allow', Action: ['sts::decodeAuthorizationMessage'] },
);

export const accountOf = (accountId: string, accountName: string, more: Partial<BootstrapAccountText> = {}): BootstrapAccountText =>
  ({ account_id: accountId, account_name: accountName, root_user: { user_name: `${accountName}-root` }, ...more });

export const userOf = (name: string, key: Key, ...policies: readonly string[]) =>
  ({ user_name: name, attached_policies: [...policies], access_keys: [{ access_key_id: key.accessKeyId, secret_access_key: key.secretAccessKey }] });

export const policyOf = (name: string, document: object) => ({ policy_name: name, policy_document: { ...document } });

export const callerCompany = (more: Partial<BootstrapAccountText> = {}): BootstrapAccountText => accountOf(callerAccount, 'acme', {
  users: [userOf('alice', alice, 'may-assume')],
  policies: [policyOf('may-assume', identityDocument)],
  agencies: [{ agency_name: 'relay', trust_policy: trusts(callerAccount, targetAccount), attached_policies: ['may-assume'] }],
  ...more,
});

export const targetCompany = (more: Partial<BootstrapAccountText> = {}): BootstrapAccountText => accountOf(targetAccount, 'globex', {
  policies: [policyOf('may-assume', identityDocument)],
  agencies: [{ agency_name: 'deployer', path: 'ops/', trust_policy: trusts(callerAccount), attached_policies: ['may-assume'] }],
  ...more,
});

export const world: BootstrapFileText = { accounts: [callerCompany(), targetCompany()] };
