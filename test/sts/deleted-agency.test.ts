// Deleting an agency ends its sessions and all that descends from them, in whatever account.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { entityField } from '../../src/directory/snapshot.js';
import { accountA, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
  service.clock.set(Date.now());
});
afterAll(() => service.stop());

it('the child in another account dies with the agency of its parent, a session of another agency lives on', async () => {
  const parent = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'parent' });
  const child = await service.session(parent, { agency_urn: agencies.second, agency_session_name: 'child' });
  const grandchild = await service.session(child, { agency_urn: agencies.third, agency_session_name: 'grandchild' });
  const other = await service.session(keys.alice, { agency_urn: agencies.long, agency_session_name: 'other' });

  const view = await service.composition.services.directory.read(accountA, () => []);
  const agency = view?.snapshot.agenciesByName.get('first');
  if (view === undefined || agency === undefined) throw new Error('account A has the agency');
  const remove = [entityField('agency', agency.agencyId)];
  await service.composition.directoryWriter.write([{ accountId: accountA, expectedRevision: view.snapshot.revision, put: [], remove }], []);

  for (const dead of [parent, child, grandchild]) expect((await service.identity(dead)).status).toBe(401);
  expect((await service.identity(other)).status).toBe(200);
});
