// Whose token a call brings along: who is remembered is refused only once he was read anew.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiError } from '../../src/base/api-error.js';
import { rememberedReads, type Reads, type Services } from '../../src/sts/services.js';
import { presentedOwner } from '../../src/sts/token-caller.js';
import { accounts } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';

let service: TestService;
let services: Services;
let remembering: { readonly reads: Reads };
beforeAll(async () => {
  service = await startService(accounts);
  services = service.composition.services;
  remembering = { reads: rememberedReads(services) };
});
afterAll(() => service.stop());

const refused = new ApiError('accessDenied', 'refused');
const accepted = (owner: string | undefined): string => {
  if (owner === undefined || owner.startsWith('refused')) throw refused;
  return owner;
};

describe('of who is remembered as', () => {
  it.each<readonly [string | undefined, string | undefined, string | undefined]>([
    ['good', 'other', 'good'], ['refused', 'good', 'good'], [undefined, 'good', 'good'], ['refused', 'refused', undefined], ['refused', undefined, undefined],
  ])('%s, and read as %s: %s', async (remembered, read, expected) => {
    const asked = presentedOwner(services, remembering, (reads) => Promise.resolve(reads === services ? read : remembered), accepted);
    if (expected === undefined) await expect(asked).rejects.toBe(refused);
    else expect(await asked).toBe(expected);
  });

  it('nobody, since memory refuses to tell, the strict reads decide; what cannot be read at all stays an error', async () => {
    const failing = (error: Error) => presentedOwner(services, remembering, (reads) => (reads === services ? Promise.resolve('good') : Promise.reject(error)), accepted);
    expect(await failing(new ApiError('unauthenticated', 'ended'))).toBe('good');
    await expect(failing(new ApiError('storeUnavailable', 'gone'))).rejects.toMatchObject({ status: 503 });
  });
});
