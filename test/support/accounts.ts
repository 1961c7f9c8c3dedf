// Accounts for tests: three accounts that trust each other in a row, and a few callers of each kind.
import type { Credentials } from './service.js';

export const accountA = 'a'.repeat(32);
export const accountB = 'b'.repeat(32);
export const accountC = 'c'.repeat(32);
export const absentAccount = 'd'.repeat(32);

/** A permanent access key that a test file may add: the name makes id and secret. */
export const accessKey = (name: string): Credentials => ({ accessKeyId: `HPUA${name.padEnd(16, '0').toUpperCase()}`, secretAccessKey: `${name}-secret-`.padEnd(40, 'x') });
export const keys = {
  rootA: accessKey('roota'), alice: accessKey('alice'), bob: accessKey('bob'), carol: accessKey('carol'), disabled: accessKey('disabled'), inactive: accessKey('inactive'),
  rootB: accessKey('rootb'), bert: accessKey('bert'), service: accessKey('service'), operator: accessKey('operator'),
} as const;
export const bootstrapKey = (credentials: Credentials, status: 'active' | 'inactive' = 'active') => ({ access_key_id: credentials.accessKeyId, secret_access_key: credentials.secretAccessKey, status });

export const assumeActions = ['sts:agencies:assume', 'sts::tagSession', 'sts::setSourceIdentity'];
export const policy = (...statements: object[]) => ({ Version: '5.0', Statement: statements });
export const allow = (action: string | readonly string[], more: object = {}) => ({ Effect: 'Allow', Action: [action].flat(), ...more });
export const deny = (action: string | readonly string[], more: object = {}) => ({ Effect: 'Deny', Action: [action].flat(), ...more });
/** A trust policy that lets these principals do everything an assume call can ask for. */
export const trust = (principal: object, more: object = {}) => policy(allow(assumeActions, { Principal: principal, ...more }));

export const mfaSeed = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
export const mfaSerial = `iam::${accountA}:mfa:phone`;

export const agencies = {
  first: `iam::${accountA}:agency:first`,
  long: `iam::${accountA}:agency:long`,
  mfa: `iam::${accountA}:agency:mfa`,
  external: `iam::${accountA}:agency:external`,
  service: `iam::${accountA}:agency:for-service`,
  second: `iam::${accountB}:agency:ops/second`,
  untrusting: `iam::${accountB}:agency:untrusting`,
  plain: `iam::${accountB}:agency:plain`,
  third: `iam::${accountC}:agency:third`,
} as const;

const assumeAll = policy(allow(assumeActions), allow('sts::decodeAuthorizationMessage'));

/**
 * Account A: users alice (may assume everything), bob (may only assume, no tags), carol (nothing), a root.
 * first (A) trusts A → second (B) trusts the account A → third (C) trusts the agency second of B.
 */
export const accounts = whole({
  accounts: [
    {
      account_id: accountA, account_name: 'account-a',
      root_user: { user_name: 'root-a', access_keys: [bootstrapKey(keys.rootA)] },
      groups: [{ group_name: 'assumers', attached_policies: ['assume-all'] }],
      users: [
        {
          user_name: 'alice', tags: [{ tag_key: 'dept', tag_value: 'platform' }], groups: ['assumers'], access_keys: [bootstrapKey(keys.alice)],
          mfa_devices: [{ device_name: 'phone', base32_string_seed: mfaSeed, enabled: true }],
        },
        { user_name: 'bob', attached_policies: ['only-assume'], access_keys: [bootstrapKey(keys.bob)] },
        { user_name: 'carol', access_keys: [bootstrapKey(keys.carol)] },
        { user_name: 'disabled', enabled: false, attached_policies: ['assume-all'], access_keys: [bootstrapKey(keys.disabled)] },
        { user_name: 'inactive', attached_policies: ['assume-all'], access_keys: [bootstrapKey(keys.inactive, 'inactive')] },
      ],
      policies: [
        { policy_name: 'assume-all', policy_document: assumeAll },
        { policy_name: 'only-assume', policy_document: policy(allow('sts:agencies:assume')) },
        { policy_name: 'read-objects', policy_document: policy(allow('obs:object:GetObject')) },
      ],
      agencies: [
        { agency_name: 'first', max_session_duration: 43_200, trust_policy: trust({ IAM: [accountA] }), attached_policies: ['assume-all'], tags: [{ tag_key: 'stage', tag_value: 'test' }] },
        { agency_name: 'long', max_session_duration: 7200, trust_policy: trust({ IAM: [accountA] }), attached_policies: ['assume-all'] },
        { agency_name: 'mfa', trust_policy: trust({ IAM: [accountA] }, { Condition: { Bool: { 'g:MFAPresent': 'true' } } }), attached_policies: ['assume-all'] },
        { agency_name: 'external', trust_policy: trust({ IAM: [accountA, accountB] }, { Condition: { StringEquals: { 'sts:ExternalId': 'partner-42' } } }) },
        { agency_name: 'for-service', trust_policy: trust({ Service: ['service.OBS'] }, { Condition: { StringEquals: { 'g:SourceAccount': accountA } } }) },
      ],
    },
    {
      account_id: accountB, account_name: 'account-b',
      root_user: { user_name: 'root-b', access_keys: [bootstrapKey(keys.rootB)] },
      users: [{ user_name: 'bert', attached_policies: ['assume-all'], access_keys: [bootstrapKey(keys.bert)] }],
      policies: [{ policy_name: 'assume-all', policy_document: assumeAll }],
      agencies: [
        { agency_name: 'second', path: 'ops/', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['assume-all'], max_session_duration: 43_200 },
        { agency_name: 'untrusting', trust_policy: trust({ IAM: [absentAccount] }) },
        { agency_name: 'plain', trust_policy: policy(allow('sts:agencies:assume', { Principal: { IAM: [accountA] } })) },
      ],
    },
    {
      account_id: accountC, account_name: 'account-c',
      policies: [{ policy_name: 'assume-all', policy_document: assumeAll }],
      agencies: [{ agency_name: 'third', trust_policy: trust({ IAM: [`iam::${accountB}:agency:ops/second`] }), attached_policies: ['assume-all'] }],
    },
  ],
  services: [{ service_principal: 'service.OBS', access_keys: [bootstrapKey(keys.service)] }],
  operator: { access_keys: [bootstrapKey(keys.operator)] },
});

/** With every member that a new entity has by default: applied again, the file undoes what a test changed. */
function whole<File extends { readonly accounts: readonly object[] }>(file: File): File {
  const owner = (entity: object): object => ({ description: '', tags: [], ...entity });
  const defaults: Readonly<Record<string, (entity: object) => object>> = {
    users: (user) => ({ enabled: true, groups: [], attached_policies: [], ...owner(user) }),
    groups: (group) => ({ description: '', attached_policies: [], ...group }),
    policies: (each) => ({ path: '', description: '', ...each }),
    agencies: (agency) => ({ path: '', max_session_duration: 3600, attached_policies: [], ...owner(agency) }),
  };
  const accountOf = (account: object): object => Object.fromEntries(Object.entries(account).map(([name, value]: [string, unknown]) => {
    const entity = defaults[name];
    if (entity !== undefined && Array.isArray(value)) return [name, value.map(entity)];
    return [name, name === 'root_user' && typeof value === 'object' && value !== null ? owner(value) : value];
  }));
  return { ...file, accounts: file.accounts.map(accountOf) };
}

/** A copy of the accounts in which `change` may alter one. */
export function accountsWith(change: (file: typeof accounts) => void): typeof accounts {
  const copy = structuredClone(accounts);
  change(copy);
  return copy;
}

const partNames = ['users', 'groups', 'roles', 'policies', 'agencies', 'service_control_policies'] as const;
type AccountParts = Readonly<Partial<Record<(typeof partNames)[number], readonly object[]>>>;
const newAccount = (accountId: string) => ({ account_id: accountId, account_name: `account-${accountId.slice(0, 8)}`, users: [] });

/** The accounts with more in some of them, by account id; an id that is new is a new account, with a root user if one is given. */
export function accountsPlus(more: Readonly<Record<string, AccountParts>>, rootUsers: Readonly<Record<string, object>> = {}): object {
  const known = new Map<string, AccountParts>(accounts.accounts.map((account) => [account.account_id, account]));
  for (const [accountId, parts] of Object.entries(more)) {
    const old: AccountParts = known.get(accountId) ?? newAccount(accountId);
    const both = partNames.map((name) => [name, [...(old[name] ?? []), ...(parts[name] ?? [])]] as const);
    known.set(accountId, { ...old, ...Object.fromEntries(both.filter(([name]) => parts[name] !== undefined)), ...(rootUsers[accountId] !== undefined && { root_user: rootUsers[accountId] }) });
  }
  return { ...accounts, accounts: [...known.values()] };
}

/** A complete body of AssumeAgency, with more fields or other ones. */
export const ask = (agencyUrn: string, more: object = {}) => ({ agency_urn: agencyUrn, agency_session_name: 'session1', ...more });
