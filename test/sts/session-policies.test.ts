// Session policies only narrow what the agency may do, in every action of the session, and end with it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountB, accountsPlus, agencies, allow, ask, assumeActions, deny, keys, policy, trust } from '../support/accounts.js';
import { startService, writeChanges, type Answer, type Credentials, type TestService } from '../support/service.js';
import { entityField } from '../../src/directory/snapshot.js';

const decodeAction = 'sts::decodeAuthorizationMessage';
const weak = `iam::${accountA}:agency:weak`;
const ids = {
  assume: 'may-assume', decode: 'may-decode', everything: 'may-everything', denyDecode: 'denies-decode', changing: 'changes', deleted: 'goes-away', ofB: 'of-account-b',
};
const identityPolicy = (id: string, document: object) => ({ policy_id: id, policy_name: `named-${id}`, policy_document: document });
const bootstrap = (changing: object) => accountsPlus({
  [accountA]: {
    policies: [
      identityPolicy(ids.assume, policy(allow(assumeActions))),
      identityPolicy(ids.decode, policy(allow(decodeAction))),
      identityPolicy(ids.everything, policy(allow('*'))),
      identityPolicy(ids.denyDecode, policy(allow('*'), deny(decodeAction))),
      identityPolicy(ids.changing, changing),
      identityPolicy(ids.deleted, policy(allow('*'))),
    ],
    agencies: [{ agency_name: 'weak', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['only-assume'] }],
  },
  [accountB]: { policies: [identityPolicy(ids.ofB, policy(allow('*')))] },
});

let service: TestService;
let message: string;
beforeAll(async () => {
  service = await startService(bootstrap(policy(allow(assumeActions))));
  service.clock.set(Date.now());
  message = (await service.assume(keys.alice, ask(agencies.external))).body.encoded_authorization_message ?? '';
});
afterAll(() => service.stop());

const text = (...statements: object[]) => JSON.stringify(policy(...statements));
const decode = (session: Credentials): Promise<Answer> => service.call(session, 'POST', '/v5/decode-authorization-message', { encoded_message: message });
/** What a session can do: chain, chain with a tag, chain to another account, decode. */
async function abilities(session: Credentials): Promise<string> {
  const calls: readonly [string, Answer][] = [
    ['chain', await service.assume(session, ask(agencies.first))],
    ['tag', await service.assume(session, ask(agencies.first, { tags: [{ key: 'a', value: '' }] }))],
    ['cross', await service.assume(session, ask(agencies.second))],
    ['decode', await decode(session)],
  ];
  return calls.filter(([, { status }]) => status === 200).map(([name]) => name).join(' ');
}

describe('a session of an agency that may do everything', () => {
  it.each<[policies: string, fields: object, able: string]>([
    ['without policies', {}, 'chain tag cross decode'],
    ['with a policy that allows everything', { policy: text(allow('*')) }, 'chain tag cross decode'],
    ['with a policy for one action', { policy: text(allow('sts:agencies:assume')) }, 'chain cross'],
    ['with a policy for one resource', { policy: text(allow(assumeActions, { Resource: [agencies.first] })) }, 'chain tag'],
    ['with a policy for other actions only', { policy: text(allow('obs:*:*')) }, ''],
    ['with a policy that excepts an action', { policy: text({ Effect: 'Allow', NotAction: [decodeAction] }) }, 'chain tag cross'],
    ['with a policy that denies an action', { policy: text(allow('*'), deny('sts::tagSession')) }, 'chain cross decode'],
    ['with a policy that only denies', { policy: text(deny('sts::tagSession')) }, ''],
    ['with a policy whose condition fails', { policy: text(allow('*', { Condition: { StringEquals: { 'g:UserName': 'alice' } } })) }, ''],
    ['with a policy id', { policy_ids: [ids.decode] }, 'decode'],
    ['with two policy ids, which add up', { policy_ids: [ids.decode, ids.assume] }, 'chain tag cross decode'],
    ['with two policy ids of which one denies', { policy_ids: [ids.everything, ids.denyDecode] }, 'chain tag cross'],
    ['with a policy and a policy id, which intersect', { policy: text(allow('*')), policy_ids: [ids.decode] }, 'decode'],
    ['with a policy and a policy id that share nothing', { policy: text(allow(assumeActions)), policy_ids: [ids.decode] }, ''],
    ['with a policy and a policy id that denies', { policy: text(allow('*')), policy_ids: [ids.denyDecode] }, 'chain tag cross'],
    ['with a policy that denies what its ids allow', { policy: text(allow('*'), deny(decodeAction)), policy_ids: [ids.everything] }, 'chain tag cross'],
  ])('%s', async (_policies, fields, able) => {
    expect(await abilities(await service.session(keys.alice, ask(agencies.first, fields)))).toBe(able);
  });
});

describe('a session of an agency that may only assume', () => {
  it.each<[policies: string, fields: object]>([
    ['a policy that allows everything', { policy: text(allow('*')) }],
    ['a policy that names what the agency lacks', { policy: text(allow([...assumeActions, decodeAction])) }],
    ['a policy that excepts nothing that is asked', { policy: text({ Effect: 'Allow', NotAction: ['obs:*:*'] }) }],
    ['policy ids that allow everything', { policy_ids: [ids.everything] }],
    ['both', { policy: text(allow('*')), policy_ids: [ids.everything] }],
  ])('gains nothing by %s', async (_policies, fields) => {
    expect(await abilities(await service.session(keys.alice, ask(weak, fields)))).toBe('chain cross');
  });
});

describe('a session policy', () => {
  it('refuses with its own name, and the sealed reason names its side', async () => {
    const session = await service.session(keys.alice, ask(agencies.first, { policy: text(allow(decodeAction)) }));
    const { body } = await service.assume(session, ask(agencies.second));
    expect(body.error_msg).toContain('no session policy allows the sts:agencies:assume action');
    const decoded = await service.call(session, 'POST', '/v5/decode-authorization-message', { encoded_message: body.encoded_authorization_message });
    expect(JSON.parse(decoded.body.decoded_message ?? '')).toMatchObject({ side: 'session', explicit_deny: false, action: 'sts:agencies:assume' });
  });

  it('cannot keep a session from asking who it is', async () => {
    const session = await service.session(keys.alice, ask(agencies.first, { policy: text(deny('*')) }));
    expect(await service.identity(session)).toMatchObject({ status: 200 });
  });

  it('is not inherited: the next hop begins with the policies of its own agency', async () => {
    const narrow = await service.session(keys.alice, ask(agencies.first, { policy: text(allow('sts:agencies:assume')), policy_ids: [ids.assume] }));
    expect(await abilities(narrow)).toBe('chain cross');
    expect(await abilities(await service.session(narrow, ask(agencies.first)))).toBe('chain tag cross decode');
  });

  it.each<[name: string, document: string]>([
    ['nothing in it', '{}'],
    ['no JSON', 'policy'],
    ['an array around it', `[${text(allow('*'))}]`],
    ['a byte order mark', `\uFEFF${text(allow('*'))}`],
    ['a comment', `/* all */${text(allow('*'))}`],
    ['a line comment', `${text(allow('*'))}// all`],
    ['a trailing comma', text(allow('*')).replace(/}$/, ',}')],
    ['single quotes', text(allow('*')).replaceAll('"', '\'')],
    ['something behind it', `${text(allow('*'))} {}`],
    ['one name twice', `{"Version":"5.0","Statement":[{"Effect":"Deny","Effect":"Allow","Action":["*"]}]}`],
    ['one name twice, once escaped', `{"Version":"5.0","Statement":[{"Effect":"Deny","\\u0045ffect":"Allow","Action":["*"]}]}`],
    ['a NUL in a value', `{"Version":"5.0","Statement":[{"Sid":"a\\u0000","Effect":"Allow","Action":["*"]}]}`],
    ['a NUL in a name', `{"Version":"5.0","\\u0000":1,"Statement":[{"Effect":"Allow","Action":["*"]}]}`],
    ['half a surrogate pair', `{"Version":"5.0","Statement":[{"Sid":"\\ud800","Effect":"Allow","Action":["*"]}]}`],
    ['a prototype', `{"__proto__":{},${text(allow('*')).slice(1)}`],
    ['another version', text(allow('*')).replace('5.0', '1.1')],
    ['no version', JSON.stringify({ Statement: [allow('*')] })],
    ['no statement', JSON.stringify({ Version: '5.0', Statement: [] })],
    ['a principal', text(allow('*', { Principal: { IAM: [accountA] } }))],
    ['an unknown element', text(allow('*', { Resources: ['*'] }))],
    ['an unknown operator', text(allow('*', { Condition: { StringIs: { 'g:UserName': 'alice' } } }))],
    ['an effect in lower case', text({ Effect: 'allow', Action: ['*'] })],
    ['both Action and NotAction', text(allow('*', { NotAction: ['obs:*:*'] }))],
    ['deep nesting', '['.repeat(1000)],
  ])('is refused with %s', async (_name, document) => {
    const answer = await service.assume(keys.alice, ask(agencies.first, { policy: document }));
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'STS5.1108' } });
    expect(answer.body.error_msg).toMatch(/^`policy`: /);
  });
});

describe('a policy id', () => {
  it.each<[what: string, agency: string, id: string]>([
    ['nobody has', agencies.first, 'nobody-has-this'],
    ['another account has', agencies.first, ids.ofB],
    ['the caller\'s account has, but not the agency\'s', agencies.second, ids.everything],
    ['is a name', agencies.first, `named-${ids.everything}`],
    ['is a member of every object', agencies.first, 'constructor'],
  ])('that %s is refused, and named', async (_what, agency, id) => {
    const answer = await service.assume(keys.alice, ask(agency, { policy_ids: [id] }));
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'STS5.1109' } });
    expect(answer.body.error_msg).toContain(`\`policy_ids\`: \`${id}\``);
  });

  it('is looked up in the agency\'s account', async () => {
    expect(await service.assume(keys.alice, ask(agencies.second, { policy_ids: [ids.ofB] }))).toMatchObject({ status: 200 });
  });

  it('of another account cannot be guessed by whom that account does not trust', async () => {
    const texts = [];
    for (const id of [ids.ofB, 'nobody-has-this']) {
      const { status, body } = await service.assume(keys.alice, ask(agencies.untrusting, { policy_ids: [id] }));
      texts.push([status, body.error_msg]);
    }
    expect(texts[0]).toEqual(texts[1]);
    expect(texts[0]?.[0]).toBe(403);
  });

  it('acts as the policy stands now, not as it stood when the session was issued', async () => {
    const session = await service.session(keys.alice, ask(agencies.first, { policy_ids: [ids.changing] }));
    expect(await abilities(session)).toBe('chain tag cross');
    await service.apply(bootstrap(policy(allow(decodeAction))));
    expect(await abilities(session)).toBe('decode');
    await service.apply(bootstrap(policy(allow(assumeActions))));
    expect(await abilities(session)).toBe('chain tag cross');
  });

  it('whose policy is deleted allows nothing any more', async () => {
    const session = await service.session(keys.alice, ask(agencies.first, { policy_ids: [ids.deleted] }));
    const both = await service.session(keys.alice, ask(agencies.first, { policy_ids: [ids.deleted, ids.decode] }));
    expect(await abilities(session)).toBe('chain tag cross decode');
    const { services } = service.composition;
    const view = await services.directory.read(accountA, () => []);
    await writeChanges(service.composition, [{ accountId: accountA, expectedRevision: view?.snapshot.revision, put: [], remove: [entityField('policy', ids.deleted)] }]);
    expect(await abilities(session)).toBe('');
    expect(await abilities(both)).toBe('decode');
    expect(await service.identity(session)).toMatchObject({ status: 200 });
  });
});
