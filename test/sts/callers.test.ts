// Who may call and as whom: root, users, sessions and registered services, and both sides of every assumption.
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessKey, accountA, accountB, accountsPlus, agencies, allow, ask, assumeActions, bootstrapKey, deny, keys, policy, trust } from '../support/accounts.js';
import { startService, type AnswerBody, type Credentials, type TestService } from '../support/service.js';
import { signRequest } from '../../src/signing/index.js';

const tenantAccount = 'e'.repeat(32);
const tenant = { user: accessKey('tenantuser') };
const side = { none: accessKey('sidenone'), allow: accessKey('sideallow'), deny: accessKey('sidedeny') };
const group = { none: accessKey('groupnone'), deny: accessKey('groupdeny') };
const everybody = { IAM: ['*'] };
const trusting = [
  { agency_name: 'trust-none', trust_policy: trust({ IAM: [`iam::${accountA}:user:somebody-else`] }) },
  { agency_name: 'trust-allow', trust_policy: trust({ IAM: [accountA] }) },
  { agency_name: 'trust-deny', trust_policy: policy(allow(assumeActions, { Principal: { IAM: [accountA] } }), deny('sts:agencies:assume', { Principal: { IAM: [accountA] } })) },
];
const urn = (name: string, accountId: string = accountA) => `iam::${accountId}:agency:${name}`;
const user = (name: string, credentials: Credentials, more: object = {}) => ({ user_name: name, access_keys: [bootstrapKey(credentials)], ...more });

let service: TestService;
beforeAll(async () => {
  const file = accountsPlus({
    [accountA]: {
      groups: [{ group_name: 'denied', attached_policies: ['denies'] }],
      users: [
        user('side-none', side.none), user('side-allow', side.allow, { attached_policies: ['only-assume'] }),
        user('side-deny', side.deny, { attached_policies: ['only-assume', 'denies'] }),
        user('group-none', group.none, { groups: ['assumers'] }), user('group-deny', group.deny, { attached_policies: ['only-assume'], groups: ['denied'] }),
      ],
      policies: [{ policy_name: 'denies', policy_document: policy(deny('sts:agencies:assume')) }],
      agencies: [
        ...trusting,
        { agency_name: 'anybody', trust_policy: trust(everybody) },
        { agency_name: 'only-session', trust_policy: trust({ IAM: [`sts::${accountA}:assumed-agency:first/session1`] }) },
        { agency_name: 'only-agency', trust_policy: trust({ IAM: [urn('first')] }) },
        { agency_name: 'only-alice', trust_policy: trust({ IAM: [`iam::${accountA}:user:alice`] }) },
        { agency_name: 'on-behalf', trust_policy: trust(everybody, { Condition: { StringEquals: { 'g:SourceAccount': accountA } } }) },
        { agency_name: 'for-resource', trust_policy: trust({ Service: ['service.OBS'] }, { Condition: { StringMatch: { 'g:SourceUrn': `obs::${accountA}:bucket:*` } } }), attached_policies: ['assume-all'] },
      ],
    },
    [accountB]: { agencies: trusting },
    [tenantAccount]: {
      policies: [{ policy_name: 'assume-all', policy_document: policy(allow(assumeActions)) }],
      users: [user('service.OBS', tenant.user, { attached_policies: ['assume-all'] })],
      agencies: [{ agency_name: 'service.OBS', trust_policy: trust({ IAM: [tenantAccount] }), attached_policies: ['assume-all'] }],
    },
  });
  service = await startService(file);
  service.clock.set(Date.now());
});
afterAll(() => service.stop());

const status = async (credentials: Credentials, agency: string, headers: Record<string, string> = {}) => (await service.assume(credentials, ask(agency), { headers })).status;

describe('GetCallerIdentity', () => {
  const userIdOf = async (name: string) => {
    const view = await service.composition.services.directory.read(accountA, () => []);
    return [...(view?.snapshot.users.values() ?? [])].find(({ userName }) => userName === name)?.userId;
  };
  const identity = async (credentials: Credentials): Promise<AnswerBody> => {
    const { status: answered, body } = await service.identity(credentials);
    expect(answered).toBe(200);
    // An official client decodes the body into a map of strings.
    expect(Object.keys(body).sort()).toEqual(['account_id', 'principal_id', 'principal_urn']);
    for (const value of Object.values(body)) expect(value).toEqual(expect.any(String));
    return body;
  };

  it.each([['a user', keys.alice, 'alice'], ['a user without any permission', keys.carol, 'carol'], ['the root user', keys.rootA, 'root-a']] as const)('names %s', async (_who, credentials, name) => {
    expect(await identity(credentials)).toEqual({ account_id: accountA, principal_urn: `iam::${accountA}:user:${name}`, principal_id: await userIdOf(name) });
  });

  it('names a session with the account that owns the agency, and an agency without its path', async () => {
    const answer = await service.assume(keys.alice, ask(agencies.second, { agency_session_name: 'a+=,.@-_1' }));
    const session = await service.session(keys.alice, ask(agencies.second, { agency_session_name: 'a+=,.@-_1' }));
    const agencyId = /^([A-Za-z0-9-]{1,64}):/.exec(answer.body.assumed_agency?.id ?? '')?.[1];
    expect(await identity(session)).toEqual({ account_id: accountB, principal_urn: `sts::${accountB}:assumed-agency:second/a+=,.@-_1`, principal_id: `${agencyId ?? ''}:a+=,.@-_1` });
    expect(answer.body.assumed_agency).toEqual({ urn: `sts::${accountB}:assumed-agency:second/a+=,.@-_1`, id: `${agencyId ?? ''}:a+=,.@-_1` });
  });

  it('names a registered service', async () => {
    expect(await identity(keys.service)).toMatchObject({ principal_urn: 'service.OBS', principal_id: 'service.OBS' });
  });

  it.each([['a disabled user', keys.disabled], ['an inactive key', keys.inactive]])('knows nothing of %s', async (_who, credentials) => {
    expect(await service.identity(credentials)).toMatchObject({ status: 401, body: { error_code: 'APIGW.0301' } });
  });
});

describe('an assumption needs both sides', () => {
  const own = { none: side.none, allow: side.allow, deny: side.deny };
  const rows = ([accountA, accountB] as const).flatMap((target) =>
    (['none', 'allow', 'deny'] as const).flatMap((ownSide) =>
      (['none', 'allow', 'deny'] as const).map((trustSide) => [target === accountA ? 'the same account' : 'another account', ownSide, trustSide, ownSide === 'allow' && trustSide === 'allow' ? 200 : 403, target] as const)),
  );
  it.each(rows)('in %s: identity policies %s, trust policy %s: %d', async (_where, ownSide, trustSide, expected, target) => {
    expect(await status(own[ownSide], urn(`trust-${trustSide}`, target))).toBe(expected);
  });

  it('counts the policies of groups, in which a Deny wins as well', async () => {
    expect(await status(group.none, urn('trust-allow'))).toBe(200);
    expect(await status(group.deny, urn('trust-allow'))).toBe(403);
  });

  it.each<[name: string, expected: number]>([['trust-allow', 200], ['trust-none', 403], ['trust-deny', 403]])(
    'a root user needs no policy of its own, but the trust of `%s`: %d',
    async (name, expected) => {
      expect(await status(keys.rootA, urn(name))).toBe(expected);
      expect(await status(keys.rootA, urn(name, accountB))).toBe(expected);
    },
  );

  it('takes a principal whole: a user is no other user, and another account is not trusted', async () => {
    expect(await status(keys.alice, urn('only-alice'))).toBe(200);
    expect(await status(keys.rootA, urn('only-alice'))).toBe(403);
    expect(await status(keys.bert, urn('trust-allow'))).toBe(403);
  });

  it('knows a session by its own URN and by its agency\'s', async () => {
    const named = await service.session(keys.alice, ask(agencies.first));
    const otherName = await service.session(keys.alice, ask(agencies.first, { agency_session_name: 'session2' }));
    expect(await status(named, urn('only-session'))).toBe(200);
    expect(await status(otherName, urn('only-session'))).toBe(403);
    expect(await status(otherName, urn('only-agency'))).toBe(200);
    expect(await status(keys.alice, urn('only-agency'))).toBe(403);
    expect(await status(named, urn('only-alice'))).toBe(403);
  });
});

describe('a registered service', () => {
  const onBehalf = { 'X-Source-Account': accountA };

  it.each<[agency: string, headers: Record<string, string>, expected: number]>([
    [agencies.service, onBehalf, 200],
    [agencies.service, {}, 403],
    [agencies.service, { 'X-Source-Account': accountB }, 403],
    [agencies.service, { 'X-Source-Urn': accountA }, 403],
    [urn('for-resource'), { 'X-Source-Urn': `obs::${accountA}:bucket:photos` }, 200],
    [urn('for-resource'), { 'X-Source-Urn': `obs::${accountB}:bucket:photos` }, 403],
    [urn('for-resource'), onBehalf, 403],
    [urn('anybody'), onBehalf, 403],
    [urn('trust-allow'), onBehalf, 403],
  ])('assumes what trusts it on whose behalf it says it acts: %s %j: %d', async (agency, headers, expected) => {
    expect(await status(keys.service, agency, headers)).toBe(expected);
  });

  it('needs no policy but the trust policy, and heads the chain', async () => {
    const session = await service.session(keys.service, ask(urn('for-resource')), { headers: { 'X-Source-Urn': `obs::${accountA}:bucket:photos` } });
    expect(await service.identity(session)).toMatchObject({ body: { principal_urn: `sts::${accountA}:assumed-agency:for-resource/session1` } });
    expect(await status(session, agencies.first)).toBe(200);
    expect(await status(session, agencies.service, onBehalf)).toBe(403);
  });

  it.each(['x-source-account', 'x-source-urn'])('must sign %s, and so must everybody else', async (name) => {
    for (const credentials of [keys.service, keys.alice]) {
      const body = JSON.stringify(ask(agencies.first));
      const headers = signRequest({ method: 'POST', url: `${service.url}/v5/agencies/assume`, headers: {}, body, ...credentials, date: new Date(service.clock.now()) });
      const answer = await supertest(service.server).post('/v5/agencies/assume').set(headers).set(name, accountA).serialize((data) => data as string).send(body);
      expect(answer).toMatchObject({ status: 401, body: { error_code: 'APIGW.0301' } });
    }
  });

  it('is the only one whose word counts for whom it acts', async () => {
    const session = await service.session(keys.alice, ask(agencies.first));
    for (const credentials of [keys.alice, keys.rootA, session]) {
      expect(await status(credentials, urn('on-behalf'), onBehalf)).toBe(403);
      expect(await status(credentials, urn('anybody'), onBehalf)).toBe(200);
    }
  });

  it('cannot be impersonated by a user, an agency or a session of its name', async () => {
    const session = await service.session(tenant.user, ask(urn('service.OBS', tenantAccount), { agency_session_name: 'service.OBS', source_identity: 'service.OBS' }));
    for (const credentials of [tenant.user, session]) {
      for (const agency of [agencies.service, urn('for-resource')]) {
        expect(await status(credentials, agency, { ...onBehalf, 'X-Source-Urn': `obs::${accountA}:bucket:photos` })).toBe(403);
      }
    }
  });

  it('cannot be had as an account: no account can take its name, nor can a user of one take its key', async () => {
    const account = { account_id: 'f'.repeat(32), account_name: 'service.OBS' };
    await expect(service.apply({ accounts: [account] })).rejects.toThrow('/accounts/0/account_name');
    const thief = { ...account, account_name: 'thief', users: [user('taker', { accessKeyId: keys.service.accessKeyId, secretAccessKey: 'another-secret-of-the-thief' })] };
    await expect(service.apply({ accounts: [thief] })).rejects.toThrow('belongs to another account');
    expect(await status(keys.service, agencies.service, onBehalf)).toBe(200);
  });

  it('has no messages to decode', async () => {
    const denied = await service.assume(keys.service, ask(agencies.service));
    const answer = await service.call(keys.service, 'POST', '/v5/decode-authorization-message', { encoded_message: denied.body.encoded_authorization_message });
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'STS5.1001' } });
  });
});
