// Inline session policies are compiled once, however many calls and sessions carry them, and never kept without bound.
import { expect, it } from 'vitest';
import { inlinePolicy, refuseMalformedPolicy } from '../../src/sts/session-policy.js';
import { PolicyError } from '../../src/policy/index.js';
import { allow, policy } from '../support/accounts.js';

const text = (name: string) => JSON.stringify(policy(allow('*', { Sid: name })));

it('gives the compiled policy of one text again, and another one for another text', () => {
  expect(inlinePolicy(text('a'))).toBe(inlinePolicy(text('a')));
  expect(inlinePolicy(text('b')).policy.text).toBe(text('b'));
  // The same meaning in another text is another document.
  expect(inlinePolicy(`${text('a')} `)).not.toBe(inlinePolicy(text('a')));
});

it('forgets the policies that were not asked for in the longest time', () => {
  const first = inlinePolicy(text('first'));
  for (let index = 0; index < 1000; index += 1) inlinePolicy(text(`other-${index}`));
  const again = inlinePolicy(text('first'));
  expect(again).not.toBe(first);
  expect(again.policy.text).toBe(first.policy.text);
});

it('is one of the older system where temporary keys carry it, and refused where AssumeAgency gets it, whoever had it before', () => {
  const older = JSON.stringify({ Version: '1.1', Statement: [{ Effect: 'allow', Action: ['obs:object:*'] }] });
  for (let round = 0; round < 2; round += 1) {
    expect(() => refuseMalformedPolicy('policy', older)).toThrow('`policy`: the policy version must be `"5.0"`');
    expect(() => refuseMalformedPolicy('policy', text('newer'), 'legacy-session')).toThrow('`policy`: the policy version must be `"1.1"`');
    refuseMalformedPolicy('policy', older, 'legacy-session');
    refuseMalformedPolicy('policy', text('newer'));
    expect([inlinePolicy(older).policy.kind, inlinePolicy(text('newer')).policy.kind]).toEqual(['legacy-session', 'session']);
  }
});

it('keeps nothing of a text that is no policy', () => {
  for (let round = 0; round < 2; round += 1) expect(() => inlinePolicy('{}')).toThrow(PolicyError);
});
