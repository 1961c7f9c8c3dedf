// Answers teach the limits: headers of a success say how far the chain can go, a refusal names the number that would have been allowed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountsPlus, agencies, ask, keys, trust } from '../support/accounts.js';
import { maximumBodyBytes } from '../../src/http/received-body.js';
import { credentialsOf, startService, type Answer, type Credentials, type TestService } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  const more = { [accountA]: { agencies: [{ agency_name: 'hour', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['assume-all'] }] } };
  service = await startService(accountsPlus(more), { STS_MAX_CHAIN_DEPTH: '2', STS_MAX_CHAIN_AGE: '7200', STS_RATE_ADDRESS_PER_MINUTE: '100000', STS_RATE_ACCESS_KEY_PER_MINUTE: '60' });
  service.clock.set(Math.floor(Date.now() / 1000) * 1000);
});
afterAll(() => service.stop());

const taught = ({ headers }: Answer): readonly unknown[] => [headers['x-chain-depth'], headers['x-max-duration-seconds'], headers['x-chain-age-remaining-seconds']];
const hour = `iam::${accountA}:agency:hour`;
const tagsOf = (count: number, length = 1) => Array.from({ length: count }, (_one, index) => ({ key: `${index}-`.padEnd(length, 'k'), value: 'v'.repeat(length) }));

describe('the headers of AssumeAgency', () => {
  it('say depth, longest duration and remaining age, and the body is as it was', async () => {
    const first = await service.assume(keys.alice, ask(agencies.first, { duration_seconds: 43_200 }));
    expect(taught(first)).toEqual(['1', '43200', '7200']);
    expect(Object.keys(first.body).sort()).toEqual(['assumed_agency', 'credentials']);
    expect(taught(await service.assume(keys.alice, ask(hour)))).toEqual(['1', '3600', '7200']);
    service.clock.advance(1000);
    // Of a chain an hour at most, whatever the agency's own maximum.
    expect(taught(await service.assume(credentialsOf(first.body), ask(agencies.second)))).toEqual(['2', '3600', '6200']);
  });

  it('say what is true: the longest duration is allowed, and a second more is not', async () => {
    for (const [credentials, agency] of [[keys.alice, agencies.long], [await service.session(keys.alice, ask(agencies.first)), agencies.second]] as const) {
      const longest = Number(taught(await service.assume(credentials, ask(agency)))[1]);
      expect([longest, (await service.assume(credentials, ask(agency, { duration_seconds: longest }))).status]).toEqual([longest, 200]);
      expect((await service.assume(credentials, ask(agency, { duration_seconds: longest + 1 }))).status).toBe(400);
    }
  });

  it('are of no refusal, and of no other operation', async () => {
    for (const answer of [await service.assume(keys.carol, ask(agencies.first)), await service.assume(keys.alice, ask(hour, { duration_seconds: 3601 })), await service.identity(keys.alice)]) {
      expect(taught(answer)).toEqual([undefined, undefined, undefined]);
    }
  });

  it('stand in the OpenAPI document', async () => {
    const document = await (await fetch(`${service.url}/openapi.json`)).json() as { paths: Record<string, { post: { responses: Record<string, { headers?: Record<string, { description: string }> }> } }> };
    expect(Object.keys(document.paths['/v5/agencies/assume']?.post.responses['200']?.headers ?? {})).toEqual(['X-Chain-Depth', 'X-Max-Duration-Seconds', 'X-Chain-Age-Remaining-Seconds']);
    expect(document.paths['/v1/authorize']?.post.responses['200']).not.toHaveProperty('headers');
  });
});

describe('a refusal at a limit names what is allowed:', () => {
  const session = (agency: string, more: object = {}, from: Credentials = keys.bert): Promise<Credentials> => service.session(from === keys.bert ? keys.alice : from, ask(agency, more));
  const alice = (more: object, agency: string = agencies.first) => () => service.assume(keys.alice, ask(agency, more));
  it.each<[limit: string, make: () => Promise<Answer>, numbers: readonly string[]]>([
    ['a duration over the agency\'s maximum', alice({ duration_seconds: 7201 }, agencies.long), ['7201', 'over 7200']],
    ['a duration over that of any session', alice({ duration_seconds: 43_201 }), ['at most 43200']],
    ['a duration under that of any session', alice({ duration_seconds: 899 }), ['at least 900']],
    ['a duration over an hour in a chain', async () => service.assume(await session(agencies.first), ask(agencies.second, { duration_seconds: 3601 })), ['3601', 'over 3600']],
    ['too many tags of a call', alice({ tags: tagsOf(21) }), ['at most 20 items']],
    ['a tag key that is too long', alice({ tags: [{ key: 'k'.repeat(129), value: '' }] }), ['1 to 128 characters']],
    ['a tag value that is too long', alice({ tags: [{ key: 'k', value: 'v'.repeat(256) }] }), ['0 to 255 characters']],
    ['a session policy that is too long', alice({ policy: ' '.repeat(2049) }), ['2 to 2048 characters']],
    ['too many policy ids', alice({ policy_ids: Array.from({ length: 11 }, () => 'a') }), ['at most 10 items']],
    ['a chain that is too deep', async () => service.assume(await session(agencies.second, {}, await session(agencies.first)), ask(agencies.third)), ['3 agencies deep', 'limit of this service is 2']],
    ['a chain that is too old', async () => {
      const old = await session(agencies.first, { duration_seconds: 43_200 });
      service.clock.advance(7200);
      return service.assume(old, ask(agencies.second));
    }, ['began 7200 seconds ago', 'limit of this service is 7200 seconds']],
    ['a body that is too large', () => service.call(keys.alice, 'POST', '/v5/agencies/assume', 'x'.repeat(maximumBodyBytes + 1)), ['65536 bytes']],
    ['a question that is too large', () => service.call(keys.alice, 'POST', '/v5/decode-authorization-message', { encoded_message: 'x'.repeat(10_241) }), ['at most 10240 characters']],
    ['too many requests', async () => {
      let answer = await service.identity(keys.bob);
      for (let calls = 1; calls <= 60; calls += 1) answer = await service.identity(keys.bob);
      return answer;
    }, ['60 requests a minute']],
  ])('%s', async (_limit, make, numbers) => {
    const { status, body } = await make();
    expect([400, 413, 429]).toContain(status);
    for (const number of numbers) expect(body.error_msg).toContain(number);
  });

  it('tags of a chain, by their number and their size', async () => {
    const large = tagsOf(20, 100).map((tag) => ({ ...tag, value: '会'.repeat(239) }));
    const full = await session(agencies.first, { tags: large, transitive_tag_keys: large.map(({ key }) => key) });
    const { status, body } = await service.assume(full, ask(agencies.second, { tags: [{ key: 'one', value: 'x'.repeat(255) }] }));
    expect([status, body.error_msg]).toEqual([400, expect.stringMatching(/20 inherited and 1 new tags of 16598 bytes together; a session holds at most 50 tags and 16384 bytes/)]);
  });

  it('a body that comes in chunks', async () => {
    const answer = await fetch(`${service.url}/v5/agencies/assume`, { method: 'POST', body: new Blob(['x'.repeat(maximumBodyBytes + 1)]).stream(), duplex: 'half' });
    expect([answer.status, ((await answer.json()) as { error_msg: string }).error_msg]).toEqual([413, 'the body is larger than 65536 bytes']);
  });
});
