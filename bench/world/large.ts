// Worlds that are large in one way: agencies in an account, accounts, statements of a caller.
import type { BootstrapAccountText, BootstrapFileText } from '../../src/directory/bootstrap-file.js';
import { accessKey, accountOf, alice, callerCompany, deployerUrn, documentOf, mayAssume, policyOf, targetCompany, trusts, userOf, type Key } from './world.js';

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, number) => number);
const accountNumber = (number: number): string => number.toString(16).padStart(8, '0').padStart(32, 'c');

/** An account whose user assumes one of its agencies. */
export interface AgencyAccount {
  readonly key: Key;
  readonly agencyUrn: string;
  readonly account: BootstrapAccountText;
}

export function accountWithAgencies(name: string, accountId: string, count: number): AgencyAccount {
  const key = accessKey(name);
  return {
    key, agencyUrn: `iam::${accountId}:agency:n7`,
    account: accountOf(accountId, name, {
      quotas: { agencies: Math.max(count, 50) },
      users: [userOf(name, key, 'may-assume')],
      policies: [policyOf('may-assume', documentOf(mayAssume('iam:*:*:agency:*')))],
      agencies: numbers(count).map((number) => ({ agency_name: `n${number}`, trust_policy: trusts(accountId), attached_policies: ['may-assume'] })),
    }),
  };
}

/** Covers action and resource, and fails in its condition alone: all of it is evaluated. */
const failing = (number: number): object => ({ ...mayAssume('iam:*:*:agency:ops/*'), Condition: { StringMatch: { 'g:UserName': ['a?', `other-${number}*`] } } });
const statementsPerPolicy = 10;

export interface StatementCaller {
  readonly key: Key;
  readonly policies: NonNullable<BootstrapAccountText['policies']>;
  readonly user: ReturnType<typeof userOf>;
}

/** A user of the caller's account with that many statements, the last of which allows. */
export function callerWithStatements(name: string, count: number): StatementCaller {
  const key = accessKey(name);
  const statements = numbers(count).map((number) => (number + 1 < count ? failing(number) : mayAssume(deployerUrn)));
  const policies = numbers(Math.ceil(count / statementsPerPolicy)).map((page) =>
    policyOf(`${name}-${page}`, documentOf(...statements.slice(page * statementsPerPolicy, (page + 1) * statementsPerPolicy))));
  return { key, policies, user: userOf(name, key, ...policies.map(({ policy_name: policyName }) => policyName)) };
}

/** The two companies, with more users and policies at the caller's, and more accounts beside. */
export const worldWith = (callers: readonly StatementCaller[], accounts: readonly BootstrapAccountText[]): BootstrapFileText => {
  const { users = [], policies = [], ...company } = callerCompany();
  return { accounts: [{ ...company, users: [...users, ...callers.map(({ user }) => user)], policies: [...policies, ...callers.flatMap((caller) => caller.policies)] }, targetCompany(), ...accounts] };
};

export interface ManyAccounts {
  readonly keys: readonly Key[];
  readonly bootstrap: BootstrapFileText;
}

/** That many accounts with a caller each, all trusted by the target's agency; alice is the caller of the first. */
export function manyAccounts(count: number): ManyAccounts {
  const others = numbers(count - 1).map((number) => {
    const key = accessKey(`k${String(number).padStart(6, '0')}`);
    const account = accountOf(accountNumber(number), `company-${number}`, {
      users: [userOf('caller', key, 'may-assume')], policies: [policyOf('may-assume', documentOf(mayAssume(deployerUrn), mayAssume('iam:*:*:agency:relay')))],
    });
    return { key, account };
  });
  const { agencies: _agencies, ...target } = targetCompany();
  const trusting = { agency_name: 'deployer', path: 'ops/', trust_policy: trusts('*'), attached_policies: ['may-assume'] };
  return { keys: [alice, ...others.map(({ key }) => key)], bootstrap: { accounts: [callerCompany(), { ...target, agencies: [trusting] }, ...others.map(({ account }) => account)] } };
}
