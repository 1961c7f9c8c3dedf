// What must hold for every policy: Deny only takes away, session policies only narrow, order and Sids mean nothing, formatting loses nothing.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contextOf, decideCaller, decideTrust, formatPolicy, lint, parsePolicy, type CallerQuestion, type Decision, type NamedPolicy } from '../../src/policy/index.js';
import { documentOf, named } from './fixtures.js';
import { agencies, callers, contexts, identityStatements, requestActions, requestResources, scpStatements, trustStatements } from './generators.js';
import type { NaiveContext, NaiveStatement } from './naive.js';

const runs = { numRuns: 3000 };
const asked = fc.record({ principal: callers, action: requestActions, resource: requestResources, given: contexts });
type Asked = { readonly principal: CallerQuestion['principal']; readonly action: string; readonly resource: string | undefined; readonly given: NaiveContext };
type Statements = readonly NaiveStatement[];
interface Sides { readonly identity: Statements; readonly session?: Statements; readonly ids?: Statements; readonly scp?: Statements }

function caller({ principal, action, resource, given }: Asked, { identity, session, ids, scp }: Sides): Decision {
  const one = (statements: Statements): readonly NamedPolicy[] => [named('p', 'identity', statements)];
  return decideCaller({
    principal, action, resource, context: contextOf(Object.entries(given)), identityPolicies: one(identity),
    serviceControlPolicies: scp === undefined ? undefined : [named('scp', 'service-control', scp)],
    ...(session === undefined ? {} : { sessionPolicy: named('session', 'session', session) }),
    ...(ids === undefined ? {} : { sessionPolicyIds: one(ids) }),
  });
}

function trust({ principal, action, given }: Asked, agencyUrn: string, statements: Statements): Decision {
  return decideTrust({ principal, action, agencyUrn, trustPolicy: named('trust', 'trust', statements), context: contextOf(Object.entries(given)) });
}

const denied = (statements: Statements): Statements => statements.map((statement) => ({ ...statement, Effect: 'Deny' }));
const verdict = ({ allowed, effect, side }: Decision) => ({ allowed, effect, side });
const neverMore = (after: Decision, before: Decision): void => expect(after.allowed && !before.allowed).toBe(false);

test('adding a Deny on any side never allows more', () => {
  fc.assert(fc.property(asked, identityStatements, identityStatements, scpStatements, (question, identity, added, scp) => {
    const before = caller(question, { identity, scp, session: identity });
    neverMore(caller(question, { identity: [...identity, ...denied(added)], scp, session: identity }), before);
    neverMore(caller(question, { identity, scp, session: [...denied(added), ...identity] }), before);
    neverMore(caller(question, { identity, scp: [...scp, ...denied(scp)], session: identity }), before);
  }), runs);
});

test('adding a Deny to a trust policy never allows more', () => {
  fc.assert(fc.property(asked, agencies, trustStatements, trustStatements, (question, agency, statements, added) => {
    neverMore(trust(question, agency, [...statements, ...denied(added)]), trust(question, agency, statements));
  }), runs);
});

test('an unconditional Deny denies every caller with a side of its own', () => {
  fc.assert(fc.property(asked, identityStatements, (question, identity) => {
    const decision = caller(question, { identity: [...identity, { Effect: 'Deny', Action: ['*'] }] });
    expect(decision.allowed).toBe(question.principal.kind === 'service');
  }), runs);
});

test('a session policy never allows more than the agency, nor than itself (invariant 3)', () => {
  fc.assert(fc.property(asked, identityStatements, identityStatements, identityStatements, (question, identity, session, ids) => {
    fc.pre(question.principal.kind === 'agency-session');
    const without = caller(question, { identity });
    const inline = caller(question, { identity, session });
    neverMore(inline, without);
    neverMore(inline, caller(question, { identity: session }));
    const both = caller(question, { identity, session, ids });
    neverMore(both, inline);
    neverMore(both, caller(question, { identity, ids }));
  }), runs);
});

test('narrowing a session policy never allows more: dropping an Allow, or adding a condition to it', () => {
  const condition = { Condition: { StringEquals: { 'g:UserName': 'bob' } } };
  fc.assert(fc.property(asked, identityStatements, identityStatements, (question, identity, session) => {
    const before = caller(question, { identity, session });
    const remaining = session.filter((statement, index) => index > 0 || statement.Effect === 'Deny');
    if (remaining.length > 0) neverMore(caller(question, { identity, session: remaining }), before);
    const narrowed = session.map((statement) => (statement.Effect === 'Deny' || statement.Condition !== undefined ? statement : { ...statement, ...condition }));
    neverMore(caller(question, { identity, session: narrowed }), before);
  }), runs);
});

test('renaming Sids and reordering statements and elements changes nothing', () => {
  const rearranged = (statements: Statements): Statements =>
    statements.map((statement, index) => ({ ...Object.fromEntries(Object.entries(statement).reverse()), Effect: statement.Effect, Sid: `s${index}` })).reverse();
  fc.assert(fc.property(asked, agencies, identityStatements, trustStatements, (question, agency, identity, statements) => {
    expect(verdict(caller(question, { identity: rearranged(identity), session: rearranged(identity) }))).toEqual(verdict(caller(question, { identity, session: identity })));
    expect(verdict(trust(question, agency, rearranged(statements)))).toEqual(verdict(trust(question, agency, statements)));
  }), runs);
});

test('parse(format(p)) = p, and the linter takes every policy', () => {
  fc.assert(fc.property(identityStatements, scpStatements, trustStatements, (identity, scp, trusted) => {
    for (const [kind, statements] of [['identity', identity], ['session', identity], ['service-control', scp], ['trust', trusted]] as const) {
      const policy = parsePolicy(kind, documentOf(statements));
      const again = parsePolicy(kind, formatPolicy(policy));
      expect(again.statements.map((statement) => statement.source)).toEqual(policy.statements.map((statement) => statement.source));
      expect(formatPolicy(again)).toBe(formatPolicy(policy));
      expect(Array.isArray(lint(policy, { ownAccountId: '0'.repeat(32), knownActions: new Set(['sts:agencies:assume']) }))).toBe(true);
    }
  }), runs);
});

test('an explaining evaluation decides as a plain one, and a compiled policy decides the same twice', () => {
  fc.assert(fc.property(asked, identityStatements, (question, identity) => {
    const whole: CallerQuestion = {
      principal: question.principal, action: question.action, resource: question.resource, serviceControlPolicies: undefined,
      identityPolicies: [named('p', 'identity', identity)], context: contextOf(Object.entries(question.given)),
    };
    const first = decideCaller(whole);
    expect(decideCaller(whole)).toEqual(first);
    const explained = decideCaller(whole, 'always');
    expect({ ...explained, usedContext: {} }).toEqual({ ...first, usedContext: {} });
  }), runs);
});
