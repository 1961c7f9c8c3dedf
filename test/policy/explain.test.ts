// Decisions explain themselves: the line for error messages, the context that was used, the names in it.
import { expect, test } from 'vitest';
import { contextOf, decideCaller, decideTrust, describe, type CallerQuestion } from '../../src/policy/index.js';
import { agencyUrn, assume, named, user } from './fixtures.js';

const secret = 'a-secret-value-of-the-policy';
const base: CallerQuestion = { principal: user, action: assume, resource: agencyUrn, identityPolicies: [], serviceControlPolicies: undefined, context: contextOf([]) };
const allow = named('allow', 'identity', [{ Effect: 'Allow', Action: ['*'] }]);
const deny = named(secret, 'identity', [{ Sid: secret, Effect: 'Deny', Action: ['*'] }]);
const hidden = (kind: 'identity' | 'session' | 'service-control') => named(secret, kind, [{ Sid: secret, Effect: 'Allow', Action: ['*'], Condition: { StringEquals: { 'g:UserName': secret } } }]);

test.each<readonly [string, CallerQuestion]>([
  ['an identity-based policy allows the sts:agencies:assume action', { ...base, identityPolicies: [allow] }],
  ['no identity-based policy allows the sts:agencies:assume action', { ...base, identityPolicies: [hidden('identity')] }],
  ['an explicit deny in an identity-based policy', { ...base, identityPolicies: [allow, deny] }],
  ['no session policy allows the sts:agencies:assume action', { ...base, identityPolicies: [allow], sessionPolicy: hidden('session') }],
  ['an explicit deny in a session policy', { ...base, identityPolicies: [allow], sessionPolicyIds: [allow, deny] }],
  ['no service control policy allows the sts:agencies:assume action', { ...base, identityPolicies: [allow], serviceControlPolicies: [hidden('service-control')] }],
  ['an explicit deny in a service control policy', { ...base, identityPolicies: [allow], serviceControlPolicies: [named(secret, 'service-control', [{ Effect: 'Deny', Action: ['*'] }])] }],
])('%s', (line, question) => {
  expect(describe(decideCaller(question))).toBe(line);
});

test.each([
  ['the trust policy allows the sts:agencies:assume action', [{ Principal: { IAM: ['*'] }, Effect: 'Allow', Action: ['*'] }]],
  ['the trust policy does not allow the sts:agencies:assume action', [{ Principal: { IAM: ['*'] }, Effect: 'Allow', Action: ['iam:*'] }]],
  ['an explicit deny in the trust policy', [{ Principal: { IAM: ['*'] }, Effect: 'Deny', Action: ['*'] }]],
])('%s', (line, statements) => {
  const decision = decideTrust({ principal: user, action: assume, agencyUrn, trustPolicy: named('trust', 'trust', statements), context: contextOf([]) });
  expect(describe(decision)).toBe(line);
});

test('the line never shows a name, a Sid or a value of a policy', () => {
  for (const policies of [[deny], [hidden('identity')]]) expect(describe(decideCaller({ ...base, identityPolicies: policies }))).not.toContain(secret);
});

const watched = named('p', 'identity', [
  { Effect: 'Allow', Action: ['iam:*'], Condition: { StringEquals: { 'g:Unread': 'x' } } },
  { Effect: 'Allow', Action: ['*'], Resource: ['iam::*:agency:${g:PrincipalTag/team}/*'], Condition: { DateLessThan: { 'g:currenttime': '2024-01-01T00:00Z' }, Null: { 'g:TagKeys': 'false' }, 'ForAnyValue:StringEquals': { 'g:tagkeys': ['x'] } } },
]);
const context = contextOf([
  ['g:CurrentTime', new Date('2023-12-31T23:00:00Z')], ['g:TagKeys', ['x', 'y']], ['g:PrincipalTag/team', 'ops'], ['g:Unread', 'x'], ['g:SourceIp', '192.0.2.1'],
]);

test('an explained allow lists the values it looked at, by the names of the request, and no others', () => {
  const decision = decideCaller({ ...base, identityPolicies: [watched], context }, 'always');
  expect(decision.allowed).toBe(true);
  expect(decision.usedContext).toEqual({ 'g:CurrentTime': '2023-12-31T23:00:00.000Z', 'g:TagKeys': ['x', 'y'], 'g:PrincipalTag/team': 'ops' });
});

test('an allow that is not asked to explain lists nothing, a denial always does', () => {
  expect(decideCaller({ ...base, identityPolicies: [watched], context }).usedContext).toEqual({});
  const denial = decideCaller({ ...base, action: 'iam:users:list', resource: undefined, identityPolicies: [named('p', 'identity', [{ Effect: 'Allow', Action: ['iam:*'], Condition: { StringEquals: { 'g:Unread': 'other' } } }])], context });
  expect(denial.usedContext).toEqual({ 'g:Unread': 'x' });
  expect(denial.failedConditions).toEqual([{ policy: 'p', statement: 0, operator: 'StringEquals', key: 'g:Unread', expected: ['other'], actual: 'x' }]);
});

test('context names from a request cannot reach into prototypes (P2)', () => {
  const hostile = contextOf([['__proto__', 'x'], ['constructor', 'x'], ['g:RequestTag/__proto__', 'admin'], ['g:UserName', 'bob']]);
  const policy = named('p', 'identity', [{ Effect: 'Allow', Action: ['*'], Condition: { StringEquals: { 'g:RequestTag/__proto__': 'admin', 'g:RequestTag/constructor': 'x' } } }]);
  const decision = decideCaller({ ...base, identityPolicies: [policy], context: hostile });
  expect(decision.allowed).toBe(false);
  expect(Object.getOwnPropertyNames(decision.usedContext)).toEqual(['g:RequestTag/__proto__']);
  expect(Object.getPrototypeOf(decision.usedContext)).toBe(Object.prototype);
  expect(contextOf([]).entry('tostring')).toBeUndefined();
});

test('of two entries that differ in case only the later one counts, and undefined removes', () => {
  const policy = named('p', 'identity', [{ Effect: 'Allow', Action: ['*'], Condition: { StringEquals: { 'g:PrincipalTag/Team': 'session' } } }]);
  const ask = (entries: readonly (readonly [string, string | undefined])[]) => decideCaller({ ...base, identityPolicies: [policy], context: contextOf(entries) }).allowed;
  expect(ask([['g:PrincipalTag/Team', 'agency'], ['g:PrincipalTag/team', 'session']])).toBe(true);
  expect(ask([['g:PrincipalTag/team', 'session'], ['g:PrincipalTag/TEAM', undefined]])).toBe(false);
});

test('a list that is changed afterwards does not change the context', () => {
  const keys = ['a'];
  const policy = named('p', 'identity', [{ Effect: 'Allow', Action: ['*'], Condition: { 'ForAllValues:StringEquals': { 'g:TagKeys': ['a'] } } }]);
  const question = { ...base, identityPolicies: [policy], context: contextOf([['g:TagKeys', keys]]) };
  keys.push('b');
  expect(decideCaller(question).allowed).toBe(true);
});
