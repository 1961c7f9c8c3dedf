// Every case of the corpus, through the public door of the engine.
import { describe, expect, test } from 'vitest';
import {
  contextOf, decideCaller, decideTrust, formatPolicy, lint, parsePolicy, PolicyError,
  type CallerQuestion, type Decision, type PolicyKind,
} from '../../src/policy/index.js';
import { contextEntries, documentText, readCorpus, type CorpusContext, type CorpusFile, type Expected, type Outcome } from './corpus.js';
import { accountA, agencyUrn, assume, documentOf, named, user } from './fixtures.js';

type CaseOf<Kind extends CorpusFile['kind']> = Extract<CorpusFile, { kind: Kind }>['cases'][number];

interface Asked {
  readonly statement: Readonly<Record<string, unknown>>;
  readonly action: string;
  readonly resource: string | undefined;
  readonly context: CorpusContext | undefined;
}

function ask(asked: Asked, statements: readonly unknown[]): Decision {
  const question: CallerQuestion = {
    principal: user,
    action: asked.action,
    resource: asked.resource,
    identityPolicies: [named('policy', 'identity', statements)],
    serviceControlPolicies: undefined,
    context: contextOf(contextEntries(asked.context)),
  };
  return decideCaller(question);
}

/** The same statement once as an Allow, and once as a Deny beside an Allow of everything. */
function checkOutcome(asked: Asked, outcome: Outcome): { readonly asAllow: Decision; readonly asDeny: Decision } {
  const asAllow = ask(asked, [{ ...asked.statement, Effect: 'Allow' }]);
  const asDeny = ask(asked, [{ Effect: 'Allow', Action: ['*'] }, { ...asked.statement, Effect: 'Deny' }]);
  expect(asAllow.effect).toBe(outcome === true ? 'allow' : 'implicit-deny');
  expect(asAllow.statement).toEqual(outcome === true ? { policy: 'policy', index: 0 } : undefined);
  expect(asDeny.effect).toBe(outcome === false ? 'allow' : 'explicit-deny');
  expect(asDeny.statement).toEqual({ policy: 'policy', index: outcome === false ? 0 : 1 });
  return { asAllow, asDeny };
}

function checkCondition(given: CaseOf<'condition'>): void {
  const statement = { Action: ['*'], Condition: given.condition };
  const { asAllow } = checkOutcome({ statement, action: assume, resource: agencyUrn, context: given.context }, given.holds);
  expect(asAllow.failedConditions.length > 0).toBe(given.holds !== true);
  for (const failed of asAllow.failedConditions) expect(Object.keys(given.condition[failed.operator] ?? {})).toContain(failed.key);
}

function checkCover(given: CaseOf<'cover'>): void {
  const statement = 'NotAction' in given.statement ? given.statement : { Action: ['*'], ...given.statement };
  checkOutcome({ statement, action: given.action, resource: given.resource ?? undefined, context: given.context }, given.covers);
}

function checkTrustCover(given: CaseOf<'trust-cover'>): void {
  const decide = (statements: unknown) =>
    decideTrust({ principal: given.principal, action: assume, agencyUrn, trustPolicy: named('trust', 'trust', statements), context: contextOf([]) });
  const everybody = { IAM: ['*'], Service: ['service.OBS'], Identity_provider: [`iam::${accountA}:oidcProvider:github`, `iam::${accountA}:samlProvider:corp`] };
  expect(decide([{ ...given.statement, Effect: 'Allow', Action: [assume] }]).allowed).toBe(given.covers);
  const asDeny = decide([{ Principal: everybody, Effect: 'Allow', Action: [assume] }, { ...given.statement, Effect: 'Deny', Action: [assume] }]);
  expect(asDeny.effect).toBe(given.covers ? 'explicit-deny' : 'allow');
}

function checkDecision(decision: Decision, wanted: Expected): void {
  expect({ allowed: decision.allowed, side: decision.side, effect: decision.effect }).toEqual({ allowed: wanted.allowed, side: wanted.side, effect: wanted.effect });
  if (wanted.effect !== 'allow' || wanted.statement !== undefined) expect(decision.statement).toEqual(wanted.statement);
  if (wanted.failed !== undefined) expect(decision.failedConditions).toEqual(wanted.failed);
}

function checkCaller(given: CaseOf<'decision'>): void {
  const many = (name: string, kind: PolicyKind, all: readonly unknown[]) => all.map((statements, index) => named(`${name} ${index}`, kind, statements));
  const question: CallerQuestion = {
    principal: given.principal,
    action: given.action,
    resource: given.resource ?? undefined,
    identityPolicies: many('identity', 'identity', given.identity),
    serviceControlPolicies: given.scp === undefined ? undefined : many('scp', 'service-control', given.scp),
    context: contextOf(contextEntries(given.context)),
    ...(given.session === undefined ? {} : { sessionPolicy: named('session', 'session', given.session) }),
    ...(given.sessionIds === undefined ? {} : { sessionPolicyIds: many('session id', 'identity', given.sessionIds) }),
  };
  checkDecision(decideCaller(question), given.expect);
}

function checkTrust(given: CaseOf<'trust-decision'>): void {
  const trustPolicy = named('trust', 'trust', given.trust);
  const decision = decideTrust({ principal: given.principal, action: given.action, agencyUrn: given.agency, trustPolicy, context: contextOf(contextEntries(given.context)) });
  checkDecision(decision, given.expect);
}

function checkRefused(given: CaseOf<'refused'>): void {
  let error: unknown;
  try {
    parsePolicy(given.policy, documentText(given));
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(PolicyError);
  if (!(error instanceof PolicyError)) return;
  expect({ pointer: error.pointer, error: error.rule }).toEqual({ pointer: given.pointer, error: given.error });
  if (given.says !== undefined) expect(error.message).toContain(given.says);
  expect(error.message.length).toBeLessThan(600);
}

function checkAccepted(given: CaseOf<'accepted'>): void {
  const text = documentText(given);
  const policy = parsePolicy(given.policy, text);
  expect(policy.text).toBe(text);
  const canonical = formatPolicy(policy);
  if (given.canonical !== undefined) expect(canonical).toBe(given.canonical);
  expect(parsePolicy(given.policy, canonical).statements.map((statement) => statement.source)).toEqual(policy.statements.map((statement) => statement.source));
  expect(formatPolicy(parsePolicy(given.policy, canonical))).toBe(canonical);
}

function checkLint(given: CaseOf<'lint'>): void {
  const findings = lint(parsePolicy(given.policy, documentText(given)), {
    ...(given.own === undefined ? {} : { ownAccountId: given.own }),
    ...(given.known === undefined ? {} : { knownActions: new Set(given.known) }),
  });
  expect(findings.map(({ rule, pointer }) => ({ rule, pointer }))).toEqual(given.findings);
}

function checksOf(file: CorpusFile): (readonly [rule: string, check: () => void])[] {
  switch (file.kind) {
    case 'condition': return file.cases.map((given) => [given.rule, () => checkCondition(given)]);
    case 'cover': return file.cases.map((given) => [given.rule, () => checkCover(given)]);
    case 'trust-cover': return file.cases.map((given) => [given.rule, () => checkTrustCover(given)]);
    case 'decision': return file.cases.map((given) => [given.rule, () => checkCaller(given)]);
    case 'trust-decision': return file.cases.map((given) => [given.rule, () => checkTrust(given)]);
    case 'refused': return file.cases.map((given) => [given.rule, () => checkRefused(given)]);
    case 'accepted': return file.cases.map((given) => [given.rule, () => checkAccepted(given)]);
    case 'lint': return file.cases.map((given) => [given.rule, () => checkLint(given)]);
  }
}

const corpus = readCorpus();

for (const file of corpus) {
  describe(`${file.about} (${file.name})`, () => {
    for (const [rule, check] of checksOf(file)) test(rule, check);
  });
}

test('the corpus has at least 400 cases, each with a rule of its own', () => {
  const rules = corpus.flatMap((file) => file.cases.map((given) => `${file.name}: ${given.rule}`));
  expect(rules.length).toBeGreaterThanOrEqual(400);
  expect(new Set(rules).size).toBe(rules.length);
});

test('the canonical document of the fixtures is valid', () => {
  expect(() => parsePolicy('identity', documentOf([{ Effect: 'Allow', Action: ['*'] }]))).not.toThrow();
});
