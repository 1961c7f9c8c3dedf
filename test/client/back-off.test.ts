// After failures the next try comes later and later; what an answer asks for is kept to, up to a limit.
import { describe, expect, it } from 'vitest';
import { backOff } from '../../src/client/back-off.js';
import { CredentialsError } from '../../src/client/credentials-error.js';

const errors = {
  'no connection': new CredentialsError('unavailable', 'x'),
  '503, Retry-After: 1': new CredentialsError('unavailable', 'x', { status: 503, retryAfterSeconds: 1 }),
  '429, Retry-After: 60': new CredentialsError('refused', 'x', { status: 429, retryAfterSeconds: 60 }),
  '429, Retry-After: 86400': new CredentialsError('refused', 'x', { status: 429, retryAfterSeconds: 86_400 }),
  '403': new CredentialsError('refused', 'x', { status: 403 }),
  'wrong settings': new CredentialsError('settings', 'x'),
};

/** Seconds from each failure in a row to the next try. */
function delays(error: CredentialsError, isUrgent: boolean, random: number): number[] {
  let time = 0;
  const pace = backOff(() => time, () => random);
  return Array.from({ length: 10 }, () => {
    pace.failed(error);
    expect(pace.error()).toBe(error);
    const begin = time;
    while (!pace.isDue(isUrgent)) time += 500;
    return (time - begin) / 1000;
  });
}

describe('the delays after failures in a row', () => {
  it.each<[keyof typeof errors, boolean, number[]]>([
    ['no connection', false, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]],
    ['no connection', true, [1, 2, 4, 5, 5, 5, 5, 5, 5, 5]],
    ['503, Retry-After: 1', true, [1, 2, 4, 5, 5, 5, 5, 5, 5, 5]],
    ['429, Retry-After: 60', true, [60, 60, 60, 60, 60, 60, 60, 60, 60, 60]],
    ['429, Retry-After: 86400', false, [300, 300, 300, 300, 300, 300, 300, 300, 300, 300]],
    ['403', false, [10, 20, 40, 80, 160, 300, 300, 300, 300, 300]],
    ['403', true, [10, 10, 10, 10, 10, 10, 10, 10, 10, 10]],
    ['wrong settings', false, [10, 20, 40, 80, 160, 300, 300, 300, 300, 300]],
  ])('%s (nobody can be served: %s)', (name, isUrgent, expected) => {
    expect(delays(errors[name], isUrgent, 1)).toEqual(expected);
  });

  it('are spread over their second half, and begin anew after a success', () => {
    expect(delays(errors['no connection'], false, 0)).toEqual([0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30]);
    const pace = backOff(() => 0, () => 1);
    pace.failed(errors['403']);
    pace.succeeded();
    expect([pace.isDue(false), pace.error()]).toEqual([true, undefined]);
  });
});
