// No audit, no credential: when too many events wait to be sealed, calls are refused, and pass again when they are sealed.
import { rename } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeEvent } from '../../src/audit/record.js';
import { accounts, agencies, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { leaveEvents } from './sealing-support.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts, { STS_CELLS: '1', STS_AUDIT_MAX_UNSEALED: '1000' });
});
afterAll(async () => service.stop());

const assume = () => service.assume(keys.alice, { agency_urn: agencies.first, agency_session_name: 'bound' });

describe('when the log cannot be written', () => {
  it('calls go on until the bound, are refused then without a session, and pass when the log is back', async () => {
    await service.seal();
    const { directory } = service.composition.auditLog;
    await rename(directory, `${directory}-away`);
    const answers = [await assume()];
    await expect(service.seal()).rejects.toThrow('no `log.json` any more');
    await leaveEvents(service, 0, 999 - 1);
    answers.push(await assume());
    const before = await service.redis.dbsize();
    answers.push(await assume(), await service.identity(keys.alice));
    expect(answers.map(({ status, body }) => [status, body.error_code])).toEqual([[200, undefined], [200, undefined], [503, 'STS5.1506'], [503, 'STS5.1506']]);
    expect(answers[2]?.body.credentials).toBeUndefined();
    expect(await service.redis.dbsize()).toBe(before);
    expect(await service.redis.xlen('{c00}:audit')).toBe(1000);
    await rename(`${directory}-away`, directory);
    await service.seal();
    expect((await assume()).status).toBe(200);
    const { auditEvents } = service.composition;
    const events = await auditEvents.range(0, 1, await auditEvents.atMost(0, 10_000));
    expect(events.filter(({ record }) => decodeEvent(record).operation === 'AssumeAgency')).toHaveLength(3);
  });
});
