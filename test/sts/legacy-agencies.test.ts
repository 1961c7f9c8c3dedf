// AssumeAgency on a legacy agency: one account or service is trusted, until the agency expires, and nothing of it can be seen by anybody else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simulate } from '../../src/sts/simulate.js';
import { simulationQuestion } from '../../src/sts/simulate-input.js';
import { accessKey, accountA, accountB, accountC, accountsPlus, agencies, allow, ask, bootstrapKey, deny, keys, mfaSeed, mfaSerial, policy, trust } from '../support/accounts.js';
import { put, putLegacyAgencies } from '../support/legacy.js';
import { startOfTest, startService, type Answer, type Credentials, type TestService } from '../support/service.js';
import { Secret, TOTP } from 'otpauth';

const admin = accessKey('admin');
const denied = accessKey('denied');
const bound = accessKey('bound');
const newer = accessKey('newer');
const boundAccount = 'e'.repeat(32);

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      policies: [
        { policy_name: 'assume-and-deny-older', policy_document: policy(allow('sts:agencies:assume'), deny('iam:agencies:assume')) },
        { policy_name: 'older-actions', policy_document: policy(allow(['iam:*:*', 'iam:agencies:assume', 'iam:tokens:assume'])) },
      ],
      groups: [{ group_name: 'admin' }],
      users: [
        { user_name: 'adam', groups: ['admin'], access_keys: [bootstrapKey(admin)] },
        { user_name: 'nils', attached_policies: ['older-actions'], access_keys: [bootstrapKey(newer)] },
        { user_name: 'dora', groups: ['admin'], attached_policies: ['assume-and-deny-older'], access_keys: [bootstrapKey(denied)] },
      ],
      agencies: [{ agency_name: 'tagger', max_session_duration: 43_200, trust_policy: trust({ IAM: [accountA] }), attached_policies: ['assume-all'] }],
    },
    [boundAccount]: {
      groups: [{ group_name: 'admin' }],
      users: [{ user_name: 'berta', groups: ['admin'], access_keys: [bootstrapKey(bound)] }],
      service_control_policies: [{ name: 'no-sts', policy_document: policy(allow(['iam:*', 'identity:*'])) }],
    },
  }), { STS_RATE_ADDRESS_PER_MINUTE: '1000000' });
  const toA = { trustDomainId: accountA, trustDomainName: 'account-a' };
  await putLegacyAgencies(service, accountB, [
    { agencyName: 'to-a', ...toA, maxSessionDurationSeconds: 7200 },
    { agencyName: 'to-a-by-name', trustDomainName: 'account-a' },
    { agencyName: 'other-id', trustDomainId: accountC, trustDomainName: 'account-a' },
    { agencyName: 'to-c', trustDomainId: accountC, trustDomainName: 'account-c' },
    { agencyName: 'to-obs', trustDomainName: 'op_svc_obs' },
    { agencyName: 'to-ims', trustDomainName: 'op_svc_ims' },
    { agencyName: 'to-bound', trustDomainId: boundAccount, trustDomainName: 'x' },
    { agencyName: 'expired', ...toA, validityDays: 1, expiresAt: startOfTest },
    { agencyName: 'ending', ...toA, validityDays: 1, expiresAt: startOfTest + 60_000 },
    { agencyName: 'nobody', trustDomainName: 'nobody' },
    { agencyName: 'to-system', trustDomainName: 'system' },
  ]);
  await putLegacyAgencies(service, accountA, [{ agencyName: 'own', ...toA }, { agencyName: 'own-to-c', trustDomainId: accountC, trustDomainName: 'account-c' }, { agencyName: 'own-expired', ...toA, validityDays: 1, expiresAt: startOfTest }]);
});
afterAll(() => service.stop());

const of = (name: string, accountId = accountB): string => `iam::${accountId}:agency:${name}`;
const tried = (credentials: Credentials, name: string, more: object = {}): Promise<Answer> => service.assume(credentials, ask(of(name), more));

describe('who may assume a legacy agency', () => {
  it.each<readonly [string, Credentials, string, number]>([
    ['a user of the trusted account, allowed by an identity policy', keys.alice, 'to-a', 200],
    ['where the agency knows the account by its name alone', keys.alice, 'to-a-by-name', 200],
    ['a user who may assume and nothing else', keys.bob, 'to-a', 200],
    ['the root user of the trusted account', keys.rootA, 'to-a', 200],
    ['a member of the group of administrators, without any policy', admin, 'to-a', 200],
    ['a user without permission', keys.carol, 'to-a', 403],
    ['a user with `iam:*:*` of version 5.0 alone', newer, 'to-a', 403],
    ['an administrator to whom the older action is denied', denied, 'to-a', 403],
    ['an administrator whose account may not use the action of today', bound, 'to-bound', 403],
    ['a user of another account', keys.bert, 'to-a', 403],
    ['the delegating account itself', keys.rootB, 'to-a', 403],
    ['an account of the trusted name and another id', keys.alice, 'other-id', 403],
    ['an account that is not trusted', keys.alice, 'to-c', 403],
    ['a user, where a service is trusted', keys.alice, 'to-obs', 403],
    ['the trusted service', keys.service, 'to-obs', 200],
    ['another service', keys.service, 'to-ims', 403],
    ['a service, where an account is trusted', keys.service, 'to-a', 403],
    ['whoever, where nobody is trusted', keys.alice, 'nobody', 403],
    ['the operator, where an account named like his is trusted', keys.operator, 'to-system', 403],
    ['whoever, once it has expired', keys.alice, 'expired', 403],
  ])('%s: %#', async (_what, credentials, name, status) => {
    expect((await tried(credentials, name)).status).toBe(status);
  });

  it('until the very millisecond of its end', async () => {
    const at = async (milliseconds: number): Promise<number> => {
      service.clock.set(startOfTest + milliseconds);
      return (await tried(keys.alice, 'ending')).status;
    };
    expect([await at(59_999), await at(60_000), await at(60_001)]).toEqual([200, 403, 403]);
    service.clock.set(startOfTest);
  });

  it('a session of the trusted account, for an hour at the most', async () => {
    const session = await service.session(keys.alice, ask(agencies.first));
    expect([(await tried(session, 'to-a')).status, (await tried(session, 'to-a', { duration_seconds: 3600 })).status, (await tried(session, 'to-a', { duration_seconds: 3601 })).body.error_code]).toEqual([200, 200, 'STS5.1104']);
  });
});

describe('the session of a legacy agency', () => {
  it('is one like every other: it signs, it is named after the agency, and its principal is no user', async () => {
    const answer = await tried(keys.alice, 'to-a');
    expect(answer.body.assumed_agency).toEqual({ urn: `sts::${accountB}:assumed-agency:to-a/session1`, id: 'id-to-a:session1' });
    const session = await service.session(keys.alice, ask(of('to-a')));
    expect((await service.identity(session)).body).toEqual({ account_id: accountB, principal_urn: `sts::${accountB}:assumed-agency:to-a/session1`, principal_id: 'id-to-a:session1' });
  });

  it('can do what the policies attached to the agency say', async () => {
    const policyId = (await service.composition.services.directory.read(accountB, () => []))?.snapshot.policies.named('assume-all')?.policyId ?? '';
    await putLegacyAgencies(service, accountB, [{ agencyName: 'able', trustDomainId: accountA, trustDomainName: 'account-a', attachedPolicies: [{ policyId, attachedAt: 0 }] }]);
    const [able, unable] = [await service.session(keys.alice, ask(of('able'))), await service.session(keys.alice, ask(of('to-a')))];
    const target = trust({ IAM: [accountB] });
    await service.call(keys.rootB, 'POST', '/v5/agencies', { agency_name: 'next', trust_policy: JSON.stringify(target) });
    expect([(await service.assume(able, ask(of('next')))).status, (await service.assume(unable, ask(of('next')))).status]).toEqual([200, 403]);
  });

  it.each<readonly [object, number, string]>([
    [{ duration_seconds: 7200 }, 200, ''], [{ duration_seconds: 7201 }, 400, 'STS5.1103'], [{ duration_seconds: 899 }, 400, 'STS5.1102'], [{ duration_seconds: 43_201 }, 400, 'STS5.1102'],
    [{ external_id: 'whatever' }, 200, ''],
    [{ tags: [{ key: 'a', value: 'b' }] }, 400, 'STS5.1102'], [{ tags: [{ key: 'a', value: 'b' }], transitive_tag_keys: ['a'] }, 400, 'STS5.1102'], [{ source_identity: 'alice' }, 400, 'STS5.1102'],
    [{ policy: JSON.stringify(policy(allow('obs:*:*'))) }, 200, ''],
  ])('asked for with %j: %i %s', async (more, status, code) => {
    const answer = await tried(keys.alice, 'to-a', more);
    expect([answer.status, answer.body.error_code ?? '']).toEqual([status, code]);
  });

  it('is asked for with an MFA code that nothing asks about; a wrong one is refused all the same', async () => {
    service.clock.advance(60);
    const token_code = new TOTP({ secret: Secret.fromBase32(mfaSeed) }).generate({ timestamp: service.clock.now() });
    expect((await tried(keys.alice, 'to-a', { serial_number: mfaSerial, token_code })).status).toBe(200);
    expect((await tried(keys.alice, 'to-a', { serial_number: mfaSerial, token_code })).status).toBe(403);
    service.clock.set(startOfTest);
  });

  it('takes over no tags and no source identity of the chain: the call is refused, and says why', async () => {
    const parent = { agency_urn: of('tagger', accountA), agency_session_name: 'parent' };
    const tagged = await service.session(keys.alice, { ...parent, tags: [{ key: 'a', value: 'b' }], transitive_tag_keys: ['a'] });
    const sourced = await service.session(keys.alice, { ...parent, source_identity: 'alice' });
    const plain = await service.session(keys.alice, { ...parent, tags: [{ key: 'a', value: 'b' }] });
    expect([await tried(tagged, 'to-a'), await tried(sourced, 'to-a'), await tried(plain, 'to-a')].map(({ status, body }) => [status, body.error_msg])).toEqual([
      [403, 'the chain carries session tags, which a session of a legacy agency cannot have'],
      [403, 'the chain carries a source identity, which a session of a legacy agency cannot have'],
      [200, undefined],
    ]);
  });

  it('ends with its agency, however soon after', async () => {
    await putLegacyAgencies(service, accountB, [{ agencyName: 'short-lived', trustDomainId: accountA, trustDomainName: 'account-a' }]);
    const session = await service.session(keys.alice, ask(of('short-lived')));
    expect((await service.identity(session)).status).toBe(200);
    await put(service, accountB, [], ['agency:id-short-lived']);
    expect([(await service.identity(session)).status, (await tried(keys.alice, 'short-lived')).status]).toEqual([401, 403]);
  });

  it('outlives the end of the agency\'s validity: that is the end of assuming it', async () => {
    const session = await service.session(keys.alice, ask(of('ending')));
    service.clock.set(startOfTest + 60_000);
    expect([(await service.identity(session)).status, (await tried(keys.alice, 'ending')).status]).toEqual([200, 403]);
    service.clock.set(startOfTest);
  });
});

describe('P15, P16: a refusal of another account', () => {
  const shape = ({ status, body }: Answer, name: string): unknown => [status, body.error_code, body.error_msg?.replaceAll(name, 'NAME'), body.encoded_authorization_message?.length];

  it.each<readonly [string, Credentials]>([
    ['who may assume', keys.alice], ['who may assume, without tags', keys.bob], ['an administrator', admin], ['who may nothing', keys.carol], ['a service', keys.service],
  ])('looks the same to %s, whether the agency is absent, expired, or trusts somebody else', async (_who, credentials) => {
    const absent = shape(await tried(credentials, 'missing'), 'missing');
    for (const name of ['expired', 'to-c', 'other-id', 'to-ims', 'nobody']) expect(shape(await tried(credentials, name), name), name).toEqual(absent);
  });

  it('looks the same with everything that only the session of a trusting agency may not have', async () => {
    for (const more of [{ tags: [{ key: 'a', value: 'b' }] }, { source_identity: 'alice' }, { duration_seconds: 43_200 }]) {
      expect(shape(await tried(keys.alice, 'to-c', more), 'to-c')).toEqual(shape(await tried(keys.alice, 'missing', more), 'missing'));
    }
  });

  it('has its reason in the event of the agency\'s account and in the sealed message, which that account alone can open', async () => {
    const answer = await tried(keys.alice, 'expired');
    const decode = (credentials: Credentials) => service.call(credentials, 'POST', '/v5/decode-authorization-message', { encoded_message: answer.body.encoded_authorization_message });
    expect((await decode(keys.alice)).status).toBe(400);
    expect((await decode(keys.rootB)).body.decoded_message).toContain('the agency expired at 2026-01-15T08:30:00.000Z');
    const last = async (accountId: string) => (await service.events(accountId)).findLast(({ resource }) => resource === of('expired'));
    expect(await last(accountB)).toMatchObject({ operation: 'AssumeAgency', decision: 'sts:agencies:assume: the agency expired at 2026-01-15T08:30:00.000Z', status: 403 });
    expect(await last(accountA)).toMatchObject({ decision: 'refused by the agency\'s account', resourceAccountId: accountB });
  });

  it('in the caller\'s own account says what it is', async () => {
    const own = (name: string) => service.assume(keys.alice, ask(of(name, accountA)));
    expect([await own('own'), await own('own-absent'), await own('own-expired'), await own('own-to-c')].map(({ status, body }) => [status, body.error_msg?.split(': ').at(-1)])).toEqual([
      [200, undefined], [404, `the agency \`${of('own-absent', accountA)}\` cannot be found`], [403, `the agency expired at 2026-01-15T08:30:00.000Z`], [403, 'the agency trusts another account than that of the caller'],
    ]);
  });
});

describe('P18: the simulator says what a call would be answered', () => {
  const principals: Readonly<Record<string, readonly [string, Credentials]>> = {
    alice: [`iam::${accountA}:user:alice`, keys.alice], carol: [`iam::${accountA}:user:carol`, keys.carol], adam: [`iam::${accountA}:user:adam`, admin], dora: [`iam::${accountA}:user:dora`, denied],
    root: [`iam::${accountA}:root`, keys.rootA], bert: [`iam::${accountB}:user:bert`, keys.bert], service: ['service.OBS', keys.service], berta: [`iam::${boundAccount}:user:berta`, bound],
  };
  const names = ['to-a', 'to-a-by-name', 'other-id', 'to-c', 'to-obs', 'to-ims', 'expired', 'nobody', 'to-bound'];
  const requests = [{}, { tags: [{ key: 'a', value: 'b' }] }, { source_identity: 'alice' }];

  it.each(Object.keys(principals))('of %s', async (who) => {
    const [principal, credentials] = principals[who] ?? ['', keys.alice];
    const { services } = service.composition;
    const views = await Promise.all([accountA, accountB, accountC, boundAccount].map((id) => services.directory.read(id, () => [])));
    const accounts = new Map(views.flatMap((view) => (view === undefined ? [] : [[view.snapshot.accountId, view.snapshot] as const])));
    for (const name of names) {
      for (const request of requests) {
        const question = simulationQuestion({ principal, action: 'sts:agencies:assume', resource: of(name), context: {}, request });
        const simulation = simulate({ accounts, catalogue: services.catalogue, now: service.clock.now() }, question);
        const answer = await tried(credentials, name, request);
        expect([name, request, answer.status === 200]).toEqual([name, request, simulation.allowed]);
        if (answer.status === 400) expect(answer.body.error_msg).toBe(simulation.refusal);
      }
    }
  });
});
