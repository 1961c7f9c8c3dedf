// A class that extends String does not make the methods of all strings slow.
import { expect, it } from 'vitest';
import { keepStringsPlain } from '../../src/service/plain-strings.js';
import { hasFastProperties } from '../support/v8.js';

it('methods of strings are found as quickly as without the class', () => {
  // As the Redis client has one.
  const Text = class extends String {};
  expect(Text.prototype).toBeInstanceOf(String);
  expect(hasFastProperties(String.prototype)).toBe(false);
  keepStringsPlain();
  expect(hasFastProperties(String.prototype)).toBe(true);
});
