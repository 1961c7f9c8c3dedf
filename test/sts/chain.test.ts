// The main job, as its users do it: credentials through the official SDK, and a chain over three accounts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountB, accountC, accounts, agencies, keys } from '../support/accounts.js';
import { sdkClient } from '../support/sdk.js';
import { credentialsOf, startService, type TestService } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
  // The SDK signs with the machine's own time.
  service.clock.set(Date.now());
});
afterAll(() => service.stop());

describe('the official SDK', () => {
  it('obtains credentials, uses them and chains on, unmodified', async () => {
    const body = await sdkClient(service.url, keys.alice, accountA).assume({
      agency_urn: agencies.first, agency_session_name: 'one', source_identity: 'alice',
      tags: [{ key: 'team', value: 'blue' }, { key: 'ticket', value: '7' }], transitive_tag_keys: ['team'],
    });
    expect(body).toMatchObject({ source_identity: 'alice', assumed_agency: { urn: `sts::${accountA}:assumed-agency:first/one` } });
    const first = sdkClient(service.url, credentialsOf(body), accountA);
    expect(await first.identity()).toMatchObject({ account_id: accountA, principal_urn: `sts::${accountA}:assumed-agency:first/one` });

    const second = await first.assume({ agency_urn: agencies.second, agency_session_name: 'two' });
    expect(second).toMatchObject({ source_identity: 'alice', assumed_agency: { urn: `sts::${accountB}:assumed-agency:second/two` } });
    const third = await sdkClient(service.url, credentialsOf(second), accountB).assume({ agency_urn: agencies.third, agency_session_name: 'three' });
    expect(third).toMatchObject({ source_identity: 'alice', assumed_agency: { urn: `sts::${accountC}:assumed-agency:third/three` } });

    const [event] = (await service.events(accountC)).slice(-1);
    expect(event?.issuedSession).toMatchObject({ sourceIdentity: 'alice', tags: [['team', 'blue']] });
    expect(event?.issuedSession?.chain).toHaveLength(3);
    expect(event?.issuedSession?.chain[0]).toBe(keys.alice.accessKeyId);
  });
});
