// What another account refuses looks the same whatever it is: nobody learns which accounts and agencies exist.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { absentAccount, accessKey, accountA, accountB, accountsPlus, agencies, allow, ask, bootstrapKey, deny, keys, policy, trust } from '../support/accounts.js';
import { startService, type Answer, type Credentials, type TestService } from '../support/service.js';

const tagged = `iam::${accountB}:agency:tagged`;
const prober = accessKey('prober');
const denier = accessKey('denier');
const sids = 'x'.repeat(3000);

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      policies: [
        { policy_name: 'by-tag', policy_document: policy(allow('sts:agencies:assume', { Condition: { StringEquals: { 'g:ResourceTag/secret': 'project-x' } } })) },
        { policy_name: 'unless-tag', policy_document: policy(allow('sts:agencies:assume'), deny('sts:agencies:assume', { Condition: { StringEquals: { 'g:ResourceTag/secret': 'project-x' } } })) },
      ],
      users: [
        { user_name: 'prober', attached_policies: ['by-tag'], access_keys: [bootstrapKey(prober)] },
        { user_name: 'denier', attached_policies: ['unless-tag'], access_keys: [bootstrapKey(denier)] },
      ],
      agencies: [
        { agency_name: 'own-tagged', trust_policy: trust({ IAM: [accountA] }), tags: [{ tag_key: 'secret', tag_value: 'project-x' }] },
        { agency_name: 'own-plain', trust_policy: trust({ IAM: [accountA] }) },
      ],
    },
    [accountB]: {
      agencies: [
        { agency_name: 'tagged', trust_policy: trust({ IAM: [absentAccount] }), tags: [{ tag_key: 'secret', tag_value: 'project-x' }] },
        { agency_name: 'denying', trust_policy: policy(allow('sts:agencies:assume', { Principal: { IAM: ['*'] } }), { Sid: sids, ...deny('sts:agencies:assume', { Principal: { IAM: ['*'] } }) }) },
        { agency_name: 'conditional', trust_policy: trust({ IAM: [accountA] }, { Condition: { StringEquals: { 'sts:ExternalId': 'partner-42', 'g:ResourceTag/secret': 'project-y' } } }) },
        { agency_name: 'too-early', trust_policy: trust({ IAM: [accountA] }, { Condition: { DateGreaterThan: { 'g:CurrentTime': '2100-01-01T00:00Z' } } }) },
        { agency_name: 'wants-mfa', trust_policy: trust({ IAM: [accountA] }, { Condition: { Bool: { 'g:MFAPresent': 'true' } } }) },
        { agency_name: 'trusts-tagged', trust_policy: trust({ IAM: [accountA] }), tags: [{ tag_key: 'secret', tag_value: 'project-x' }] },
      ],
    },
  }));
  service.clock.set(Date.now());
});
afterAll(() => service.stop());

const of = (accountId: string, name: string) => `iam::${accountId}:agency:${name}`;

describe('a refusal of another account', () => {
  const targets: readonly [what: string, urn: string][] = [
    ['an account that does not exist', of(absentAccount, 'first')],
    ['the system account', of('0'.repeat(32), 'first')],
    ['an agency that does not exist', of(accountB, 'absent')],
    ['an agency under another path', of(accountB, 'second')],
    ['an agency with a name of every object', of(accountB, 'constructor')],
    ['an agency that trusts somebody else', agencies.untrusting],
    ['an agency that trusts somebody else, by a policy with a long Sid', of(accountB, 'denying')],
    ['an agency that demands an external id', of(accountB, 'conditional')],
    ['an agency that demands another time', of(accountB, 'too-early')],
    ['an agency that demands MFA', of(accountB, 'wants-mfa')],
    ['an empty account id', 'iam:::agency:first'],
    ['an account id in upper case', of(accountB.toUpperCase(), 'ops/second')],
    ['an account id that is too short', of('b'.repeat(31), 'ops/second')],
    ['no URN', 'first'],
    ['a URN of another service', `sts::${accountB}:agency:ops/second`],
    ['a URN with a region', `iam:eu:${accountB}:agency:ops/second`],
    ['a URN of another type', `iam::${accountB}:user:bert`],
    ['a session\'s URN', `sts::${accountB}:assumed-agency:second/session1`],
    ['a URN with a wildcard', of(accountB, '*')],
    ['a URN with a blank behind', `${agencies.second} `],
    ['a URN with a line feed behind', `${agencies.second}\n`],
    ['a URN with a NUL behind', `${agencies.second}\u0000`],
    ['a URN with an escape behind', `${agencies.second}%00`],
    ['a URN with an emoji', of(accountB, '😀')],
    ['a URN with half a surrogate pair', `${agencies.second}\ud800`],
    ['a URN with dots', of(accountB, 'ops/../second')],
    ['a URN with double slashes', of(accountB, 'ops//second')],
    ['a URN of 1,500 line feeds', '\n'.repeat(1500)],
    ['a URN of 1,500 emojis', '😀'.repeat(1500)],
    ['a URN of 1,500 NULs', '\u0000'.repeat(1500)],
  ];
  const refusal = async (credentials: Credentials, urn: string): Promise<Answer> => service.assume(credentials, ask(urn));
  const seen = ({ status, body }: Answer, urn: string) => ({
    status, code: body.error_code, members: Object.keys(body),
    text: body.error_msg?.replace(`\`${urn}\``, '`<urn>`'), sealedLength: body.encoded_authorization_message?.length,
  });

  it.each(targets)('is the same for %s', async (_what, urn) => {
    const expected = seen(await refusal(keys.alice, agencies.untrusting), agencies.untrusting);
    expect(expected).toMatchObject({ status: 403, code: 'STS5.1001', text: expect.stringContaining('`<urn>`') as string });
    expect(seen(await refusal(keys.alice, urn), urn)).toEqual(expected);
  });

  it.each([['the root user', () => Promise.resolve(keys.rootA)], ['a service', () => Promise.resolve(keys.service)], ['a session', () => service.session(keys.alice, ask(agencies.first))]] as const)(
    'is the same for %s, whatever was refused',
    async (_who, credentials) => {
      const caller = await credentials();
      const refusals = await Promise.all([of(absentAccount, 'first'), of(accountB, 'absent'), agencies.untrusting, of(accountB, 'denying'), 'first'].map(async (urn) => seen(await refusal(caller, urn), urn)));
      expect(new Set(refusals.map((each) => JSON.stringify(each))).size).toBe(1);
    },
  );

  it('is the same whichever of the actions asked for is refused', async () => {
    const asked = { tags: [{ key: 'a', value: '' }], source_identity: 'alice' };
    const texts = await Promise.all([agencies.plain, agencies.untrusting, of(accountB, 'absent')].map(async (urn) => seen(await service.assume(keys.alice, ask(urn, asked)), urn)));
    expect(new Set(texts.map((each) => JSON.stringify(each))).size).toBe(1);
  });

  it('stands in the caller\'s audit without its reason', async () => {
    const answers = await Promise.all([agencies.untrusting, of(accountB, 'denying'), of(accountB, 'absent')].map((urn) => refusal(keys.alice, urn)));
    const events = (await service.events(accountA)).filter(({ requestId }) => answers.some(({ body }) => body.request_id === requestId));
    expect(events).toHaveLength(3);
    expect(new Set(events.map(({ decision }) => decision)).size).toBe(1);
  });

  it('comes after the caller\'s own side: who may not ask learns only that', async () => {
    for (const urn of [of(absentAccount, 'first'), agencies.untrusting, agencies.second, of(accountA, 'first'), of(accountA, 'absent'), 'first']) {
      const { body } = await refusal(keys.carol, urn);
      expect(body.error_msg).toContain('no identity-based policy allows the sts:agencies:assume action');
    }
  });
});

describe('an absent agency of the own account', () => {
  it.each<[who: string, credentials: Credentials, status: number, code: string]>([
    ['who may assume', keys.alice, 404, 'STS5.1106'],
    ['the root user', keys.rootA, 404, 'STS5.1106'],
    ['who may not', keys.carol, 403, 'STS5.1001'],
  ])('is a 404 only for who may ask for it: %s', async (_who, credentials, status, code) => {
    expect(await service.assume(credentials, ask(of(accountA, 'absent')))).toMatchObject({ status, body: { error_code: code } });
  });

  it('is a 403 for a session whose own policy does not allow the call', async () => {
    const session = await service.session(keys.alice, ask(agencies.first, { policy: JSON.stringify(policy(allow('obs:*:*'))) }));
    expect(await service.assume(session, ask(of(accountA, 'absent')))).toMatchObject({ status: 403 });
  });
});

describe('the caller\'s own policies', () => {
  it('see the tags of the own account\'s agencies', async () => {
    expect(await service.assume(prober, ask(of(accountA, 'own-tagged')))).toMatchObject({ status: 200 });
    expect(await service.assume(prober, ask(of(accountA, 'own-plain')))).toMatchObject({ status: 403 });
    expect(await service.assume(denier, ask(of(accountA, 'own-tagged')))).toMatchObject({ status: 403 });
  });

  it.each([['by asking for a tag', prober], ['by denying a tag', denier]])('cannot probe the tags of an agency that does not trust the caller, %s', async (_how, credentials) => {
    const refusals = await Promise.all([tagged, agencies.untrusting, of(accountB, 'absent'), of(absentAccount, 'tagged')].map(async (urn) => {
      const { status, body } = await service.assume(credentials, ask(urn));
      return JSON.stringify([status, body.error_code, body.error_msg?.replace(urn, '<urn>')]);
    }));
    expect(new Set(refusals).size).toBe(1);
  });

  it('see the tags of an agency of another account that trusts the caller', async () => {
    expect(await service.assume(prober, ask(of(accountB, 'trusts-tagged')))).toMatchObject({ status: 200 });
    expect(await service.assume(denier, ask(of(accountB, 'trusts-tagged')))).toMatchObject({ status: 403 });
  });
});
