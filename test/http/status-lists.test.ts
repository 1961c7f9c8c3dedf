// What is published of ended sessions: within two seconds, signed, and no more than whoever has a token can read.
import { createRemoteJWKSet, decodeJwt, jwtVerify, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountB, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { seconds } from '../../src/base/clock.js';
import { isMarked, readEpochListClaim, readStatusListClaim, subjectDigest } from '../../src/status/index.js';
import { accountHandle } from '../../src/sts/account-handle.js';

const issuer = 'https://sts.example.com';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts, { STS_ISSUER: issuer, STS_STATUS_LIST_LIFE: '60' });
});
afterAll(() => service.stop());

const session = (begin: Credentials, agency: string, more: object = {}) => service.session(begin, { agency_urn: agency, agency_session_name: 'session1', ...more });
interface Claims extends JWTPayload {
  readonly status: { readonly status_list: { readonly idx: number; readonly uri: string } };
  readonly agency_sts: { readonly handles: readonly string[]; readonly chain: readonly (readonly (string | number)[])[] };
}
const claimsOf = ({ securityToken = '' }: Credentials): Claims => decodeJwt<Claims>(securityToken);
const pathOf = (credentials: Credentials): string => new URL(claimsOf(credentials).status.status_list.uri).pathname;

async function get(path: string): Promise<{ status: number; headers: Headers; text: string }> {
  const response = await fetch(`${service.url}${path}`);
  return { status: response.status, headers: response.headers, text: await response.text() };
}
/** Verified as a relying party would. */
async function verified(path: string, typ: string): Promise<JWTPayload> {
  const { text, status } = await get(path);
  expect(status).toBe(200);
  const { payload } = await jwtVerify(text, createRemoteJWKSet(new URL(`${service.url}/.well-known/jwks.json`)), { typ, issuer, algorithms: ['EdDSA'], currentDate: new Date(service.clock.now()) });
  return payload;
}
async function isRevoked(credentials: Credentials): Promise<boolean | undefined> {
  const { idx, uri } = claimsOf(credentials).status.status_list;
  const payload = await verified(pathOf(credentials), 'statuslist+jwt');
  expect(payload.sub).toBe(uri);
  return isMarked(readStatusListClaim(payload['status_list']) ?? new Uint8Array(), idx);
}
const handleOf = (accountId: string): string => accountHandle(service.composition.keyring['record-authentication'].active, accountId);
const epochPath = (accountId: string): string => `/v1/epochs/${accountId}/${handleOf(accountId)}`;
async function epochs(accountId: string = accountA) {
  const payload = await verified(epochPath(accountId), 'epochlist+jwt');
  expect(payload.sub).toBe(`${issuer}${epochPath(accountId)}`);
  const list = readEpochListClaim(payload['epoch_list']);
  if (list === undefined) throw new Error('no epoch list');
  return list;
}
const digestOf = (accountId: string, subject: string): string => subjectDigest(handleOf(accountId), subject);

describe('a status list', () => {
  it('shows the revocation of a session within two seconds, at its place and at no other', async () => {
    const [one, other] = [await session(keys.alice, agencies.first), await session(keys.alice, agencies.first)];
    expect([await isRevoked(one), await isRevoked(other)]).toEqual([false, false]);
    expect(await service.call(keys.rootA, 'POST', `/v1/sessions/${one.accessKeyId}/revoke`, {})).toMatchObject({ status: 200 });
    service.clock.advance(1);
    expect([await isRevoked(one), await isRevoked(other)]).toEqual([true, false]);
  });

  it('shows the revocation by token as well', async () => {
    const one = await session(keys.alice, agencies.first);
    expect(await service.call(one, 'POST', '/oauth2/revoke', `token=${one.securityToken ?? ''}`, { headers: { 'content-type': 'application/x-www-form-urlencoded' } })).toMatchObject({ status: 200 });
    service.clock.advance(1);
    expect(await isRevoked(one)).toBe(true);
  });

  it('has the places of all ancestors that a token names', async () => {
    const first = await session(keys.alice, agencies.first);
    const second = await session(first, agencies.second);
    const [, link = []] = claimsOf(second).agency_sts.chain;
    const own = claimsOf(first).status.status_list;
    expect([`${issuer}/v1/status-lists/${String(link[5])}`, link[6]]).toEqual([own.uri, own.idx]);
  });

  it('is good for as long as the setting says, asked for anew after a sixth of that, and kept by caches for a second', async () => {
    const path = pathOf(await session(keys.alice, agencies.first));
    const { headers, text } = await get(path);
    expect(Object.fromEntries(headers)).toMatchObject({ 'content-type': 'application/statuslist+jwt', 'cache-control': 'public, max-age=1', 'access-control-allow-origin': '*' });
    const { iat = 0, exp, ttl } = decodeJwt(text);
    expect({ iat, exp, ttl }).toEqual({ iat: seconds(service.clock.now()), exp: iat + 60, ttl: 10 });
  });

  it.each(['/v1/status-lists/0-999', '/v1/status-lists/99-0', '/v1/status-lists/x', '/v1/status-lists/00-0', '/v1/status-lists/0-0-0'])('that was never begun is not there: %s', async (path) => {
    expect(await get(path)).toMatchObject({ status: 404 });
  });
});

describe('every list', () => {
  it.each<[string, number]>([['is set back by an hour', -3600], ['stands still', 0]])('goes on when the clock %s: within a second lists tell what was revoked since', async (_, seconds) => {
    const before = service.clock.now();
    const one = await session(keys.alice, agencies.first);
    const path = pathOf(one);
    const marked = async (): Promise<boolean | undefined> => isMarked(readStatusListClaim(decodeJwt((await get(path)).text)['status_list']) ?? new Uint8Array(), claimsOf(one).status.status_list.idx);
    const raised = async (): Promise<number | undefined> => readEpochListClaim(decodeJwt((await get(epochPath(accountA))).text)['epoch_list'])?.epochs.get(digestOf(accountA, 'source:clock'));
    const epoch = await raised();
    expect(await marked()).toBe(false);
    service.clock.advance(seconds);
    expect(await service.call(keys.rootA, 'POST', `/v1/sessions/${one.accessKeyId}/revoke`, {})).toMatchObject({ status: 200 });
    expect(await service.call(keys.rootA, 'POST', '/v1/revocations', { source_identity: 'clock' })).toMatchObject({ status: 200 });
    await expect.poll(marked, { timeout: 1500, interval: 100 }).toBe(true);
    expect(await raised()).not.toBe(epoch);
    service.clock.set(before);
  });
});

describe('the epoch list', () => {
  it.each<[name: string, begin: 'rootA' | 'rootB', accountId: string, body: object, subject: string]>([
    ['an access key', 'rootA', accountA, { access_key_id: keys.alice.accessKeyId }, `key:${keys.alice.accessKeyId}`],
    ['a source identity', 'rootA', accountA, { source_identity: 'alice' }, 'source:alice'],
    ['an account', 'rootB', accountB, { whole_account: true }, 'account'],
  ])('shows what was raised for %s within two seconds, and the next token carries it', async (_, begin, accountId, body, subject) => {
    expect((await epochs(accountId)).epochs.has(digestOf(accountId, subject))).toBe(false);
    expect(await service.call(keys[begin], 'POST', '/v1/revocations', body)).toMatchObject({ status: 200 });
    service.clock.advance(1);
    const epoch = (await epochs(accountId)).epochs.get(digestOf(accountId, subject));
    const second = await session(await session(keys.alice, agencies.first, { source_identity: 'alice' }), agencies.second);
    expect(JSON.stringify(claimsOf(second).agency_sts)).toContain(String(epoch));
  });

  it('shows a boundary', async () => {
    const before = new Date(service.clock.now() - 600_000);
    expect(await service.call(keys.rootA, 'POST', '/v1/revocations', { access_key_id: keys.bob.accessKeyId, issued_before: before.toISOString() })).toMatchObject({ status: 200 });
    service.clock.advance(1);
    expect((await epochs()).boundaries.get(digestOf(accountA, `key:${keys.bob.accessKeyId}`))).toBeGreaterThanOrEqual(before.getTime() / 1000);
  });

  it('shows what ended with an agency that was deleted', async () => {
    const { body } = await service.call(keys.rootA, 'GET', '/v5/agencies');
    const agencyId = (body as unknown as { agencies: { agency_id: string; agency_name: string }[] }).agencies.find(({ agency_name: name }) => name === 'long')?.agency_id ?? '';
    const attached = await service.call(keys.rootA, 'GET', `/v5/agencies/${agencyId}/attached-policies`);
    for (const { policy_id: policyId } of (attached.body as unknown as { attached_policies: { policy_id: string }[] }).attached_policies) {
      expect(await service.call(keys.rootA, 'POST', `/v5/policies/${policyId}/detach-agency`, { agency_id: agencyId })).toMatchObject({ status: 200 });
    }
    expect(await service.call(keys.rootA, 'DELETE', `/v5/agencies/${agencyId}`)).toMatchObject({ status: 204 });
    service.clock.advance(1);
    expect((await epochs()).epochs.has(digestOf(accountA, `agency:${agencyId}`))).toBe(true);
  });

  it('tells nothing of an account to those who have no token of it: no id, no name, no digest that could be tried', async () => {
    const { text } = await get(epochPath(accountA));
    const payload = JSON.stringify(decodeJwt(text)['epoch_list']);
    for (const secret of [accountA, accountB, 'alice', keys.alice.accessKeyId, subjectDigest(accountA, 'account'), subjectDigest('', 'account')]) expect(payload).not.toContain(secret);
  });

  it.each<[what: string, path: () => string]>([
    ['the handle of another', () => `/v1/epochs/${accountA}/${handleOf(accountB)}`], ['no handle', () => `/v1/epochs/${accountA}/AAAAAAAAAAAAAAAA`], ['another text', () => `/v1/epochs/${accountA}/x`],
    ['no account', () => `/v1/epochs/ffffffffffffffffffffffffffffffff/${handleOf(accountA)}`], ['no id of an account', () => `/v1/epochs/a_b/${handleOf(accountA)}`],
  ])('is not there for %s, in one and the same way', async (_, path) => {
    const bodyOf = (text: string): unknown => ({ ...JSON.parse(text) as object, request_id: '' });
    const [one, other] = [await get(path()), await get(`/v1/epochs/nobody/${'A'.repeat(16)}`)];
    expect([one.status, bodyOf(one.text)]).toEqual([404, bodyOf(other.text)]);
  });

  it('that an account fills is its own affair: its lists stay small, then are none, and those of others are as they were', async () => {
    const revoke = (body: object) => service.call(keys.rootA, 'POST', '/v1/revocations', body);
    const fill = async (from: number, to: number): Promise<void> => {
      const time = seconds(service.clock.now());
      const fields = Array.from({ length: to - from }, (_, at) => [`epoch source:flood-${from + at}`, `1048576 ${time}`]).flat();
      await service.redis.hset(service.composition.names.ended(accountA), ...fields);
      service.clock.advance(1);
    };
    await fill(0, 2000);
    expect(await revoke({ source_identity: 'one-more' })).toMatchObject({ status: 409, body: { error_code: 'PAP5.1202', error_msg: expect.stringContaining('`whole_account`') as string } });
    expect(await revoke({ user_id: 'made-up' })).toMatchObject({ status: 409 });
    for (const body of [{ source_identity: 'flood-7' }, { access_key_id: keys.alice.accessKeyId }, { whole_account: true }]) expect(await revoke(body), JSON.stringify(body)).toMatchObject({ status: 200 });
    expect((await epochs()).epochs.size).toBeGreaterThanOrEqual(2000);
    await fill(2000, 5001);
    expect(await get(epochPath(accountA))).toMatchObject({ status: 409 });
    expect(await revoke({ source_identity: 'one-more' })).toMatchObject({ status: 409 });
    expect(await revoke({ whole_account: true })).toMatchObject({ status: 200 });
    expect((await epochs(accountB)).epochs.size).toBeLessThan(10);
    // What ended first is forgotten, some at each asking.
    service.clock.advance(43_200 + 86_400 + 910);
    expect(await get(epochPath(accountA))).toMatchObject({ status: 409 });
    service.clock.advance(1);
    expect(await get(epochPath(accountA))).toMatchObject({ status: 200 });
    expect(await revoke({ source_identity: 'one-more' })).toMatchObject({ status: 200 });
  });

  it('forgets what ends nothing any more', async () => {
    expect((await epochs()).epochs.size).toBeGreaterThan(0);
    // The longest chain and session that the settings allow; the times are by the clock of Redis.
    const until = (43_200 + 86_400 + 900) * 1000 + Date.now() - service.clock.now();
    service.clock.advance(Math.ceil(until / 1000) - 60);
    expect((await epochs()).epochs.size).toBeGreaterThan(0);
    service.clock.advance(120);
    for (let times = 0; times < 20; times += 1) {
      const list = await epochs();
      expect([list.epochs.size, list.boundaries.size]).toEqual([0, 0]);
      service.clock.advance(1);
    }
    expect(await service.redis.hlen(service.composition.names.ended(accountA))).toBe(0);
    service.clock.advance(2);
  });
});

describe('publishing', () => {
  it('refuses a cell that went back, and goes on when it has been made safe', async () => {
    const path = pathOf(await session(keys.alice, agencies.first));
    const cell = service.composition.names.cellOfAccount(accountA);
    await service.redis.hincrby(service.composition.names.cellState(cell), 'sequence', -1);
    service.clock.advance(2);
    expect(await get(path)).toMatchObject({ status: 503 });
    expect(await get(epochPath(accountA))).toMatchObject({ status: 503 });
  });
});
