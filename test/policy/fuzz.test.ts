// The parser against hostile texts: a policy or a PolicyError, nothing else, in bounded time.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatPolicy, lint, parsePolicy, PolicyError, type PolicyKind } from '../../src/policy/index.js';
import { accountA, documentOf } from './fixtures.js';
import { identityStatements, trustStatements } from './generators.js';

const kinds: readonly PolicyKind[] = ['identity', 'trust', 'session', 'service-control'];

/** Whether the text was accepted. Anything thrown but a PolicyError fails the test. */
function feed(kind: PolicyKind, text: string): boolean {
  try {
    const policy = parsePolicy(kind, text);
    formatPolicy(policy);
    lint(policy, { ownAccountId: accountA });
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(PolicyError);
    if (error instanceof PolicyError) {
      expect(error.pointer === '' || error.pointer.startsWith('/')).toBe(true);
      expect(error.message.length).toBeLessThan(1000);
      // A message is one line, whatever the document holds.
      expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
    return false;
  }
}

test('any text', () => {
  fc.assert(fc.property(fc.constantFrom(...kinds), fc.string({ unit: 'binary', maxLength: 200 }), (kind, text) => void feed(kind, text)), { numRuns: 5000 });
});

test('any JSON', () => {
  fc.assert(fc.property(fc.constantFrom(...kinds), fc.json({ maxDepth: 8 }), (kind, text) => void feed(kind, text)), { numRuns: 3000 });
});

test('any JSON in the places of a statement', () => {
  const element = fc.constantFrom('Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition', 'Principal', '__proto__', 'toString');
  const property = fc.property(fc.constantFrom(...kinds), element, fc.json({ maxDepth: 4 }), (kind, name, value) => {
    feed(kind, `{"Version":"5.0","Statement":[{"Effect":"Allow","Action":["*"],"${name}":${value}}]}`);
    feed(kind, `{"Version":"5.0","Statement":[{"Action":["*"],"Effect":"Deny","Condition":{"StringMatch":{"g:UserName":${value}}}}]}`);
    feed(kind, `{"Version":"5.0","Statement":[{"Action":["*"],"Effect":"Deny","Principal":{"IAM":${value}}}]}`);
  });
  fc.assert(property, { numRuns: 3000 });
});

test('any text as a value: action, resource, principal, operator, key, condition value', () => {
  const property = fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
    feed('identity', documentOf([{ Effect: 'Allow', Action: [text] }]));
    feed('identity', documentOf([{ Effect: 'Allow', Action: ['*'], Resource: [text, `iam::\${${text}}:user:x`] }]));
    feed('trust', documentOf([{ Effect: 'Allow', Action: ['*'], Principal: { IAM: [text] } }]));
    feed('trust', documentOf([{ Effect: 'Allow', Action: ['*'], Principal: { Service: [`service.${text}`] } }]));
    feed('identity', documentOf([{ Effect: 'Allow', Action: ['*'], Condition: { [`a${text}`]: { 'g:UserName': 'x' } } }]));
    feed('identity', documentOf([{ Effect: 'Allow', Action: ['*'], Condition: { StringEquals: { [`g:RequestTag/${text}`]: text } } }]));
    feed('identity', documentOf([{ Effect: 'Allow', Action: ['*'], Condition: { DateLessThan: { 'g:CurrentTime': text } } }]));
    feed('identity', documentOf([{ Effect: 'Allow', Action: ['*'], Condition: { IpAddress: { 'g:SourceIp': text } } }]));
  });
  fc.assert(property, { numRuns: 2000 });
});

test('valid documents with a few characters changed', () => {
  const change = fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom('', '"', '{', '}', '[', ']', ',', ':', '\\', '\0', '\n', '/*', '*', '$', '{$', '\ud800', 'x'));
  let accepted = 0;
  const property = fc.property(fc.oneof(identityStatements, trustStatements), fc.array(change, { minLength: 1, maxLength: 3 }), (statements, changes) => {
    let text = documentOf(statements);
    for (const [at, removed, inserted] of changes) {
      const place = at % text.length;
      text = text.slice(0, place) + inserted + text.slice(place + removed);
    }
    for (const kind of kinds) if (feed(kind, text)) accepted++;
  });
  fc.assert(property, { numRuns: 3000 });
  expect(accepted).toBeGreaterThan(0);
});

test('documents made to be expensive are refused or read quickly (P4)', () => {
  const statement = '{"Effect":"Allow","Action":["*"]}';
  const hostile = [
    '['.repeat(1_000_000),
    '{"a":'.repeat(200_000),
    `"${'\\u0041'.repeat(200_000)}"`,
    documentOf([{ Effect: 'Allow', Action: ['*'], Principal: { IAM: Array.from({ length: 100_000 }, () => accountA) } }]),
    `{"Version":"5.0","Statement":[${Array.from({ length: 500 }, () => statement).join(',')}]}`,
    documentOf([{ Effect: 'Allow', Action: ['*'], Condition: { StringEquals: Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x:K${index}`, 'v'])) } }]),
    documentOf([{ Effect: 'Allow', Action: ['*'], Resource: [`a:b:c:d:${'*a'.repeat(2900)}`] }]),
    documentOf([{ Effect: 'Allow', Action: ['*'], Condition: { StringEquals: { 'x:K': "${a,'".repeat(1000) } } }]),
    documentOf([{ Effect: 'Allow', Action: ['*'], Condition: { StringEquals: { 'x:K': '${a'.repeat(1900) } } }]),
    documentOf([{ Effect: 'Allow', Action: ['*'], Condition: { StringEquals: { 'x:K': `\${a, '${"''".repeat(2800)}` } } }]),
    documentOf([{ Effect: 'Allow', Action: [`${'a'.repeat(5900)}!`] }]),
    documentOf([{ Effect: 'Allow', Action: ['*'], Principal: { IAM: [`iam::${accountA}:agency:${'a/'.repeat(2900)}`] } }]),
    documentOf([{ Effect: 'Allow', Action: ['*'], Condition: { ['IfExists'.repeat(700)]: { 'x:K': 'v' } } }]),
    documentOf([{ Effect: 'Allow', Action: ['*'], Condition: { IpAddress: { 'x:K': `${':'.repeat(2900)}/${'9'.repeat(2900)}` } } }]),
  ];
  const start = performance.now();
  for (const text of hostile) for (const kind of kinds) feed(kind, text);
  // Generous: all of them together take a few dozen milliseconds.
  expect(performance.now() - start).toBeLessThan(5000);
});
