// How far a chain can go: its depth and age are bounded by settings, and each of its sessions ends on the second.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountA, accountB, accountsPlus, agencies, ask, keys, trust } from '../support/accounts.js';
import { credentialsOf, startService, type Credentials, type TestService } from '../support/service.js';

const pong = `iam::${accountA}:agency:pong`;

let service: TestService;
beforeAll(async () => {
  service = await startService(
    accountsPlus({ [accountA]: { agencies: [{ agency_name: 'pong', trust_policy: trust({ IAM: [accountB] }), attached_policies: ['assume-all'] }] } }),
    { STS_MAX_CHAIN_DEPTH: '4', STS_MAX_CHAIN_AGE: '7200' },
  );
});
beforeEach(() => service.clock.set(Math.floor(Date.now() / 1000) * 1000));
afterAll(() => service.stop());

const chain = async (...agenciesInOrder: string[]): Promise<Credentials> => {
  let credentials: Credentials = keys.alice;
  for (const agency of agenciesInOrder) credentials = await service.session(credentials, ask(agency));
  return credentials;
};

describe('the depth of a chain', () => {
  it.each<[shape: string, path: string[], next: string]>([
    ['an agency that assumes itself', [agencies.first, agencies.first, agencies.first, agencies.first], agencies.first],
    ['two accounts that play ping-pong', [agencies.first, agencies.second, pong, agencies.second], pong],
    ['a cycle of three', [agencies.first, agencies.long, agencies.second, pong], agencies.first],
  ])('is bounded for %s, and the refusal names the limit', async (_shape, path, next) => {
    const deepest = await chain(...path);
    const answer = await service.assume(deepest, ask(next));
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'STS5.1113' } });
    expect(answer.body.error_msg).toContain('5 agencies deep; the depth limit of this service is 4');
    expect(await service.identity(deepest)).toMatchObject({ status: 200 });
  });
});

describe('the age of a chain', () => {
  it('is counted from its first session, however young the last one is', async () => {
    const first = await service.session(keys.alice, ask(agencies.first, { duration_seconds: 43_200 }));
    service.clock.advance(6000);
    const second = await service.session(first, ask(agencies.first));
    service.clock.advance(1199);
    expect(await service.assume(first, ask(agencies.second))).toMatchObject({ status: 200 });
    expect(await service.assume(second, ask(agencies.second))).toMatchObject({ status: 200 });
    service.clock.advance(1);
    for (const session of [first, second]) {
      const answer = await service.assume(session, ask(agencies.second));
      expect(answer).toMatchObject({ status: 400, body: { error_code: 'STS5.1114' } });
      expect(answer.body.error_msg).toContain('began 7200 seconds ago; the chain age limit of this service is 7200 seconds');
      expect(await service.identity(session)).toMatchObject({ status: 200 });
    }
  });

  it('cannot be stretched by hops that each last an hour', async () => {
    let session = await service.session(keys.alice, ask(agencies.first));
    for (const wait of [3000, 3000]) {
      service.clock.advance(wait);
      session = await service.session(session, ask(agencies.first));
    }
    service.clock.advance(1200);
    expect(await service.assume(session, ask(agencies.first))).toMatchObject({ status: 400, body: { error_code: 'STS5.1114' } });
  });

  it('begins anew with the long-term key', async () => {
    await service.session(keys.alice, ask(agencies.first));
    service.clock.advance(7200);
    expect(await service.assume(await chain(agencies.first), ask(agencies.second))).toMatchObject({ status: 200 });
  });
});

describe('a session', () => {
  it.each<[milliseconds: number, status: number]>([[-1000, 200], [-1, 200], [0, 401], [1, 401], [1000, 401], [86_400_000, 401]])(
    '%d ms after its expiration answers %d',
    async (milliseconds, status) => {
      const { body } = await service.assume(keys.alice, ask(agencies.first, { duration_seconds: 900 }));
      const session = credentialsOf(body);
      service.clock.set(Date.parse(body.credentials?.expiration ?? '') + milliseconds);
      expect(await service.identity(session)).toMatchObject({ status });
      expect(await service.assume(session, ask(agencies.second))).toMatchObject({ status });
    },
  );

  it('may outlive the one it came from, by one hop after another', async () => {
    const first = await service.session(keys.alice, ask(agencies.first, { duration_seconds: 900 }));
    service.clock.advance(899);
    const second = await service.session(first, ask(agencies.second));
    service.clock.advance(1);
    expect(await service.identity(first)).toMatchObject({ status: 401 });
    expect(await service.identity(second)).toMatchObject({ status: 200 });
    expect(await service.assume(second, ask(agencies.third))).toMatchObject({ status: 200 });
  });
});
