// The audit of calls: one event in the caller's account for each answer, one in the target's when it decided, and no secret in any.
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { absentAccount, accountA, accountB, accountC, accountsPlus, agencies, allow, ask, assumeActions, keys, mfaSeed, mfaSerial, policy, trust } from '../support/accounts.js';
import { credentialsOf, startService, type Answer, type Credentials, type TestService } from '../support/service.js';
import type { AuditEvent } from '../../src/audit/event.js';
import { readUnidentifiedCalls } from '../../src/redis/audit-store.js';

const systemAccount = '0'.repeat(32);
const watched = [accountA, accountB, accountC, systemAccount];
const ordinary = `iam::${accountB}:agency:ordinary`;
const everything = { tags: [{ key: 'team', value: 'blue' }, { key: 'ticket', value: '7' }], transitive_tag_keys: ['team'], source_identity: 'alice' };
const canary = { externalId: 'canary-external-id', sid: 'canary-sid-of-the-policy' };
const policyText = JSON.stringify(policy(allow('*', { Sid: canary.sid })));

let service: TestService;
let session: Credentials;
let tagged: Credentials;
/** Everything secret that a caller was given or has sent. */
const secrets = new Set<string>([...Object.values(keys).map(({ secretAccessKey }) => secretAccessKey), ...Object.values(canary), mfaSeed]);
const learn = (answer: Answer): Answer => {
  const { credentials, encoded_authorization_message: message } = answer.body;
  for (const secret of [credentials?.secret_access_key, credentials?.security_token, message]) if (secret !== undefined) secrets.add(secret);
  return answer;
};
const assume = async (credentials: Credentials, agency: string, more: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
  learn(await service.assume(credentials, ask(agency, more), { headers }));

beforeAll(async () => {
  service = await startService(accountsPlus({ [accountB]: { agencies: [{ agency_name: 'ordinary', trust_policy: trust({ IAM: [accountA] }) }] } }));
  service.clock.set(Math.floor(Date.now() / 30_000) * 30_000);
  session = credentialsOf((await assume(keys.alice, agencies.first)).body);
  tagged = credentialsOf((await assume(keys.alice, agencies.first, everything)).body);
});
afterAll(() => service.stop());

const code = (secondsFromNow = 0): string => {
  const text = new TOTP({ secret: Secret.fromBase32(mfaSeed) }).generate({ timestamp: service.clock.now() + secondsFromNow * 1000 });
  secrets.add(text);
  return text;
};
const decode = async (credentials: Credentials, message: unknown): Promise<Answer> =>
  service.call(credentials, 'POST', '/v5/decode-authorization-message', { encoded_message: message });
/** The events of one call, in whatever account they stand. */
async function eventsOf({ headers }: Answer): Promise<readonly AuditEvent[]> {
  const all = await Promise.all(watched.map((accountId) => service.events(accountId)));
  return all.flat().filter(({ requestId }) => requestId === headers['x-request-id']);
}

describe('each answer has exactly one event in the caller\'s account, and one in the target\'s when it decided', () => {
  it.each<[call: string, make: () => Promise<Answer>, status: number, accounts: readonly string[], decision: RegExp | undefined]>([
    ['allowed', () => assume(keys.alice, agencies.first), 200, [accountA], /^allowed$/],
    ['allowed by another account', () => assume(keys.alice, agencies.second), 200, [accountA, accountB], /^allowed$/],
    ['allowed along a chain', () => assume(session, agencies.second), 200, [accountA, accountB], /^allowed$/],
    ['identity', () => service.identity(keys.carol), 200, [accountA], undefined],
    ['identity of a session', () => service.identity(session), 200, [accountA], undefined],
    ['denied by the caller\'s side', () => assume(keys.carol, agencies.second), 403, [accountA], /^sts:agencies:assume: no identity-based policy allows/],
    ['denied by the trust policy of the same account', () => assume(keys.alice, agencies.external), 403, [accountA], /^sts:agencies:assume: the trust policy does not allow/],
    ['denied by another account', () => assume(keys.alice, agencies.untrusting), 403, [accountA, accountB], /^refused by the agency's account$/],
    ['denied for an absent agency of another account', () => assume(keys.alice, `iam::${accountB}:agency:absent`), 403, [accountA, accountB], /^refused by the agency's account$/],
    ['denied for an absent account', () => assume(keys.alice, `iam::${absentAccount}:agency:absent`), 403, [accountA], /^refused by the agency's account$/],
    ['denied for a URN that is none', () => assume(keys.alice, 'iam'), 403, [accountA], /: `agency_urn` names no agency$/],
    ['an absent agency of the own account', () => assume(keys.alice, `iam::${accountA}:agency:absent`), 404, [accountA], /cannot be found/],
    ['a changed source identity', () => assume(tagged, agencies.second, { source_identity: 'bob' }), 403, [accountA], /`source_identity`/],
    ['a wrong field', () => assume(keys.alice, agencies.first, { agency_session_name: 'a' }), 400, [accountA], /^`agency_session_name`: /],
    ['no JSON', () => service.call(keys.alice, 'POST', '/v5/agencies/assume', 'agency_urn'), 400, [accountA], /not JSON/],
    ['a malformed session policy', () => assume(keys.alice, agencies.first, { policy: '{}' }), 400, [accountA], /^`policy` is no session policy$/],
    ['a duration over the chain\'s limit', () => assume(session, agencies.second, { duration_seconds: 3601 }), 400, [accountA], /^`duration_seconds`: /],
    ['a duration over the maximum of another account\'s agency', () => assume(keys.alice, ordinary, { duration_seconds: 3601 }), 400, [accountA, accountB], /^`duration_seconds`: /],
    ['a policy id that another account does not have', () => assume(keys.alice, ordinary, { policy_ids: ['absent'] }), 400, [accountA, accountB], /^`policy_ids`: /],
    ['half of MFA', () => assume(keys.alice, agencies.second, { serial_number: mfaSerial }), 400, [accountA], /go together/],
    ['a wrong MFA code', () => assume(keys.alice, agencies.second, { serial_number: mfaSerial, token_code: code(3000) }), 403, [accountA], /MFA code/],
    ['a right MFA code', () => assume(keys.alice, agencies.second, { serial_number: mfaSerial, token_code: code() }), 200, [accountA, accountB], /^allowed$/],
    ['a used MFA code', () => assume(keys.alice, agencies.second, { serial_number: mfaSerial, token_code: code() }), 403, [accountA], /MFA code/],
    ['a service that is allowed', () => assume(keys.service, agencies.service, {}, { 'X-Source-Account': accountA }), 200, [accountA, systemAccount], /^allowed$/],
    ['a service that is denied', () => assume(keys.service, agencies.service), 403, [accountA, systemAccount], /^refused by the agency's account$/],
    ['a message decoded', async () => decode(keys.alice, (await assume(keys.carol, agencies.first)).body.encoded_authorization_message), 200, [accountA], /^allowed$/],
    ['a message that is none', () => decode(keys.alice, 'AAAA'), 400, [accountA], /^`encoded_message`: /],
    ['a message not to be decoded', () => decode(keys.carol, 'AAAA'), 403, [accountA], /no identity-based policy allows/],
  ])('%s', async (_call, make, status, accounts, decision) => {
    const answer = await make();
    expect(answer.status).toBe(status);
    const events = await eventsOf(answer);
    expect(events.map(({ accountId }) => accountId).sort()).toEqual([...accounts].sort());
    const own = events.find(({ accountId, principal }) => accountId === principal.accountId);
    expect(own).toMatchObject({ status, time: service.clock.now(), sourceIp: '127.0.0.1' });
    expect(own?.errorCode).toBe(answer.body.error_code);
    if (decision === undefined) expect(own?.decision).toBeUndefined();
    else expect(own?.decision).toMatch(decision);
    for (const event of events) expect(event.issuedSession === undefined).toBe(answer.body.credentials === undefined);
  });

  it('no call among many at once is left out or counted twice', async () => {
    const calls = Array.from({ length: 20 }, () => [assume(keys.alice, agencies.second), assume(keys.carol, agencies.first), service.identity(keys.bob)]);
    const answers = await Promise.all(calls.flat());
    const events = await service.events(accountA);
    for (const { headers } of answers) expect(events.filter(({ requestId }) => requestId === headers['x-request-id'])).toHaveLength(1);
  });

  it('a caller that is nobody has none: such calls are counted apart', async () => {
    const before = (await service.events(accountA)).length;
    const unknown = { ...keys.alice, accessKeyId: 'HPUANOBODYKNOWSTHIS0' };
    for (const credentials of [unknown, keys.disabled, { ...keys.alice, secretAccessKey: 'wrong-secret-access-key' }]) expect(await service.identity(credentials)).toMatchObject({ status: 401 });
    expect(await service.events(accountA)).toHaveLength(before);
    await service.composition.flushUnidentified();
    expect(await readUnidentifiedCalls(service.redis, 10)).toContainEqual(expect.objectContaining({ operation: 'GetCallerIdentity', errorCode: 'APIGW.0301', claimedAccessKeyId: unknown.accessKeyId, count: 1 }));
  });
});

describe('an event tells', () => {
  const eventIn = async (answer: Answer, accountId: string): Promise<AuditEvent | undefined> => (await eventsOf(answer)).find((event) => event.accountId === accountId);

  it('who called, for what, and what came of it', async () => {
    const answer = await assume(keys.alice, agencies.first, { ...everything, duration_seconds: 900, policy: policyText, external_id: canary.externalId });
    const event = await eventIn(answer, accountA);
    expect(event).toEqual({
      accountId: accountA, time: service.clock.now(), requestId: answer.body.request_id ?? answer.headers['x-request-id'], operation: 'AssumeAgency', sourceIp: '127.0.0.1', status: 200, decision: 'allowed',
      principal: {
        accountId: accountA, urn: `iam::${accountA}:user:alice`, id: expect.stringMatching(/^[0-9a-f]{32}$/) as string, type: 'User', isRootUser: false, accessKeyId: keys.alice.accessKeyId, userName: 'alice',
      },
      resource: agencies.first,
      request: { session_name: 'session1', duration_seconds: 900, ...everything, session_policy: true },
      issuedSession: {
        sessionId: answer.body.credentials?.access_key_id, chain: [keys.alice.accessKeyId], sourceIdentity: 'alice', tags: [['team', 'blue'], ['ticket', '7']],
        expiresAt: Date.parse(answer.body.credentials?.expiration ?? '') / 1000,
        agencyId: expect.stringMatching(/^[0-9a-f]{32}$/) as string, rootPrincipal: `iam::${accountA}:user:alice`,
      },
    });
  });

  it('of a chained call the session that called, with its chain, tags and source identity, in both accounts', async () => {
    const first = credentialsOf((await assume(keys.alice, agencies.first, everything)).body);
    const second = credentialsOf((await assume(first, agencies.second)).body);
    const answer = await assume(second, agencies.third, { tags: [{ key: 'new', value: '1' }] });
    const events = await eventsOf(answer);
    expect(events).toHaveLength(2);
    for (const event of events) {
      expect(event).toMatchObject({
        principal: { accountId: accountB, urn: `sts::${accountB}:assumed-agency:second/session1`, type: 'AssumedAgency', isRootUser: false, accessKeyId: second.accessKeyId },
        resource: agencies.third, resourceAccountId: accountC,
        callerSession: { sessionId: second.accessKeyId, chain: [keys.alice.accessKeyId, first.accessKeyId], sourceIdentity: 'alice', tags: [['team', 'blue']] },
        issuedSession: { sessionId: answer.body.credentials?.access_key_id, chain: [keys.alice.accessKeyId, first.accessKeyId, second.accessKeyId], sourceIdentity: 'alice', tags: [['team', 'blue'], ['new', '1']] },
      });
    }
  });

  it.each<[who: string, credentials: () => Credentials, principal: object]>([
    ['the root user', () => keys.rootA, { type: 'User', isRootUser: true, userName: 'root-a' }],
    ['a session', () => session, { type: 'AssumedAgency', isRootUser: false, urn: `sts::${accountA}:assumed-agency:first/session1` }],
    ['a service', () => keys.service, { type: 'Service', isRootUser: false, urn: 'service.OBS', accountId: systemAccount }],
  ])('that %s called', async (_who, credentials, principal) => {
    const answer = await service.identity(credentials());
    const [event] = await eventsOf(answer);
    expect(event).toMatchObject({ operation: 'GetCallerIdentity', principal: { ...principal, accessKeyId: credentials().accessKeyId } });
  });

  it('the target alone why it refused', async () => {
    const answer = await assume(keys.alice, agencies.untrusting);
    expect(await eventIn(answer, accountB)).toMatchObject({ status: 403, principal: { accountId: accountA }, decision: 'sts:agencies:assume: the trust policy does not allow the sts:agencies:assume action' });
    expect(await eventIn(answer, accountA)).toMatchObject({ status: 403, decision: 'refused by the agency\'s account', resource: agencies.untrusting });
  });

  it('of a refusal what was asked for, as far as it was understood', async () => {
    expect(await eventIn(await assume(keys.carol, agencies.second, everything), accountA)).toMatchObject({ resource: agencies.second, request: { session_name: 'session1', ...everything } });
    const malformed = await eventIn(await assume(keys.carol, agencies.second, { tags: 7 }), accountA);
    expect(malformed).toMatchObject({ status: 400, errorCode: 'STS5.1102', principal: { userName: 'carol' } });
  });
});

it('no secret, token, code, external id or policy text stands in any event, log line or key of Redis', async () => {
  await assume(keys.alice, agencies.external, { external_id: canary.externalId, policy: policyText, tags: [], policy_ids: [] });
  await assume(keys.alice, agencies.external, { external_id: `${canary.externalId} ` });
  await assume(keys.alice, agencies.first, { policy: policyText.replace('}]', ',}]') });
  await assume(keys.carol, agencies.first, { external_id: canary.externalId, policy: JSON.stringify(policy(allow(assumeActions, { Sid: canary.sid }))) });
  const { names } = service.composition;
  const streams = await Promise.all(Array.from({ length: names.cells }, (_, cell) => service.redis.xrange(names.audit(cell), '-', '+')));
  const events = JSON.stringify(streams);
  const logs = JSON.stringify(service.logged);
  const redisKeys = (await service.redis.keys('*')).join('\n');
  expect(secrets.size).toBeGreaterThan(50);
  expect(events.length).toBeGreaterThan(10_000);
  for (const secret of secrets) for (const text of [events, logs, redisKeys]) expect(holds(text, secret)).toBe(false);
});

/** A code of six digits may stand in a longer number by chance. */
const holds = (text: string, secret: string): boolean => (/^\d{6}$/.test(secret) ? new RegExp(`(?<![0-9a-f])${secret}(?![0-9a-f])`).test(text) : text.includes(secret));
