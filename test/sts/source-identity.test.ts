// The source identity: set once in a chain, then carried through all of it unchanged.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountsPlus, agencies, allow, ask, keys, policy, trust } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';

const urn = (name: string) => `iam::${accountA}:agency:${name}`;
const conditional = (name: string, condition: object) => ({ agency_name: name, trust_policy: trust({ IAM: [accountA] }, { Condition: condition }), attached_policies: ['assume-all'] });

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      agencies: [
        { agency_name: 'no-identity', trust_policy: policy(allow(['sts:agencies:assume', 'sts::tagSession'], { Principal: { IAM: [accountA] } })) },
        { agency_name: 'only-assumes', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['only-assume'] },
        conditional('own-name', { StringEquals: { 'sts:SourceIdentity': '${g:UserName}' } }),
        conditional('carried', { StringEquals: { 'g:SourceIdentity': 'alice' } }),
        conditional('silent', { Null: { 'sts:SourceIdentity': 'true' } }),
      ],
    },
  }));
  service.clock.set(Date.now());
});
afterAll(() => service.stop());

const alice = { source_identity: 'alice' };
const status = async (credentials: Credentials, agency: string, more: object = {}) => (await service.assume(credentials, ask(agency, more))).status;

describe('setting it', () => {
  it('is answered, and stands in the audit of every request of the session', async () => {
    const answer = await service.assume(keys.alice, ask(agencies.first, alice));
    expect(answer).toMatchObject({ status: 200, body: alice });
    const session = await service.session(keys.alice, ask(agencies.first, alice));
    await service.identity(session);
    await service.assume(session, ask(agencies.untrusting));
    const own = (await service.events(accountA)).filter(({ principal }) => principal.accessKeyId === session.accessKeyId);
    expect(own.map(({ callerSession }) => callerSession?.sourceIdentity)).toEqual(['alice', 'alice']);
  });

  it('needs sts::setSourceIdentity in the caller\'s identity policies', async () => {
    const answer = await service.assume(keys.bob, ask(agencies.first, { source_identity: 'bob' }));
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'STS5.1001' } });
    expect(answer.body.error_msg).toContain('no identity-based policy allows the sts::setSourceIdentity action');
  });

  it('needs sts::setSourceIdentity in the target\'s trust policy', async () => {
    const answer = await service.assume(keys.alice, ask(urn('no-identity'), alice));
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'STS5.1001' } });
    expect(answer.body.error_msg).toContain('the trust policy does not allow the sts::setSourceIdentity action');
    expect(await status(keys.alice, agencies.plain, alice)).toBe(403);
    expect(await status(keys.alice, agencies.plain)).toBe(200);
  });

  it.each<[identity: string | undefined, expected: number]>([['alice', 200], ['bob', 403], ['Alice', 403], [undefined, 403]])(
    'can be bound to the user\'s name by a condition: %s: %d',
    async (identity, expected) => {
      expect(await status(keys.alice, urn('own-name'), identity === undefined ? {} : { source_identity: identity })).toBe(expected);
    },
  );

  it('is possible on a later hop when the chain has none, and holds from then on', async () => {
    const first = await service.session(keys.alice, ask(agencies.first));
    expect(await service.assume(first, ask(agencies.second))).toMatchObject({ status: 200 });
    const second = await service.session(first, ask(agencies.second, { source_identity: 'late' }));
    expect((await service.assume(second, ask(agencies.third))).body).toMatchObject({ source_identity: 'late' });
    expect(await status(second, agencies.third, { source_identity: 'later' })).toBe(403);
  });
});

describe('once it is set', () => {
  it('it is inherited by every later hop, over three accounts, and answered there', async () => {
    const first = await service.session(keys.alice, ask(agencies.first, alice));
    const second = await service.session(first, ask(agencies.second));
    expect((await service.assume(first, ask(agencies.second))).body).toMatchObject(alice);
    expect((await service.assume(second, ask(agencies.third))).body).toMatchObject(alice);
  });

  it('it may be repeated', async () => {
    const first = await service.session(keys.alice, ask(agencies.first, alice));
    expect((await service.assume(first, ask(agencies.second, alice))).body).toMatchObject(alice);
  });

  it.each(['bob', 'Alice', 'alice2', 'ALICE'])('it cannot be changed to `%s`', async (identity) => {
    const first = await service.session(keys.alice, ask(agencies.first, alice));
    const second = await service.session(first, ask(agencies.second));
    for (const [session, next] of [[first, agencies.second], [second, agencies.third]] as const) {
      const answer = await service.assume(session, ask(next, { source_identity: identity }));
      expect(answer).toMatchObject({ status: 403, body: { error_code: 'STS5.1001' } });
      expect(answer.body.error_msg).toContain('`source_identity`');
      expect(answer.body.encoded_authorization_message).toMatch(/./);
    }
  });

  it('it is a property of the caller, not of the request that only inherits it', async () => {
    const first = await service.session(keys.alice, ask(agencies.first, alice));
    expect(await status(first, urn('carried'))).toBe(200);
    expect(await status(first, urn('silent'))).toBe(200);
    expect(await status(first, urn('silent'), alice)).toBe(403);
    expect(await status(keys.alice, urn('carried'), alice)).toBe(403);
  });

  it('it needs sts::setSourceIdentity of the caller, also when it is merely inherited', async () => {
    const session = await service.session(keys.alice, ask(urn('only-assumes'), alice));
    const answer = await service.assume(session, ask(agencies.second));
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'STS5.1001' } });
    expect(answer.body.error_msg).toContain('no identity-based policy allows the sts::setSourceIdentity action');
    expect(await status(await service.session(keys.alice, ask(urn('only-assumes'))), agencies.second)).toBe(200);
  });

  it('it needs sts::setSourceIdentity of the target, also when it is merely inherited', async () => {
    const session = await service.session(keys.alice, ask(agencies.first, alice));
    expect(await status(session, agencies.plain)).toBe(403);
    const answer = await service.assume(session, ask(urn('no-identity')));
    expect(answer.body.error_msg).toContain('the trust policy does not allow the sts::setSourceIdentity action');
    expect(await status(await service.session(keys.alice, ask(agencies.first)), agencies.plain)).toBe(200);
  });
});
