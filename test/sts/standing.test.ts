// What a decision stands on: a call that is decided again beside other changes of an account conflicts with those that concern it, projects among them.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EntityEntry } from '../../src/directory/snapshot.js';
import { assumeAgency } from '../../src/sts/assume-agency.js';
import { assumeAgencyBody, assumeAgencyInput } from '../../src/sts/assume-agency-input.js';
import { accountA, accountB, accounts, agencies, ask, keys } from '../support/accounts.js';
import { put } from '../support/legacy.js';
import { decidedAround } from '../support/moving-ground.js';
import { startService, type TestService } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts, { STS_RATE_ADDRESS_PER_MINUTE: '1000000' });
});
afterAll(() => service.stop());

const project = (name: string): EntityEntry => [`project:id-${name}`, { projectId: `id-${name}`, projectName: `cn-north-4_${name}`, description: '', enabled: true, createdAt: 0 }];
const group = (name: string): EntityEntry => [`group:id-${name}`, { groupId: `id-${name}`, groupName: name, description: '', createdAt: 0, attachedPolicies: [], roleGrants: [] }];

it.each<readonly [string, string, (name: string) => EntityEntry, number]>([
  ['a project of the caller\'s account', accountA, project, 3], ['a project of the target\'s account', accountB, project, 3],
  ['a group of the caller\'s account', accountA, group, 2], ['a group of the target\'s account', accountB, group, 2],
])('%s that is new meanwhile', async (what, account, entry, expected) => {
  let decided = 0;
  const name = what.replaceAll(/\W/g, '-');
  const { tries } = await decidedAround(service, keys.alice, async (caller, call) => {
    const outcome = await assumeAgency(service.composition.services, caller, assumeAgencyInput(assumeAgencyBody.parse(ask(agencies.second))), call);
    decided += 1;
    // The first attempt conflicts with whatever changes; the ones behind it ask what did.
    if (decided === 2) await put(service, account, [entry(`${name}-2`)]);
    return outcome;
  }, () => put(service, account, [group(`${name}-1`)]));
  expect(tries).toBe(expected);
});
