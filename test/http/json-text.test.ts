// The JSON of a body is read as JSON.parse reads it, or refused: never one of two readings.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepestJson, jsonOf } from '../../src/http/json-text.js';

const nested = (levels: number, [open, close]: readonly [string, string]): string => `${open.repeat(levels)}1${close.repeat(levels)}`;

describe('a body', () => {
  it('is what JSON.parse makes of it, whatever stands in its texts', () => {
    fc.assert(fc.property(fc.json({ maxDepth: 8 }), (text) => {
      expect(jsonOf(text)).toEqual(JSON.parse(text));
    }));
    for (const text of ['{"a:b":"c:\\"d\\":{"}', '{"\\\\":1,"\\"":2}', '[":",{":":":"}]', '{"__proto__":1,"constructor":{"prototype":2}}', '" "', ' 1 ', '{"a":"\\\\","b":"\\\\\\":"}', '["\\\\\\\\",{"x":""}]']) expect(jsonOf(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['at the top', '{"a":1,"a":2}', '`a`'], ['in an object of a list', '{"x":[{"Effect":"Deny","Effect":"Allow"}]}', '`Effect`'], ['written in two ways', '{"a":1,"\\u0061":1}', '`a`'],
    ['that reaches into prototypes', '{"__proto__":1,"__proto__":2}', 'twice'], ['deep down', `${'['.repeat(40)}{"a":1,"a":1}${']'.repeat(40)}`, 'twice'],
  ])('with a member twice %s is refused, and told which one', (_where, text, name) => {
    expect(() => jsonOf(text)).toThrow(/^the body has a member twice/);
    expect(() => jsonOf(text)).toThrow(name);
  });

  it.each([['lists', ['[', ']']], ['objects', ['{"a":', '}']]] as const)('of %s is refused when it is nested too deep, however deep', (_kind, brackets) => {
    expect(jsonOf(nested(deepestJson, brackets))).toBeDefined();
    for (const levels of [deepestJson + 1, 10_000]) expect(() => jsonOf(nested(levels, brackets))).toThrow(`the body is nested deeper than ${deepestJson} levels`);
  });

  it.each(['', '{', '{"a":1}}', '{"a"::1}', '{a:1}', '[1,]', '"\n"', '\ufeff{}', 'NaN', '"', '"\\"', '{"a":"\\\\\\"}'])('that is %j is refused', (text) => {
    expect(() => jsonOf(text)).toThrow('the body is not JSON');
  });
});
