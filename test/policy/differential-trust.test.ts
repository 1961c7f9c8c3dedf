// The engine against the naive evaluator, the trust side: 40,000 generated pairs of policies and request, no difference.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contextOf, decideTrust, type Decision } from '../../src/policy/index.js';
import { named } from './fixtures.js';
import { agencies, callers, contexts, requestActions, trustStatements } from './generators.js';
import { naiveDecide } from './naive.js';

/** With those of differential-caller.test.ts, 100,000. */
const pairs = 40_000;
const verdictOf = (decision: Decision): string => (decision.allowed ? 'allow' : `${decision.effect} ${decision.side}`);

test(`${pairs} pairs`, { timeout: 300_000 }, () => {
  const seen = new Set<string>();
  const property = fc.property(trustStatements, callers, requestActions, agencies, contexts, (statements, principal, action, agencyUrn, context) => {
    const expected = naiveDecide([{ side: 'trust', policies: [statements] }], () => true, { caller: principal, action, resource: agencyUrn, context });
    seen.add(expected);
    const decision = decideTrust({ principal, action, agencyUrn, trustPolicy: named('trust', 'trust', statements), context: contextOf(Object.entries(context)) });
    expect(verdictOf(decision)).toBe(expected);
  });
  // fast-check prints the seed and the smallest failing pair.
  fc.assert(property, { numRuns: pairs });
  expect([...seen].sort()).toEqual(['allow', 'explicit-deny trust', 'implicit-deny trust']);
});
