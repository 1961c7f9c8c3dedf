// An account at full quota can be deleted: in one step, as a small one.
import { expect, it } from 'vitest';
import { accountA, accountsPlus, keys, trust } from '../support/accounts.js';
import { startService } from '../support/service.js';

it('a full account is deleted at once, and its sessions end', { timeout: 60_000 }, async () => {
  const agencies = Array.from({ length: 4990 }, (_, number) => ({ agency_name: `a${number}`, trust_policy: trust({ IAM: [accountA] }) }));
  const users = Array.from({ length: 1900 }, (_, number) => ({ user_name: `u${number}` }));
  const id = '9'.repeat(32);
  const service = await startService(accountsPlus({ [id]: { agencies, users } }));
  try {
    const session = await service.session(keys.alice, { agency_urn: `iam::${id}:agency:a4989`, agency_session_name: 'last' });
    const deleted = await service.call(keys.operator, 'DELETE', `/v1/accounts/${id}`);
    expect(deleted.status).toBe(204);
    expect((await service.identity(session)).status).toBe(401);
    expect(await service.redis.exists(service.composition.names.accountEntities(id))).toBe(0);
  } finally {
    await service.stop();
  }
});
