// Service control policies: without an organization none apply, within one exactly those of the caller's account.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entityField } from '../../src/directory/snapshot.js';
import { serviceLinkedPath } from '../../src/urn/urn.js';
import { accessKey, accountA, accounts, agencies, allow, ask, assumeActions, bootstrapKey, deny, keys, policy, trust } from '../support/accounts.js';
import { startService, writeChanges, type TestService } from '../support/service.js';

const controls = {
  empty: [],
  allowing: [{ name: 'all', policy_document: policy(allow('*')) }],
  denying: [{ name: 'all', policy_document: policy(allow('*')) }, { name: 'no-tags', policy_document: policy(deny('sts::tagSession')) }],
  assuming: [{ name: 'assume', policy_document: policy(allow('sts:agencies:assume')) }],
} as const;
type Name = keyof typeof controls;
const names = Object.keys(controls) as Name[];
const accountId = (name: Name) => `${names.indexOf(name)}`.repeat(31) + 'e';
const key = { user: (name: Name) => accessKey(`user${name}`), root: (name: Name) => accessKey(`root${name}`) };
const organized = (name: Name) => ({
  account_id: accountId(name), account_name: `organized-${name}`, service_control_policies: controls[name],
  root_user: { user_name: 'root', access_keys: [bootstrapKey(key.root(name))] },
  users: [{ user_name: 'user', attached_policies: ['everything'], access_keys: [bootstrapKey(key.user(name))] }],
  policies: [{ policy_name: 'everything', policy_document: policy(allow('*')) }],
  agencies: [{ agency_name: 'open', trust_policy: trust({ IAM: [accountA, accountId(name)] }), attached_policies: ['everything'] }],
});
const open = (name: Name) => `iam::${accountId(name)}:agency:open`;
const tags = { tags: [{ key: 'team', value: 'blue' }] };

let service: TestService;
beforeAll(async () => {
  const trusting = { agency_name: 'everybodys', trust_policy: trust({ IAM: ['*'] }) };
  const [first, ...others] = accounts.accounts;
  service = await startService({ ...accounts, accounts: [{ ...first, agencies: [...(first?.agencies ?? []), trusting] }, ...others, ...names.map(organized)] });
  service.clock.set(Date.now());
});
afterAll(() => service.stop());

const everybodys = `iam::${accountA}:agency:everybodys`;

it('without an organization no control policy binds', async () => {
  expect(await service.assume(keys.alice, ask(agencies.first, tags))).toMatchObject({ status: 200 });
});

describe.each<['user' | 'root']>([['user'], ['root']])('in an organization a %s', (who) => {
  it.each<[name: Name, assume: number, tag: number, decode: number]>([
    ['empty', 403, 403, 403],
    ['allowing', 200, 200, 400],
    ['denying', 200, 403, 400],
    ['assuming', 200, 403, 403],
  ])('is bound by the control policies `%s`: assume %d, tag %d, decode %d', async (name, assume, tag, decode) => {
    const caller = key[who](name);
    for (const agency of [open(name), everybodys]) {
      expect(await service.assume(caller, ask(agency))).toMatchObject({ status: assume });
      expect(await service.assume(caller, ask(agency, tags))).toMatchObject({ status: tag });
    }
    expect(await service.call(caller, 'POST', '/v5/decode-authorization-message', { encoded_message: 'AAAA' })).toMatchObject({ status: decode });
    expect(await service.identity(caller)).toMatchObject({ status: 200 });
  });
});

it.each<[name: Name, text: string]>([
  ['empty', 'no service control policy allows the sts:agencies:assume action'],
  ['denying', 'an explicit deny in a service control policy'],
])('the refusal says that `%s` refused', async (name, text) => {
  const answer = await service.assume(key.user(name), ask(open(name), tags));
  expect(answer).toMatchObject({ status: 403, body: { error_code: 'STS5.1001' } });
  expect(answer.body.error_msg).toContain(text);
});

it('those of the target\'s account do not bind who assumes from outside, but the session that comes of it', async () => {
  const session = await service.session(keys.alice, ask(open('empty'), tags));
  expect(await service.identity(session)).toMatchObject({ status: 200 });
  expect(await service.assume(session, ask(everybodys))).toMatchObject({ status: 403 });
  const allowed = await service.session(keys.alice, ask(open('allowing')));
  expect(await service.assume(allowed, ask(everybodys))).toMatchObject({ status: 200 });
});

it('they only narrow: what identity policies do not allow, they do not grant', async () => {
  const session = await service.session(keys.alice, ask(open('allowing'), { policy: JSON.stringify(policy(allow(assumeActions[0] ?? ''))) }));
  expect(await service.assume(session, ask(everybodys, tags))).toMatchObject({ status: 403 });
});

it('do not bind a session of a service-linked agency', async () => {
  const { services } = service.composition;
  const id = accountId('denying');
  const snapshot = (await services.directory.read(id, () => []))?.snapshot;
  const ordinary = snapshot?.agencies.named('open');
  if (snapshot === undefined || ordinary === undefined) throw new Error('the account has the agency');
  const linked = { ...ordinary, agencyId: 'f'.repeat(32), agencyName: 'linked', path: `${serviceLinkedPath}service.OBS/` };
  expect(await writeChanges(service.composition, [{ accountId: id, expectedRevision: snapshot.revision, put: [[entityField('agency', linked.agencyId), linked]], remove: [] }])).toBe('committed');

  const ofOrdinary = await service.session(keys.alice, ask(open('denying')));
  const ofLinked = await service.session(keys.alice, ask(`iam::${id}:agency:${linked.path}linked`));
  expect(await service.assume(ofOrdinary, ask(everybodys, tags))).toMatchObject({ status: 403 });
  expect(await service.assume(ofLinked, ask(everybodys, tags))).toMatchObject({ status: 200 });
});
