// Trust agencies over HTTP: what each operation answers, and when it refuses.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accounts, keys, trust } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
});
afterAll(() => service.stop());

describe('a trust agency', () => {
  it('is created with defaults', async () => {
    const created = await service.call(keys.rootA, 'POST', '/v5/agencies', { agency_name: 'fresh', trust_policy: JSON.stringify(trust({ IAM: [accountA] })) });
    expect(created).toMatchObject({ status: 201, body: { agency: { agency_name: 'fresh', max_session_duration: 3600 } } });
  });
});
