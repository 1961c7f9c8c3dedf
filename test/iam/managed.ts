// Accounts for the tests of users, groups, access keys and MFA devices: who may manage them, and who only some of them.
import { expect } from 'vitest';
import { accessKey, accountA, accountsPlus, allow, ask, bootstrapKey, deny, keys, policy, trust } from '../support/accounts.js';
import type { AccountChange } from '../../src/directory/store.js';
import { entityField, type Snapshot } from '../../src/directory/snapshot.js';
import type { Quotas } from '../../src/directory/quotas.js';
import { writeChanges, type Answer, type AnswerBody, type Credentials, type TestService } from '../support/service.js';

/** May do everything in its account, by policy. */
export const manager = accessKey('manager');
/** May do everything with what is called `own-…`, users, groups and MFA devices alike, and nothing else. */
export const partial = accessKey('partial');
/** May do everything but what concerns the root user. */
export const careful = accessKey('careful');

const managing = `iam::${accountA}:agency:managing`;
export const managedAccounts = accountsPlus({
  [accountA]: {
    users: [
      { user_name: 'manager', attached_policies: ['manage'], access_keys: [bootstrapKey(manager)] },
      { user_name: 'partial', attached_policies: ['manage-own'], access_keys: [bootstrapKey(partial)] },
      { user_name: 'careful', attached_policies: ['manage', 'spare-root'], access_keys: [bootstrapKey(careful)] },
    ],
    policies: [
      { policy_name: 'manage', policy_document: policy(allow(['iam:*:*', 'sts:*:*'])) },
      { policy_name: 'spare-root', policy_document: policy(deny('*', { Condition: { Bool: { 'iam:ResourceIsRootUser': 'true' } } })) },
      { policy_name: 'manage-own', policy_document: policy(allow('iam:*:*', { Resource: ['user', 'group', 'mfa'].map((type) => `iam:*:*:${type}:own-*`) })) },
    ],
    agencies: [{ agency_name: 'managing', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['manage'] }],
  },
});

/** A session that may do everything with users and the like; `narrowed`: under a session policy that allows it all, too. */
export const managingSession = (service: TestService, narrowed: boolean): Promise<Credentials> =>
  service.session(keys.alice, ask(managing, narrowed ? { policy: JSON.stringify(policy(allow('*'))) } : {}));

/** The value of a member of an answer. */
export function member(body: AnswerBody | Readonly<Record<string, unknown>>, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (typeof inner === 'object' && inner !== null ? Object.entries(inner).find(([key]) => key === name)?.[1] : undefined), body);
}

export const text = (answer: Answer, ...path: readonly string[]): string => {
  const value = member(answer.body, ...path);
  if (typeof value !== 'string') throw new Error(`${answer.status} ${JSON.stringify(answer.body)} has no text at ${path.join('.')}`);
  return value;
};

/** The items of a list in an answer. */
export function items(answer: Answer, name: string): readonly Readonly<Record<string, unknown>>[] {
  const value = answer.body[name];
  if (!Array.isArray(value)) throw new Error(`${answer.status} ${JSON.stringify(answer.body)} has no list \`${name}\``);
  return value as readonly Readonly<Record<string, unknown>>[];
}

/** Every item of a list, page by page; `between` runs after each page. */
export async function allPages(service: TestService, path: string, name: string, between: () => Promise<unknown> = () => Promise.resolve()): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const all: Readonly<Record<string, unknown>>[] = [];
  let marker: unknown;
  do {
    const answer = await service.call(manager, 'GET', `${path}${typeof marker === 'string' ? `&marker=${marker}` : ''}`);
    all.push(...items(answer, name));
    marker = member(answer.body, 'page_info', 'next_marker');
    await between();
  } while (marker !== undefined);
  return all;
}

export async function newUser(service: TestService, name: string, enabled = true): Promise<string> {
  return text(await service.call(manager, 'POST', '/v5/users', { name, enabled }), 'user', 'user_id');
}

export async function newAccessKey(service: TestService, userId: string): Promise<Credentials> {
  const created = await service.call(manager, 'POST', `/v5/users/${userId}/access-keys`);
  return { accessKeyId: text(created, 'access_key', 'access_key_id'), secretAccessKey: text(created, 'access_key', 'secret_access_key') };
}

export async function account(service: TestService): Promise<Snapshot> {
  const view = await service.composition.services.directory.read(accountA, () => []);
  if (view === undefined) throw new Error('the account is gone');
  return view.snapshot;
}

/** Writes fields of the account as no caller can. */
export async function change(service: TestService, put: (snapshot: Snapshot) => AccountChange['put']): Promise<void> {
  const snapshot = await account(service);
  const result = await writeChanges(service.composition, [{ accountId: accountA, expectedRevision: snapshot.revision, put: put(snapshot), remove: [] }]);
  if (result !== 'committed') throw new Error(result);
}

/** Room for all that a test file makes, but for the quotas that are given. */
export const setQuotas = (service: TestService, quotas: Partial<Quotas>): Promise<void> =>
  change(service, (snapshot) => [[entityField('account', accountA), { ...snapshot.account, quotas: { users: 500, groups: 500, ...quotas } }]]);

/** Attaches a policy of the account to a user or a group. */
export async function attach(service: TestService, kind: 'user' | 'group', id: string, policyName: string): Promise<void> {
  await change(service, (snapshot) => {
    const attachedPolicies = [{ policyId: snapshot.policies.named(policyName)?.policyId ?? '', attachedAt: 0 }];
    const entity = kind === 'user' ? snapshot.users.get(id) : snapshot.groups.get(id);
    if (entity === undefined) throw new Error(`there is no ${kind} ${id}`);
    return [[entityField(kind, id), { ...entity, attachedPolicies }]];
  });
}

/** What a refusal says, but for what differs from call to call. */
export const refusal = ({ status, body: { error_code: code, error_msg: message } }: Answer): readonly unknown[] => [status, code, message?.replaceAll(/HPUA\w+|[0-9a-f]{64}|\d{8}T\d{6}Z|[0-9a-f]{32}/g, '…')];

/** For members whose value a test does not know; vitest types these as any. */
export const someText: unknown = expect.any(String);
export const holding = (part: string): unknown => expect.stringContaining(part);
export const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);
export const narrowedRefusal = { status: 403, body: { error_code: 'PAP5.0001', error_msg: holding('a session that session policies narrow') } };

export const absentId = 'f'.repeat(32);
