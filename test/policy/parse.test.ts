// Messages of refused documents: the place, the rule and the known name, with user input quoted safely; a pointer escapes as RFC 6901 says.
import { expect, test } from 'vitest';
import { parsePolicy, PolicyError } from '../../src/policy/index.js';
import { documentOf } from './fixtures.js';

function refusal(statements: unknown): PolicyError {
  try {
    parsePolicy('identity', documentOf(statements));
  } catch (error) {
    if (error instanceof PolicyError) return error;
  }
  throw new Error('the document was not refused');
}

const withCondition = (condition: unknown) => [{ Effect: 'Allow', Action: ['*'], Condition: condition }];

test('a message is a sentence with place and known name', () => {
  expect(refusal(withCondition({ StringLike: { 'g:UserName': 'x' } })).message).toBe(
    'the condition operator `StringLike` does not exist: did you mean `StringMatch`? (at `/Statement/0/Condition/StringLike`)',
  );
  expect(refusal([{ Effect: 'allow', Action: ['*'] }]).message).toBe('`allow` must be `Allow` or `Deny`: did you mean `Allow`? (at `/Statement/0/Effect`)');
});

test('a pointer escapes slashes and tildes', () => {
  expect(refusal(withCondition({ Bool: { 'g:RequestTag/a~b': 'x' } })).pointer).toBe('/Statement/0/Condition/Bool/g:RequestTag~1a~0b');
});

test('user input is cut, and its control, bidirectional and quoting characters are escaped', () => {
  const { message } = refusal([{ Effect: 'Allow', Action: [`\n\u001b[31m\u202e\`${'x'.repeat(500)}`] }]);
  expect(message).toContain('`\\u000a\\u001b[31m\\u202e\\u0060xxx');
  expect(message).not.toMatch(/[\n\u001b\u202e]/);
  expect(message.length).toBeLessThan(400);
});

test('the compiled policy keeps the text as it was given', () => {
  const text = ' {"Statement":[{"Action":["*"],"Effect":"Allow"}],\n"Version":"5.0"} ';
  expect(parsePolicy('identity', text).text).toBe(text);
});
