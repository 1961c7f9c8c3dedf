// The engine against the naive evaluator, the caller's side: 60,000 generated pairs of policies and request, no difference.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contextOf, decideCaller, type CallerQuestion, type Decision } from '../../src/policy/index.js';
import { named } from './fixtures.js';
import { callers, contexts, identityStatements, requestActions, requestResources, scpStatements } from './generators.js';
import { naiveDecide, type NaiveSet } from './naive.js';

/** With those of differential-trust.test.ts, 100,000. */
const pairs = 60_000;
const verdictOf = (decision: Decision): string => (decision.allowed ? 'allow' : `${decision.effect} ${decision.side}`);
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });

test(`${pairs} pairs`, { timeout: 300_000 }, () => {
  const seen = new Set<string>();
  const sides = fc.tuple(
    fc.array(identityStatements, { maxLength: 2 }),
    maybe(identityStatements),
    maybe(fc.array(identityStatements, { maxLength: 2 })),
    maybe(fc.array(scpStatements, { maxLength: 2 })),
  );
  const property = fc.property(sides, callers, requestActions, requestResources, contexts, ([identity, session, ids, scp], principal, action, resource, context) => {
    const sets: NaiveSet[] = [
      ...(scp === undefined ? [] : [{ side: 'service-control', policies: scp }]),
      { side: 'identity', policies: identity },
      ...(session === undefined ? [] : [{ side: 'session', policies: [session] }]),
      ...(ids === undefined ? [] : [{ side: 'session', policies: ids }]),
    ];
    const expected = principal.kind === 'service' ? 'allow' : naiveDecide(sets, (set) => set.side !== 'identity' || principal.kind !== 'root', { caller: principal, action, resource, context });
    const question: CallerQuestion = {
      principal, action, resource, context: contextOf(Object.entries(context)),
      identityPolicies: identity.map((statements, index) => named(`identity ${index}`, 'identity', statements)),
      serviceControlPolicies: scp?.map((statements, index) => named(`scp ${index}`, 'service-control', statements)),
      ...(session === undefined ? {} : { sessionPolicy: named('session', 'session', session) }),
      ...(ids === undefined ? {} : { sessionPolicyIds: ids.map((statements, index) => named(`id ${index}`, 'identity', statements)) }),
    };
    seen.add(expected);
    expect(verdictOf(decideCaller(question))).toBe(expected);
  });
  // fast-check prints the seed and the smallest failing pair.
  fc.assert(property, { numRuns: pairs });
  expect([...seen].sort()).toEqual(['allow', 'explicit-deny identity', 'explicit-deny service-control', 'explicit-deny session', 'implicit-deny identity', 'implicit-deny service-control', 'implicit-deny session']);
});
