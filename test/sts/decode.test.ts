// DecodeAuthorizationMessage: the reason of a denial, for the account that decided it and nobody else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { absentAccount, accessKey, accountA, accountB, accountsPlus, agencies, allow, ask, bootstrapKey, deny, keys, policy, trust } from '../support/accounts.js';
import { startService, type Answer, type Credentials, type TestService } from '../support/service.js';

const conditional = `iam::${accountA}:agency:conditional`;
const denying = `iam::${accountA}:agency:denying`;
const decoder = accessKey('decoder');
const narrowed = accessKey('narrowed');
const longSid = 's'.repeat(4000);

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      policies: [
        { policy_name: 'may-decode', policy_document: policy(allow('sts::decodeAuthorizationMessage')) },
        { policy_name: 'decode-something', policy_document: policy(allow('sts::decodeAuthorizationMessage', { Resource: [agencies.first] })) },
      ],
      users: [
        { user_name: 'decoder', attached_policies: ['may-decode'], access_keys: [bootstrapKey(decoder)] },
        { user_name: 'narrowed', attached_policies: ['decode-something'], access_keys: [bootstrapKey(narrowed)] },
      ],
      agencies: [
        { agency_name: 'conditional', trust_policy: trust({ IAM: [accountA] }, { Sid: 'with-ticket', Condition: { StringEquals: { 'g:RequestTag/ticket': '7' } } }) },
        { agency_name: 'denying', trust_policy: policy(allow('*', { Principal: { IAM: ['*'] } }), { Sid: longSid, ...deny('*', { Principal: { IAM: [accountA] } }) }) },
      ],
    },
  }));
  service.clock.set(Date.now());
});
afterAll(() => service.stop());

const decode = (credentials: Credentials, message: unknown): Promise<Answer> => service.call(credentials, 'POST', '/v5/decode-authorization-message', { encoded_message: message });
const denied = async (credentials: Credentials, agency: string, more: object = {}): Promise<string> => {
  const { status, body } = await service.assume(credentials, ask(agency, more));
  expect(status).toBe(403);
  return body.encoded_authorization_message ?? '';
};
const decoded = async (credentials: Credentials, message: string): Promise<unknown> => {
  const { status, body } = await decode(credentials, message);
  expect(status).toBe(200);
  expect(Object.keys(body)).toEqual(['decoded_message']);
  expect(body.decoded_message?.length).toBeLessThanOrEqual(10_240);
  return JSON.parse(body.decoded_message ?? '');
};
const aliceUrn = `iam::${accountA}:user:alice`;

describe('the decoded reason', () => {
  it('of a missing allow names side, action, resource, principal and the values used', async () => {
    expect(await decoded(decoder, await denied(keys.carol, agencies.first))).toMatchObject({
      allowed: false, side: 'identity', explicit_deny: false, action: 'sts:agencies:assume', resource: agencies.first,
      principal: `iam::${accountA}:user:carol`, failure: 'no identity-based policy allows the sts:agencies:assume action', failed_conditions: [],
    });
  });

  it('of a second action names that action', async () => {
    expect(await decoded(decoder, await denied(keys.bob, agencies.first, { source_identity: 'bob' }))).toMatchObject({ side: 'identity', action: 'sts::setSourceIdentity' });
  });

  it('of a condition names its statement, key, expected and actual value', async () => {
    expect(await decoded(decoder, await denied(keys.alice, conditional, { tags: [{ key: 'ticket', value: '8' }] }))).toMatchObject({
      side: 'trust', explicit_deny: false,
      failed_conditions: [{ policy: 'trust policy', statement: 0, sid: 'with-ticket', operator: 'StringEquals', key: 'g:RequestTag/ticket', expected: ['7'], actual: '8' }],
      context: { 'g:RequestTag/ticket': '8' },
    });
  });

  it('of an explicit deny names the statement, a long Sid cut short', async () => {
    const reason = await decoded(decoder, await denied(keys.alice, denying));
    expect(reason).toMatchObject({ side: 'trust', explicit_deny: true, matched_statement: { policy: 'trust policy', index: 1, sid: expect.stringMatching(/^s{200,}…$/) as string } });
  });

  it('that would be too long leaves context values out and says so', async () => {
    const tags = Array.from({ length: 20 }, (_, index) => ({ key: `k${index}`, value: '漢'.repeat(255) }));
    const condition = { StringEquals: Object.fromEntries(tags.map(({ key }) => [`g:RequestTag/${key}`, 'x'])) };
    await service.apply(accountsPlus({ [accountA]: { agencies: [{ agency_name: 'wordy', trust_policy: trust({ IAM: [accountA] }, { Condition: condition }) }] } }));
    expect(await decoded(decoder, await denied(keys.alice, `iam::${accountA}:agency:wordy`, { tags }))).toMatchObject({ side: 'trust', truncated: true });
  });

  it.each<[what: string, agency: string, fields: object]>([
    ['a source identity that cannot change', agencies.second, { source_identity: 'bob' }],
    ['an MFA code', agencies.first, { serial_number: 'iam::none:mfa:none', token_code: '123456' }],
  ])('that no policy decided is told as well: %s', async (_what, agency, fields) => {
    const session = await service.session(keys.alice, ask(agencies.first, { source_identity: 'alice' }));
    const { body } = await service.assume(session, ask(agency, fields));
    expect(await decoded(decoder, body.encoded_authorization_message ?? '')).toMatchObject({ allowed: false, failure: body.error_msg, action: 'sts:agencies:assume', resource: agency });
  });

  it('holds no external id of the request that another account sent to the wrong place', async () => {
    const message = await denied(keys.alice, agencies.first.replace('first', 'for-service'), { external_id: 'canary-external-id' });
    expect(JSON.stringify(await decoded(decoder, message))).not.toContain('canary-external-id');
  });
});

describe('a message', () => {
  it('of the target\'s refusal can be decoded by the target\'s account alone', async () => {
    const message = await denied(keys.alice, agencies.untrusting);
    expect(await decoded(keys.bert, message)).toMatchObject({ side: 'trust', explicit_deny: false, principal: aliceUrn, resource: agencies.untrusting, failure: 'the trust policy does not allow the sts:agencies:assume action' });
    expect(await decoded(keys.rootB, message)).toMatchObject({ side: 'trust' });
    for (const credentials of [keys.alice, keys.rootA, decoder]) expect(await decode(credentials, message)).toMatchObject({ status: 400, body: { error_code: 'STS5.1115' } });
  });

  it('of an agency that the target does not have says so to the target', async () => {
    expect(await decoded(keys.bert, await denied(keys.alice, `iam::${accountB}:agency:absent`))).toMatchObject({ failure: 'the agency does not exist' });
  });

  it('of the caller\'s own refusal can be decoded by the caller\'s account alone', async () => {
    const message = await denied(keys.carol, agencies.untrusting);
    expect(await decoded(keys.alice, message)).toMatchObject({ side: 'identity' });
    expect(await decode(keys.bert, message)).toMatchObject({ status: 400 });
  });

  it('for an account that does not exist can be decoded by nobody', async () => {
    const message = await denied(keys.alice, `iam::${absentAccount}:agency:first`);
    for (const credentials of [keys.alice, keys.bert]) expect(await decode(credentials, message)).toMatchObject({ status: 400 });
  });

  it('that was altered anywhere is none', async () => {
    const message = await denied(keys.carol, agencies.first);
    const dot = message.indexOf('.');
    const altered = [
      ...[0, dot - 1, dot + 1, dot + 20, Math.floor(message.length / 2), message.length - 2].map((at) => message.slice(0, at) + (message.charAt(at) === 'A' ? 'B' : 'A') + message.slice(at + 1)),
      `${message}=`, `${message}\n`, `${message} `, `${message}A`, `${message.slice(0, 100)}\n${message.slice(100)}`, ...'BCDEFGHIJKLMNOP'.split('').map((last) => message.slice(0, -1) + last).filter((text) => text !== message),
      message.slice(0, -4), message.slice(dot), message.slice(dot + 1), message.slice(0, dot + 1), `x${message}`, `${message.slice(0, dot)}.${'A'.repeat(4000)}`, '.', '{}', '😀',
    ];
    for (const text of altered) {
      expect(await decode(decoder, text)).toMatchObject({ status: 400, body: { error_code: 'STS5.1115', error_msg: '`encoded_message`: not a message that was issued for this account' } });
    }
  });

  it.each<[what: string, message: unknown]>([['missing', undefined], ['empty', ''], ['over 10,240 characters', 'a'.repeat(10_241)], ['null', null], ['a number', 1], ['a list', ['a']]])(
    'that is %s is refused by name of the field',
    async (_what, message) => {
      const answer = await decode(decoder, message);
      expect(answer).toMatchObject({ status: 400, body: { error_code: 'STS5.1102' } });
      expect(answer.body.error_msg).toMatch(/^`encoded_message`: /);
    },
  );

  it('of 10,240 characters is looked at', async () => {
    expect(await decode(decoder, 'a'.repeat(10_240))).toMatchObject({ status: 400, body: { error_code: 'STS5.1115' } });
  });

  it('shows nothing to who holds it, and is another one each time', async () => {
    const first = await denied(keys.carol, agencies.first);
    const second = await denied(keys.carol, agencies.first);
    expect(first).not.toBe(second);
    expect(first.length).toBeLessThanOrEqual(10_240);
    const bytes = Buffer.from(first.slice(first.indexOf('.') + 1), 'base64url').toString('latin1');
    expect(bytes).not.toContain('carol');
    expect(bytes).not.toContain('sts:agencies');
  });
});

describe('decoding', () => {
  it.each<[who: string, credentials: Credentials]>([['without permission', keys.carol], ['with permission for a resource, of which the action has none', narrowed], ['with permission for other actions', keys.bob]])(
    '%s is a 403 without a sealed reason',
    async (_who, credentials) => {
      const answer = await decode(credentials, await denied(keys.carol, agencies.first));
      expect(answer).toMatchObject({ status: 403, body: { error_code: 'STS5.1001' } });
      expect(Object.keys(answer.body).sort()).toEqual(['error_code', 'error_msg', 'request_id']);
      expect(answer.body.error_msg).toContain('sts::decodeAuthorizationMessage');
    },
  );

  it('is open to the root user, and to sessions of the account as far as their agency and their own policies allow', async () => {
    const message = await denied(keys.carol, agencies.first);
    expect(await decode(keys.rootA, message)).toMatchObject({ status: 200 });
    expect(await decode(await service.session(keys.alice, ask(agencies.first)), message)).toMatchObject({ status: 200 });
    const narrow = await service.session(keys.alice, ask(agencies.first, { policy: JSON.stringify(policy(allow('sts:agencies:assume'))) }));
    expect(await decode(narrow, message)).toMatchObject({ status: 403 });
    const ofB = await service.session(keys.alice, ask(agencies.second));
    expect(await decode(ofB, message)).toMatchObject({ status: 400 });
  });
});
