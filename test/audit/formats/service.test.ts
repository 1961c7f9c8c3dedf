// Events that a running service wrote, in every format: what the formats are told of is what is really there.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../../src/audit/event.js';
import { formats } from '../../../src/audit/formats/index.js';
import { decodeEvent, encodeEvent } from '../../../src/audit/record.js';
import { accountA, accountB, accounts, agencies, keys } from '../../support/accounts.js';
import { startService, type TestService } from '../../support/service.js';
import { leaves } from './events.js';
import { ocsfEvent } from './ocsf-schema.js';

let service: TestService;
let events: readonly AuditEvent[];

beforeAll(async () => {
  service = await startService(accounts);
  const first = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'one', tags: [{ key: 'team', value: 'blue' }], transitive_tag_keys: ['team'], source_identity: 'alice' });
  const second = await service.session(first, { agency_urn: agencies.second, agency_session_name: 'two' });
  await service.identity(second);
  await service.assume(keys.alice, { agency_urn: agencies.untrusting, agency_session_name: 'refused' });
  await service.assume(keys.carol, { agency_urn: agencies.first, agency_session_name: 'refused' });
  await service.assume(keys.alice, { agency_urn: 'no URN', agency_session_name: 'two' });
  await service.call(keys.rootA, 'POST', '/v5/users', { name: 'dora' });
  await service.call(keys.rootA, 'POST', '/v5/users', { name: 'dora' });
  await service.call(keys.rootA, 'GET', '/v5/users?limit=2');
  events = [...await service.events(accountA), ...await service.events(accountB)];
});
afterAll(() => service.stop());

describe('the events of a running service', () => {
  it('are valid OCSF events', () => {
    expect(events.length).toBeGreaterThanOrEqual(11);
    for (const event of events) expect(ocsfEvent.safeParse(JSON.parse(formats.ocsf('0-1', event))).error, event.operation).toBeUndefined();
  });

  it('name the first access key of each chain as the credential of its sessions', () => {
    const lines = events.filter(({ callerSession, issuedSession }) => callerSession !== undefined || issuedSession !== undefined).map((event) => JSON.parse(formats.ocsf('0-1', event)) as unknown);
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(leaves(line)).toContain(keys.alice.accessKeyId);
  });

  it('have the same line after they were stored', () => {
    for (const event of events) {
      for (const format of Object.values(formats)) expect(format('0-1', decodeEvent(encodeEvent(event)))).toBe(format('0-1', event));
    }
  });
});
