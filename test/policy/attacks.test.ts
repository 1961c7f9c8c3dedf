// Attacks on decisions that need more than one question or many policies (attacks P4, P9, P10, P13, P14, P16); the corpus has the others.
import { describe, expect, test } from 'vitest';
import { contextOf, decideCaller, decideTrust, parsePolicy, PolicyError, type CallerQuestion, type PrincipalIdentity } from '../../src/policy/index.js';
import { accountA, accountB, agencyUrn, assume, named, user } from './fixtures.js';

const statementsOf = { allow: [{ Effect: 'Allow', Action: [assume] }], none: [{ Effect: 'Allow', Action: ['iam:*'] }], deny: [{ Effect: 'Allow', Action: ['*'] }, { Effect: 'Deny', Action: [assume] }] } as const;
const stances = ['allow', 'none', 'deny'] as const;

function mayAssume(principal: PrincipalIdentity, identity: (typeof stances)[number], trust: (typeof stances)[number], action = assume): boolean {
  const context = contextOf([]);
  const trustStatements = statementsOf[trust].map((statement) => ({ ...statement, Principal: { IAM: [principal.accountId] } }));
  const caller = decideCaller({ principal, action, resource: agencyUrn, identityPolicies: [named('identity', 'identity', statementsOf[identity])], serviceControlPolicies: undefined, context });
  return caller.allowed && decideTrust({ principal, action, agencyUrn, trustPolicy: named('trust', 'trust', trustStatements), context }).allowed;
}

describe('P13: both sides must allow, any Deny wins, in the same account [choice] and across accounts', () => {
  const principals = { same: user, cross: { kind: 'user', urn: `iam::${accountB}:user:eve`, accountId: accountB } } as const;
  const table = Object.entries(principals).flatMap(([name, principal]) => stances.flatMap((identity) => stances.map((trust) => ({ name, principal, identity, trust }))));
  test.each(table)('$name account, identity: $identity, trust: $trust', ({ principal, identity, trust }) => {
    expect(mayAssume(principal, identity, trust)).toBe(identity === 'allow' && trust === 'allow');
  });
  test.each(stances)('a root user needs the trust policy all the same: %s', (trust) => {
    expect(mayAssume({ ...user, kind: 'root' }, 'none', trust)).toBe(trust === 'allow');
  });
});

test('P14: tagging and source identity are allowed by neither side of an assume-only agreement', () => {
  for (const action of ['sts::tagSession', 'sts::setSourceIdentity']) expect(mayAssume(user, 'allow', 'allow', action)).toBe(false);
});

test('P16: a trust policy without statements does not exist', () => {
  expect(() => parsePolicy('trust', '{"Version":"5.0","Statement":[]}')).toThrow(PolicyError);
});

test('P4: 500 statements with 50 conditions each are decided in bounded time', () => {
  const condition = { StringEquals: Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`x:K${index}`, 'v'])) };
  const policies = Array.from({ length: 500 }, (_, index) => named(`p${index}`, 'identity', [{ Effect: 'Allow', Action: ['*'], Condition: condition }]));
  const entries = Array.from({ length: 50 }, (_, index) => [`x:K${index}`, index === 49 ? 'other' : 'v'] as const);
  const question: CallerQuestion = { principal: user, action: assume, resource: agencyUrn, identityPolicies: policies, serviceControlPolicies: undefined, context: contextOf(entries) };
  const start = performance.now();
  const decision = decideCaller(question);
  expect(decision.allowed).toBe(false);
  // What explains it is bounded too: the first hundred of five hundred.
  expect(decision.failedConditions).toHaveLength(100);
  // Generous: 25,000 conditions, evaluated three times, take a few milliseconds.
  expect(performance.now() - start).toBeLessThan(2000);
});

test('P9: the rule at write is the rule at match: what is equal but for ASCII case is equal, nothing else', () => {
  const policy = named('p', 'identity', [{ Effect: 'Deny', Action: ['kms:keys:list'] }, { Effect: 'Allow', Action: ['*'] }]);
  const ask = (action: string) => decideCaller({ principal: user, action, resource: undefined, identityPolicies: [policy], serviceControlPolicies: undefined, context: contextOf([]) }).effect;
  expect(ask('KMS:Keys:LIST')).toBe('explicit-deny');
  expect(ask('\u212ams:keys:list')).toBe('allow');
  expect(() => parsePolicy('identity', '{"Version":"5.0","Statement":[{"Effect":"Deny","Action":["\u212ams:keys:list"]}]}')).toThrow('is not an action');
});

test('P10: an account id is never matched by a part of it', () => {
  const trustPolicy = named('trust', 'trust', [{ Principal: { IAM: [accountA] }, Effect: 'Allow', Action: [assume] }]);
  for (const accountId of ['', accountA.slice(1), `${accountA}5`, `${accountA} `, accountA.toUpperCase() + '\0', accountB]) {
    const principal: PrincipalIdentity = { kind: 'user', urn: `iam::${accountId}:user:bob`, accountId };
    expect(decideTrust({ principal, action: assume, agencyUrn, trustPolicy, context: contextOf([]) }).allowed).toBe(false);
  }
});

test('a policy in the wrong slot decides nothing', () => {
  const trustPolicy = named('t', 'trust', [{ Principal: { IAM: ['*'] }, Effect: 'Allow', Action: ['*'] }]);
  const identity = named('i', 'identity', [{ Effect: 'Allow', Action: ['*'] }]);
  const context = contextOf([]);
  expect(() => decideCaller({ principal: user, action: assume, resource: agencyUrn, identityPolicies: [trustPolicy], serviceControlPolicies: undefined, context })).toThrow(TypeError);
  expect(() => decideTrust({ principal: user, action: assume, agencyUrn, trustPolicy: identity, context })).toThrow(TypeError);
});
