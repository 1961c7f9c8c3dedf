// POST /v1/simulate: who may ask, what is told of the own account, and that nothing is told of another one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simulateAnswer, type SimulateAnswer } from '../../src/sts/simulate-answer.js';
import { absentAccount, accessKey, accountA, accountB, accountsPlus, agencies, allow, ask, assumeActions, bootstrapKey, deny, keys, policy, trust } from '../support/accounts.js';
import { startService, type Answer, type Credentials, type TestService } from '../support/service.js';

const asker = accessKey('asker');
const agency = (name: string, accountId: string = accountA) => `iam::${accountId}:agency:${name}`;
const user = (name: string, accountId: string = accountA) => `iam::${accountId}:user:${name}`;
const text = (...statements: object[]) => JSON.stringify(policy(...statements));
const byTag = { Condition: { StringEquals: { 'g:PrincipalTag/dept': 'platform' } } };

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      policies: [
        { policy_name: 'may-simulate', policy_document: policy(allow('sts::simulate')) },
        { policy_name: 'by-resource-tag', policy_document: policy(allow('sts:agencies:assume', { Condition: { StringEquals: { 'g:ResourceTag/stage': 'test' } } })) },
        { policy_name: 'objects', policy_document: policy(allow('obs:object:*', { Sid: 'office', Condition: { IpAddress: { 'g:SourceIp': '192.0.2.0/24' }, 'ForAnyValue:StringEquals': { 'g:TagKeys': ['team'] } } })) },
      ],
      users: [
        { user_name: 'asker', attached_policies: ['may-simulate'], access_keys: [bootstrapKey(asker)] },
        { user_name: 'tagger', attached_policies: ['by-resource-tag'] },
        { user_name: 'reader', attached_policies: ['objects'] },
      ],
      agencies: [
        { agency_name: 'simulator', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['may-simulate'] },
        { agency_name: 'for-b', path: 'b/', trust_policy: trust({ IAM: [accountB] }, { Sid: 'b', ...byTag }) },
        { agency_name: 'for-one', trust_policy: trust({ IAM: [agency('ops/second', accountB), user('bert', accountB)] }) },
      ],
    },
    [accountB]: { agencies: [{ agency_name: 'tagged', trust_policy: trust({ IAM: [absentAccount] }), tags: [{ tag_key: 'stage', tag_value: 'test' }] }] },
  }));
  service.clock.set(Date.now());
});
afterAll(() => service.stop());

const ask1 = (credentials: Credentials, question: object): Promise<Answer> => service.call(credentials, 'POST', '/v1/simulate', question);
const told = async (question: object, credentials = asker): Promise<SimulateAnswer> => {
  const { status, body } = await ask1(credentials, question);
  expect([status, body.error_msg]).toEqual([200, undefined]);
  return simulateAnswer.strict().parse(body);
};
const assuming = (principal: string, resource: string, more: object = {}) => ({ principal, action: 'sts:agencies:assume', resource, ...more });
const effects = ({ caller_side: caller, trust_side: trusted }: SimulateAnswer) =>
  [caller, trusted].map(({ state, decisions }) => (state === 'decided' ? decisions.map(({ effect }) => effect).join(' ') : state));

describe('asking', () => {
  const question = assuming(user('alice'), agencies.first);

  it.each<[who: string, credentials: Credentials]>([['a user without the action', keys.alice], ['a service', keys.service], ['the operator', keys.operator]])('is refused to %s', async (_who, credentials) => {
    const { status, body } = await ask1(credentials, question);
    expect([status, body.error_code]).toEqual([403, 'STS5.1001']);
    expect(Object.keys(body).sort()).toEqual(['error_code', 'error_msg', 'request_id']);
    expect(body.error_msg).toContain('sts::simulate');
    // Not even whether a principal exists.
    const absent = await ask1(credentials, assuming(user('nobody'), agencies.first));
    expect([absent.status, absent.body.error_msg]).toEqual([403, body.error_msg]);
  });

  it.each<[who: string, credentials: Credentials]>([['a user with the action', asker], ['the root user', keys.rootA]])('is open to %s', async (_who, credentials) => {
    expect((await told(question, credentials)).allowed).toBe(true);
  });

  it.each<[policies: string, fields: object, status: number]>([
    ['without a policy of its own', {}, 200],
    ['whose own policy allows it', { policy: text(allow('sts::simulate')) }, 200],
    ['whose own policy allows something else', { policy: text(allow('sts:agencies:assume')) }, 403],
    ['whose own policy denies it', { policy: text(allow('*'), deny('sts::simulate')) }, 403],
  ])('by a session %s: %d', async (_policies, fields, status) => {
    expect(await ask1(await service.session(keys.alice, ask(agency('simulator'), fields)), question)).toMatchObject({ status });
  });

  it('is audited, without values, policies and external ids', async () => {
    const { headers } = await ask1(asker, assuming(agency('first'), agencies.first, { context: { 'g:UserAgent': 'canary-1' }, session: { policy: text(allow('canary:2:x')) }, request: { external_id: 'canary-3' } }));
    const event = (await service.events(accountA)).find(({ requestId }) => requestId === headers['x-request-id']);
    expect(event).toMatchObject({ operation: 'SimulatePolicies', status: 200, principal: { userName: 'asker' }, request: { principal: agency('first'), action: 'sts:agencies:assume', resource: agencies.first } });
    expect(JSON.stringify(event)).not.toContain('canary');
    const malformed = await ask1(asker, assuming(agency('first'), agencies.first, { session: { policy: text({ Effect: 'canary' }) } }));
    const refusedEvent = (await service.events(accountA)).find(({ requestId }) => requestId === malformed.body.request_id);
    expect(refusedEvent).toMatchObject({ operation: 'SimulatePolicies', status: 400, errorCode: 'STS5.1108' });
    expect(JSON.stringify(refusedEvent)).not.toContain('canary');
    const refused = await ask1(keys.carol, question);
    expect((await service.events(accountA)).find(({ requestId }) => requestId === refused.body.request_id)).toMatchObject({ operation: 'SimulatePolicies', status: 403 });
  });

  it('stands in the OpenAPI document with its action', async () => {
    const document = await (await fetch(`${service.url}/openapi.json`)).json() as { paths: Record<string, { post?: object }> };
    expect(document.paths['/v1/simulate']?.post).toMatchObject({ operationId: 'SimulatePolicies', 'x-action': 'sts::simulate' });
  });
});

describe('of the own account', () => {
  it.each<[question: string, given: object, expected: readonly string[]]>([
    ['a user that both sides allow', assuming(user('alice'), agencies.first), ['allow', 'allow']],
    ['a user without a policy', assuming(user('carol'), agencies.first), ['implicit-deny', 'allow']],
    ['the root user, who needs none', assuming(`iam::${accountA}:root`, agencies.first), ['allow', 'allow']],
    ['the root user by its name', assuming(user('root-a'), agencies.first), ['allow', 'allow']],
    ['a tag that the user may not pass', assuming(user('bob'), agencies.first, { request: { tags: [{ key: 'a', value: '' }] } }), ['allow implicit-deny', 'allow allow']],
    ['a session with an inherited tag and a source identity', assuming(agency('first'), agencies.first, { session: { tags: [{ key: 'a', value: '' }], transitive_tag_keys: ['a'], source_identity: 'ann' } }), ['allow allow allow', 'allow allow allow']],
    ['a session whose policy is narrower', assuming(agency('first'), agencies.first, { session: { policy: text(allow('obs:*:*')) } }), ['implicit-deny', 'allow']],
    ['an agency that wants an external id, without', assuming(user('alice'), agencies.external), ['allow', 'implicit-deny']],
    ['an agency that wants an external id, with it', assuming(user('alice'), agencies.external, { request: { external_id: 'partner-42' } }), ['allow', 'allow']],
    ['an agency that wants an external id, given as a condition value', assuming(user('alice'), agencies.external, { context: { 'STS:externalid': 'partner-42' } }), ['allow', 'allow']],
    ['an agency that wants MFA, with a code', assuming(user('alice'), agencies.mfa, { request: { mfa: true } }), ['allow', 'allow']],
    ['an agency that wants MFA, without', assuming(user('alice'), agencies.mfa), ['allow', 'implicit-deny']],
    ['a service on behalf of the account', assuming('service.OBS', agencies.service, { context: { 'g:SourceAccount': accountA } }), ['none', 'allow']],
    ['a service on nobody\'s behalf', assuming('service.OBS', agencies.service), ['none', 'implicit-deny']],
    ['tags of the agency', assuming(user('tagger'), agencies.first), ['allow', 'allow']],
    ['another action', { principal: user('reader'), action: 'obs:object:GetObject', context: { 'g:SourceIp': '192.0.2.7', 'g:TagKeys': 'team' } }, ['allow', 'none']],
    ['another action from elsewhere', { principal: user('reader'), action: 'obs:object:GetObject', context: { 'g:SourceIp': '198.51.100.7' } }, ['implicit-deny', 'none']],
    ['the tag action alone', { principal: user('bob'), action: 'STS::tagsession', resource: agencies.first }, ['implicit-deny', 'allow']],
  ])('%s', async (_question, given, expected) => {
    const answer = await told(given);
    expect(effects(answer)).toEqual(expected);
    expect([answer.allowed, answer.complete]).toEqual([expected.every((one) => /^(allow ?|none)+$/.test(one)), true]);
  });

  it('explains which statement allowed, and which conditions failed on which values', async () => {
    const allowed = await told({ principal: user('reader'), action: 'obs:object:GetObject', context: { 'g:SourceIp': '192.0.2.7', 'g:TagKeys': ['a', 'team'] } });
    expect(allowed.caller_side.decisions).toMatchObject([{ matched_statement: { policy: 'objects', index: 0, sid: 'office' }, context: { 'g:SourceIp': '192.0.2.7', 'g:TagKeys': ['a', 'team'] } }]);
    const refused = await told({ principal: user('reader'), action: 'obs:object:GetObject', context: { 'g:SourceIp': '198.51.100.7' } });
    expect(refused.caller_side.decisions).toMatchObject([{
      reason: 'no identity-based policy allows the obs:object:GetObject action',
      failed_conditions: [{ policy: 'objects', index: 0, sid: 'office', operator: 'IpAddress', key: 'g:SourceIp', expected: ['192.0.2.0/24'], actual: '198.51.100.7' }, { key: 'g:TagKeys', expected: ['team'] }],
    }]);
  });

  it.each<[rule: string, given: object, refusal: string]>([
    ['a disabled user', assuming(user('disabled'), agencies.first), `the user \`${user('disabled')}\` is disabled: none of its access keys is accepted`],
    ['an agency that is absent', assuming(user('alice'), agency('absent')), `the agency \`${agency('absent')}\` cannot be found`],
    ['a source identity that changes', assuming(agency('first'), agencies.first, { session: { source_identity: 'ann' }, request: { source_identity: 'bob' } }), '`source_identity`: the chain carries the source identity `ann`, which cannot be changed'],
    ['an inherited tag that is passed again', assuming(agency('first'), agencies.first, { session: { tags: [{ key: 'a', value: '1' }], transitive_tag_keys: ['a'] }, request: { tags: [{ key: 'A', value: '2' }] } }), '`tags`: `a` is inherited as a transitive tag of the chain and cannot be passed again'],
  ])('tells the rule beside all policies: %s', async (_rule, given, refusal) => {
    expect(await told(given)).toMatchObject({ allowed: false, refusal });
  });

  it.each<[what: string, principal: string]>([['a user', user('nobody')], ['an agency', agency('nobody')], ['an agency under another path', agency('x/first')], ['a session', `sts::${accountA}:assumed-agency:nobody/session1`], ['an object\'s member', user('constructor')]])(
    '%s that it does not have is a 404', async (_what, principal) => {
      expect(await ask1(asker, assuming(principal, agencies.first))).toMatchObject({ status: 404, body: { error_code: 'STS5.1116', error_msg: `the principal \`${principal}\` cannot be found` } });
    });
});

describe('of another account', () => {
  it('an agency\'s trust is not visible, whether it trusts, refuses or is absent', async () => {
    const targets = [agencies.second, agencies.untrusting, agency('tagged', accountB), agency('absent', accountB), agency('first', absentAccount)];
    const answers = await Promise.all(targets.map(async (urn) => JSON.stringify(await told(assuming(user('alice'), urn))).replaceAll(urn, '<urn>')));
    expect(new Set(answers).size).toBe(1);
    expect(JSON.parse(answers[0] ?? '')).toMatchObject({ allowed: true, complete: false, caller_side: { state: 'decided' }, trust_side: { state: 'not-visible', decisions: [] } });
  });

  it('an agency\'s tags decide nothing, unless they are given', async () => {
    for (const urn of [agency('tagged', accountB), agencies.second]) {
      expect((await told(assuming(user('tagger'), urn))).allowed).toBe(false);
      expect((await told(assuming(user('tagger'), urn, { context: { 'g:ResourceTag/stage': 'test' } }))).allowed).toBe(true);
    }
  });

  it('a principal is asked of the own agency\'s trust alone, whether it exists or not', async () => {
    const answers = await Promise.all(['bert', 'nobody'].map(async (name) => JSON.stringify(await told(assuming(user(name, accountB), agency('b/for-b'))))));
    expect(new Set(answers).size).toBe(1);
    expect(JSON.parse(answers[0] ?? '')).toMatchObject({ allowed: false, complete: false, caller_side: { state: 'not-visible', decisions: [] }, trust_side: { decisions: [{ failed_conditions: [{ key: 'g:PrincipalTag/dept', sid: 'b' }] }] } });
  });

  it('a principal has the tags that are given, and not its own', async () => {
    const given = { context: { 'g:PrincipalTag/dept': 'platform' } };
    // Alice has this tag, but seen from account B she is a name.
    expect((await told(assuming(user('alice'), agencies.second, {}), keys.rootB)).trust_side.decisions[0]?.context).toEqual({});
    expect(effects(await told(assuming(user('bert', accountB), agency('b/for-b'), given)))).toEqual(['not-visible', 'allow']);
    expect(effects(await told(assuming(agency('ops/second', accountB), agency('b/for-b'), { session: { tags: [{ key: 'dept', value: 'platform' }] } })))).toEqual(['not-visible', 'allow']);
  });

  it.each<[principal: string, expected: string]>([
    [agency('ops/second', accountB), 'allow'], [agency('second', accountB), 'implicit-deny'], [`sts::${accountB}:assumed-agency:second/session1`, 'implicit-deny'],
    [user('bert', accountB), 'allow'], [user('bert2', accountB), 'implicit-deny'], [`iam::${accountB}:root`, 'implicit-deny'],
  ])('%s is compared whole: %s', async (principal, expected) => {
    expect(effects(await told(assuming(principal, agency('for-one'))))).toEqual(['not-visible', expected]);
  });

  it('policies of a session are not looked up', async () => {
    expect((await told(assuming(agency('ops/second', accountB), agency('for-one'), { session: { policy_ids: ['nobody-has-this'] } }))).allowed).toBe(true);
  });

  it.each<[what: string, question: object]>([
    ['a principal with an agency of its own account', assuming(user('bert', accountB), agencies.second)],
    ['a principal with an agency that is absent', assuming(user('bert', accountB), agency('absent', absentAccount))],
    ['a principal and another action', { principal: user('bert', accountB), action: 'obs:object:GetObject' }],
    ['a service and another action', { principal: 'service.OBS', action: 'obs:object:GetObject' }],
    ['a service with an agency of another account', assuming('service.OBS', agencies.second)],
  ])('%s cannot be asked about', async (_what, question) => {
    const { status, body } = await ask1(asker, question);
    expect([status, body.error_code]).toEqual([400, 'STS5.1102']);
    expect(body.error_msg).toContain('only the trust of a visible agency can be simulated');
  });
});

describe('a question', () => {
  const good = assuming(user('alice'), agencies.first);
  it.each<[what: string, question: unknown, field: string]>([
    ['without a principal', { ...good, principal: undefined }, 'principal'],
    ['about a group', { ...good, principal: `iam::${accountA}:group:assumers` }, 'principal'],
    ['about an account', { ...good, principal: accountA }, 'principal'],
    ['about everybody', { ...good, principal: '*' }, 'principal'],
    ['about a principal with a wildcard', { ...good, principal: agency('*') }, 'principal'],
    ['about a principal with a NUL', { ...good, principal: `${agency('first')}\u0000` }, 'principal'],
    ['with a wildcard for an action', { ...good, action: 'sts:*' }, 'action'],
    ['about assuming something that is no agency', { ...good, resource: user('alice') }, 'resource'],
    ['about assuming nothing', { ...good, resource: undefined }, 'resource'],
    ['with a member that is unknown', { ...good, contexts: {} }, 'body'],
    ['with a member of the session that is unknown', { ...good, principal: agency('first'), session: { tag: [] } }, 'session'],
    ['with a number for a context value', { ...good, context: { 'g:MFAAge': 1 } }, 'context.g:MFAAge'],
    ['with 101 context keys', { ...good, context: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x:${index}`, ''])) }, 'context'],
    ['with a session of a user', { ...good, session: {} }, 'session'],
    ['with a second name for a session', { ...good, principal: `sts::${accountA}:assumed-agency:first/session1`, session: { name: 'other' } }, 'session.name'],
    ['with an MFA code of a session', { ...good, principal: agency('first'), request: { mfa: true } }, 'request.mfa'],
    ['with what only an assume call asks for', { principal: user('alice'), action: 'obs:object:GetObject', request: { external_id: 'x1' } }, 'request'],
  ])('%s is refused by name of the field', async (_what, question, field) => {
    const { status, body } = await ask1(asker, question as object);
    expect([status, body.error_code]).toEqual([400, 'STS5.1102']);
    expect(body.error_msg?.startsWith(`\`${field}\`: `), body.error_msg).toBe(true);
  });

  it.each<[what: string, session: object, code: string]>([
    ['a session policy that is none', { policy: '{"Version":"5.0","Statement":[{"Effect":"Deny","Effect":"Allow","Action":["*"]}]}' }, 'STS5.1108'],
    ['a policy id that the account does not have', { policy_ids: ['nobody-has-this'] }, 'STS5.1109'],
    ['a transitive key without its tag', { transitive_tag_keys: ['a'] }, 'STS5.1110'],
  ])('with %s is refused like AssumeAgency does', async (_what, session, code) => {
    expect(await ask1(asker, assuming(agency('first'), agencies.first, { session }))).toMatchObject({ status: 400, body: { error_code: code } });
  });

  it.each(['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString'])('with the condition key `%s` reads no prototype', async (name) => {
    const body = JSON.stringify({ ...good, context: {} }).replace('"context":{}', `"context":{"${name}":"x","g:UserAgent":["y"]}`);
    const { status, body: answer } = await service.call(asker, 'POST', '/v1/simulate', body, { headers: { 'content-type': 'application/json' } });
    expect([status, simulateAnswer.safeParse(answer).data?.allowed]).toEqual([200, true]);
    expect(({} as Record<string, unknown>)['g:UserAgent']).toBeUndefined();
  });

  it('is answered for every action of an assume call at once', async () => {
    const { caller_side: caller } = await told({ ...good, request: { tags: [{ key: 'a', value: '' }], source_identity: 'ann' } });
    expect(caller.decisions.map(({ action }) => action)).toEqual(assumeActions);
  });
});
