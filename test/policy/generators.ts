// Small pools from which policies and requests are drawn, chosen so that matches, misses, absent keys and errors are all frequent.
import fc from 'fast-check';
import type { PrincipalIdentity } from '../../src/policy/index.js';
import { accountA, accountB } from './fixtures.js';
import type { NaiveContext, NaiveStatement } from './naive.js';

const pick = <Value>(...values: readonly Value[]) => fc.constantFrom(...values);
const list = <Value>(item: fc.Arbitrary<Value>, most = 2) => fc.array(item, { minLength: 1, maxLength: most });

const texts = pick(
  'bob', 'Bob', 'b*', '*ob', '?ob', 'b*b', '*', '', 'a', 'ab*', '${g:UserName}', '${ G:username }*', '${g:Absent}', "${g:Absent, 'bob'}", "${g:UserName,'x'}",
  '${g:TagKeys}', '${*}', 'b${*}', '${?}ob', '${$}', '${g:UserName', '${g:PrincipalTag/x}', '*${g:PrincipalTag/x}', 'x-${g:UserName}-${g:DomainId}', "${g:Absent, 'o''b'}",
);
const numbers = pick('0', '1', '-1', '1.5', '10', '010', '${x:Number}', '${g:UserName}', '${g:Absent}');
const dates = pick(
  '2024-01-01T12:00Z', '2024-01-01T12:00:00Z', '2024-01-01T12:00:00.001Z', '2024-01-01T20:00+08:00', '2024-02-29T00:00:00Z', '2023-12-31T23:59:59-05:00', '${x:Date}', '${g:UserName}',
);
const booleans = pick('true', 'false', '${x:Bool}', '${g:UserName}');
const ranges = pick('10.0.0.0/8', '10.1.2.3', '0.0.0.0/0', '10.128.0.0/9', '::/0', '2001:db8::/33', '2001:db8::1', '${x:Ip}', '${x:Ip}/16', '${g:UserName}');
const keys = pick('g:UserName', 'G:USERNAME', 'g:TagKeys', 'g:PrincipalTag/x', 'g:PrincipalTag/X', 'x:Number', 'x:Date', 'x:Bool', 'x:Ip', 'g:Absent', 'g:DomainId');

const affixed = (names: readonly string[]) =>
  fc.tuple(pick('', '', 'ForAllValues:', 'ForAnyValue:'), pick(...names), pick('', '', 'IfExists')).map((parts) => parts.join(''));
const clause = (operator: fc.Arbitrary<string>, values: fc.Arbitrary<string>) =>
  fc.tuple(operator, keys, fc.oneof(values, list(values, 3))).map(([name, key, wanted]) => [name, { [key]: wanted }] as const);

const stringNames = ['Equals', 'NotEquals', 'EqualsIgnoreCase', 'NotEqualsIgnoreCase', 'Match', 'NotMatch', 'StartWith', 'NotStartWith', 'EndWith', 'NotEndWith'];
const numberNames = ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'];
const dateNames = ['LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'];
const clauses = fc.oneof(
  { weight: 4, arbitrary: clause(affixed(stringNames.map((name) => `String${name}`)), texts) },
  { weight: 2, arbitrary: clause(affixed(numberNames.map((name) => `Number${name}`)), numbers) },
  { weight: 2, arbitrary: clause(affixed(dateNames.map((name) => `Date${name}`)), dates) },
  { weight: 1, arbitrary: clause(affixed(['Bool']), booleans) },
  { weight: 1, arbitrary: clause(affixed(['IpAddress', 'NotIpAddress']), ranges) },
  { weight: 1, arbitrary: clause(pick('Null'), pick('true', 'false')) },
);
const condition = fc.array(clauses, { maxLength: 2 }).map((given) => (given.length === 0 ? {} : { Condition: Object.fromEntries(given) }));

const actions = pick('*', 'sts:*', 'sts:agencies:assume', 'STS:Agencies:*', 'sts::tagSession', 'sts:*:tagSession', 'iam:*', 'iam:users:list?', '*:assume', 'sts:agencies:assum?');
const resources = pick(
  '*', '*:*:*:*:*', `iam::${accountA}:agency:ops/deploy`, `iam::${accountA}:agency:*`, 'iam:*:*:agency:ops/*', `iam::${accountB}:user:bob`, 'iam::*:user:${g:UserName}',
  'iam::${g:DomainId}:user:b?b', 'iam::*:agency:${g:UserName', 'iam::*:user:${g:TagKeys}', 'iam::*:user:${g:PrincipalTag/x}', "iam::*:user:${g:Absent, 'bob'}",
);
export const actionElement = fc.oneof({ weight: 4, arbitrary: list(actions).map((Action) => ({ Action })) }, { weight: 1, arbitrary: list(actions).map((NotAction) => ({ NotAction })) });
const plainAction = list(actions).map((Action) => ({ Action }));
const resourceElement = fc.oneof(
  fc.constant({}),
  list(resources).map((Resource) => ({ Resource })),
  list(resources).map((NotResource) => ({ NotResource })),
);
const iam = pick(
  '*', accountA, accountB, `iam::${accountA}:root`, `iam::${accountA}:user:bob`, `iam::${accountA}:agency:ops/deploy`, `sts::${accountA}:assumed-agency:deploy/ci`, `sts::${accountA}::assumed-agency:deploy/ci`,
);
const principalMap = fc.oneof(
  list(iam).map((IAM) => ({ IAM })),
  fc.constant({ Service: ['service.obs'] }),
  fc.constant({ Identity_provider: [`iam::${accountA}:oidcProvider:x`] }),
  list(iam).map((IAM) => ({ IAM, Service: ['service.OBS', 'service.APIG'] })),
  fc.constant({ Federated: [`iam::${accountA}:oidcProvider:x`], IAM: [accountB] }),
);
const principalElement = fc.oneof({ weight: 4, arbitrary: principalMap.map((Principal) => ({ Principal })) }, { weight: 1, arbitrary: principalMap.map((NotPrincipal) => ({ NotPrincipal })) });

const effect = pick('Allow', 'Allow', 'Deny').map((Effect) => ({ Effect }) as const);
type Statements = fc.Arbitrary<readonly NaiveStatement[]>;
const merged = (...parts: readonly fc.Arbitrary<object>[]): Statements =>
  // The parts are the elements of a statement, so that together they are one.
  fc.array(fc.tuple(...parts).map((given) => Object.assign({}, ...given) as NaiveStatement), { minLength: 1, maxLength: 2 });

export const identityStatements: Statements = merged(effect, actionElement, resourceElement, condition);
export const scpStatements: Statements = merged(effect, plainAction, resourceElement, condition);
export const trustStatements: Statements = merged(effect, principalElement, actionElement, resourceElement, condition);

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });
const contextRecord = fc.record({
  'g:UserName': optional(pick('bob', 'Bob', 'BOB', '', 'a', '*ob', '${g:DomainId}')),
  'g:tagkeys': optional(fc.array(pick('bob', 'a', 'ab', '10', 'true'), { maxLength: 3 })),
  'g:PrincipalTag/x': optional(pick('bob', '*', '?ob', '')),
  'x:Number': optional(pick<string | number>(0, 1, 10, -1, 1.5, '1', 'x', Number.NaN)),
  'x:Date': optional(pick<string | Date>(new Date('2024-01-01T12:00:00Z'), new Date('2024-01-01T12:00:00.001Z'), new Date('2024-02-29T00:00:00Z'), '2024-02-30T00:00Z', '2024-01-01T12:00Z', new Date(Number.NaN))),
  'X:Bool': optional(pick<string | boolean>(true, false, 'true', 'x')),
  'x:Ip': optional(pick('10.1.2.3', '10.200.0.1', '192.0.2.1', '2001:db8::1', '2001:db8:8000::1', 'x')),
  'g:DomainId': optional(pick(accountA, accountB)),
});
export const contexts: fc.Arbitrary<NaiveContext> = contextRecord.map((record) => {
  const present: Record<string, NaiveContext[string]> = {};
  for (const [name, value] of Object.entries(record)) if (value !== undefined) present[name] = value;
  return present;
});

export const requestActions = pick('sts:agencies:assume', 'STS:agencies:Assume', 'sts::tagSession', 'iam:users:list', 'iam:users:listV5');
export const requestResources = pick(undefined, `iam::${accountA}:agency:ops/deploy`, `iam::${accountA}:user:bob`, `iam:eu:${accountB}:user:bob`, 'iam::x:user:*', 'nonsense');
export const agencies = pick(`iam::${accountA}:agency:ops/deploy`, `iam::${accountB}:agency:x`, `iam::${accountA}:user:bob`);
export const callers = pick<PrincipalIdentity>(
  { kind: 'user', urn: `iam::${accountA}:user:bob`, accountId: accountA },
  { kind: 'user', urn: `iam::${accountB}:user:bob`, accountId: accountB },
  { kind: 'root', urn: `iam::${accountA}:user:owner`, accountId: accountA },
  { kind: 'agency-session', urn: `sts::${accountA}:assumed-agency:deploy/ci`, accountId: accountA, agencyUrn: `iam::${accountA}:agency:ops/deploy` },
  { kind: 'service', urn: 'service.OBS', accountId: '', servicePrincipal: 'service.OBS' },
  { kind: 'federated', urn: `iam::${accountA}:oidcProvider:x`, accountId: accountA },
  { kind: 'federated', urn: `sts::${accountA}:external-user:x/bob`, accountId: accountA },
);
