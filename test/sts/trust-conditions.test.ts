// Trust policies with conditions: the time window of the documented example, and external ids against a confused deputy.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountB, accountsPlus, agencies, ask, keys, trust } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';

/** The example of the trust agency overview, with account B's id put in. */
const documented = `{
"Version": "5.0",
"Statement": [{
"Principal": {
"IAM": ["${accountB}"],
"Service": ["service.OBS"]
},
"Action": ["sts:agencies:assume", "sts::tagSession", "sts::setSourceIdentity"],
"Condition": {
"DateGreaterThan": {
"g:CurrentTime": "2024-01-01T12:00Z"
},
"DateLessThan": {
"g:CurrentTime": "2024-01-01T15:00Z"
}
},
"Effect": "Allow"
}]
}`;
const windowed = `iam::${accountA}:agency:windowed`;
const customer = { a: `iam::${accountA}:agency:customer-a`, b: `iam::${accountB}:agency:customer-b` };
const withExternalId = (name: string, externalId: string) => ({ agency_name: name, trust_policy: trust({ IAM: [accountA, accountB] }, { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }) });

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: { agencies: [{ agency_name: 'windowed', trust_policy: JSON.parse(documented) as object }, withExternalId('customer-a', 'deputy-a')] },
    [accountB]: { agencies: [withExternalId('customer-b', 'deputy-b')] },
  }));
});
afterAll(() => service.stop());

describe('the documented trust policy', () => {
  it.each<[time: string, status: number]>([
    ['2023-12-31T13:00:00.000Z', 403],
    ['2024-01-01T11:59:59.999Z', 403],
    ['2024-01-01T12:00:00.000Z', 403],
    ['2024-01-01T12:00:00.001Z', 200],
    ['2024-01-01T12:00:01.000Z', 200],
    ['2024-01-01T13:30:00.000Z', 200],
    ['2024-01-01T14:59:59.999Z', 200],
    ['2024-01-01T15:00:00.000Z', 403],
    ['2024-01-01T15:00:00.001Z', 403],
    ['2024-01-02T13:00:00.000Z', 403],
  ])('lets account B and OBS in within its window and nobody outside of it: %s: %d', async (time, status) => {
    service.clock.set(time);
    const everything = { tags: [{ key: 'team', value: 'blue' }], transitive_tag_keys: ['team'], source_identity: 'bert' };
    expect(await service.assume(keys.bert, ask(windowed, everything))).toMatchObject({ status });
    expect(await service.assume(keys.rootB, ask(windowed))).toMatchObject({ status });
    expect(await service.assume(keys.service, ask(windowed, everything))).toMatchObject({ status });
    expect(await service.assume(keys.alice, ask(windowed))).toMatchObject({ status: 403 });
    expect(await service.assume(keys.rootA, ask(windowed))).toMatchObject({ status: 403 });
  });
});

describe('an external id', () => {
  it.each<[what: string, fields: object, status: number]>([
    ['right', { external_id: 'partner-42' }, 200],
    ['missing', {}, 403],
    ['of another tenant', { external_id: 'partner-43' }, 403],
    ['in another case', { external_id: 'Partner-42' }, 403],
    ['longer', { external_id: 'partner-42-' }, 403],
    ['shorter', { external_id: 'partner-4' }, 403],
    ['a pattern that would match', { external_id: 'partner-4:' }, 403],
    ['empty', { external_id: '' }, 400],
    ['null', { external_id: null }, 400],
    ['an array', { external_id: ['partner-42'] }, 400],
    ['with a wildcard', { external_id: 'partner-*' }, 400],
  ])('that is %s: %s: %d', async (_what, fields, status) => {
    expect(await service.assume(keys.alice, ask(agencies.external, fields))).toMatchObject({ status });
    expect(await service.assume(keys.bert, ask(agencies.external, fields))).toMatchObject({ status });
  });

  it('of one customer does not open the agency of another', async () => {
    for (const deputy of [keys.alice, keys.bert]) {
      expect(await service.assume(deputy, ask(customer.a, { external_id: 'deputy-a' }))).toMatchObject({ status: 200 });
      expect(await service.assume(deputy, ask(customer.b, { external_id: 'deputy-b' }))).toMatchObject({ status: 200 });
      expect(await service.assume(deputy, ask(customer.a, { external_id: 'deputy-b' }))).toMatchObject({ status: 403 });
      expect(await service.assume(deputy, ask(customer.b, { external_id: 'deputy-a' }))).toMatchObject({ status: 403 });
    }
  });

  it('is ignored by a trust policy without the condition', async () => {
    expect(await service.assume(keys.alice, ask(agencies.first, { external_id: 'whatever' }))).toMatchObject({ status: 200 });
  });

  it('counts for the call that carries it alone', async () => {
    service.clock.set(Date.now());
    const session = await service.session(keys.alice, ask(agencies.first, { external_id: 'partner-42' }));
    expect(await service.assume(session, ask(agencies.external))).toMatchObject({ status: 403 });
    expect(await service.assume(session, ask(agencies.external, { external_id: 'partner-42' }))).toMatchObject({ status: 200 });
  });
});
