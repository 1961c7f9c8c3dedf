// How long a session lasts: the request's limits, the agency's maximum, and the one hour of chained calls.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accounts, accountsPlus, accountsWith, agencies, ask, keys, trust } from '../support/accounts.js';
import { credentialsOf, startService, type Answer, type Credentials, type TestService } from '../support/service.js';

const ordinary = `iam::${accountA}:agency:ordinary`;

let service: TestService;
let session: Credentials;
beforeAll(async () => {
  service = await startService(accountsPlus({ [accountA]: { agencies: [{ agency_name: 'ordinary', trust_policy: trust({ IAM: [accountA] }) }] } }));
  service.clock.set(Date.now());
  session = await service.session(keys.alice, ask(agencies.first, { duration_seconds: 43_200 }));
});
afterAll(() => service.stop());

/** The body with a duration as it stands in JSON, in forms that JSON.stringify would not write. */
const withDuration = (urn: string, json: string) => JSON.stringify(ask(urn)).replace(/}$/, `,"duration_seconds":${json}}`);
const assume = (credentials: Credentials, urn: string, json: string): Promise<Answer> =>
  service.call(credentials, 'POST', '/v5/agencies/assume', json === '' ? ask(urn) : withDuration(urn, json));
const secondsGiven = ({ body }: Answer): number =>
  (Date.parse(body.credentials?.expiration ?? '') - Math.floor(service.clock.now() / 1000) * 1000) / 1000;

describe('a call with a long-term key', () => {
  it.each<[urn: string, json: string, seconds: number]>([
    [agencies.first, '900', 900],
    [agencies.first, '3600', 3600],
    [agencies.first, '43200', 43_200],
    [agencies.first, '', 3600],
    [agencies.first, '1e3', 1000],
    [agencies.first, '3600.0', 3600],
    [agencies.long, '7200', 7200],
    [ordinary, '3600', 3600],
    [ordinary, '', 3600],
  ])('gets exactly what it asks for, or one hour: %s with `%s` gives %d s', async (urn, json, seconds) => {
    const answer = await assume(keys.alice, urn, json);
    expect(answer.status).toBe(200);
    expect(secondsGiven(answer)).toBe(seconds);
  });

  it.each<[json: string, rule: string]>([
    ['899', 'must be at least 900'],
    ['0', 'must be at least 900'],
    ['-1', 'must be at least 900'],
    ['-0', 'must be at least 900'],
    ['43201', 'must be at most 43200'],
    ['1e15', 'must be at most 43200'],
    ['900.5', 'must be of type integer'],
    ['"3600"', 'must be of type number'],
    ['"0x384"', 'must be of type number'],
    ['""', 'must be of type number'],
    ['null', 'must be of type number'],
    ['true', 'must be of type number'],
    ['[3600]', 'must be of type number'],
    ['{}', 'must be of type number'],
  ])('takes only whole numbers from 900 to 43,200: %s', async (json, rule) => {
    const answer = await assume(keys.alice, agencies.first, json);
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'STS5.1102', error_msg: `\`duration_seconds\`: ${rule}` } });
  });

  it.each(['1e999', '-1e999', '9007199254740993'])('takes no number that is none: %s', async (json) => {
    const answer = await assume(keys.alice, agencies.first, json);
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'STS5.1102' } });
    expect(answer.body.error_msg).toMatch(/^`duration_seconds`: must be /);
  });

  it.each<[urn: string, asked: number, maximum: number]>([[agencies.long, 7201, 7200], [agencies.long, 43_200, 7200], [ordinary, 3601, 3600]])(
    'fails over the maximum of the agency, with both numbers, and is not clamped: %s, %d > %d',
    async (urn, asked, maximum) => {
      const answer = await assume(keys.alice, urn, String(asked));
      expect(answer).toMatchObject({ status: 400, body: { error_code: 'STS5.1103' } });
      expect(answer.body.error_msg).toContain(`\`duration_seconds\`: ${asked} is over ${maximum}`);
    },
  );
});

describe('a call with a security token', () => {
  it.each<[urn: string, json: string, seconds: number]>([[agencies.second, '900', 900], [agencies.second, '3600', 3600], [agencies.second, '', 3600], [agencies.long, '3600', 3600]])(
    'gets up to one hour: %s with `%s` gives %d s',
    async (urn, json, seconds) => {
      const answer = await assume(session, urn, json);
      expect(answer.status).toBe(200);
      expect(secondsGiven(answer)).toBe(seconds);
    },
  );

  it.each<[urn: string, asked: number]>([[agencies.second, 3601], [agencies.second, 43_200], [agencies.first, 3601], [agencies.long, 7200]])(
    'fails over one hour whatever the agency allows, and is not clamped: %s, %d',
    async (urn, asked) => {
      const answer = await assume(session, urn, String(asked));
      expect(answer).toMatchObject({ status: 400, body: { error_code: 'STS5.1104' } });
      expect(answer.body.error_msg).toContain(`\`duration_seconds\`: ${asked} is over 3600`);
    },
  );

  it('gives a session that may outlive the one it came from, and works when that has expired', async () => {
    const begin = service.clock.now();
    const parent = await service.session(keys.alice, ask(agencies.first, { duration_seconds: 900 }));
    service.clock.advance(600);
    const answer = await assume(parent, agencies.second, '3600');
    expect(secondsGiven(answer)).toBe(3600);
    service.clock.set(begin + 901_000);
    expect(await service.identity(parent)).toMatchObject({ status: 401 });
    const child = credentialsOf(answer.body);
    expect(await service.identity(child)).toMatchObject({ status: 200 });
    expect(await assume(child, agencies.third, '')).toMatchObject({ status: 200 });
  });
});

it('a lower maximum does not shorten running sessions, and binds the next one', async () => {
  const begin = service.clock.now();
  const running = await service.session(keys.alice, ask(agencies.long, { duration_seconds: 7200 }));
  await service.apply(accountsWith(({ accounts: [first] }) => {
    for (const agency of first?.agencies ?? []) if ('max_session_duration' in agency && agency.agency_name === 'long') agency.max_session_duration = 3600;
  }));
  expect(await assume(keys.alice, agencies.long, '7200')).toMatchObject({ status: 400, body: { error_code: 'STS5.1103' } });
  service.clock.set(begin + 7_199_000);
  expect(await service.identity(running)).toMatchObject({ status: 200 });
  await service.apply(accounts);
});
