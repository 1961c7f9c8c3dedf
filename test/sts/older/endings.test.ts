// What ends a login: logging out at any rate, whatever was revoked before, and a password that changes; seen online and offline.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseBootstrapFile } from '../../../src/directory/bootstrap-file.js';
import { applyBootstrap } from '../../../src/service/bootstrap.js';
import { accessKey, accountA, agencies, ask, bootstrapKey, keys } from '../../support/accounts.js';
import type { Credentials, TestService } from '../../support/service.js';
import { createVerifier } from '../../../src/verify/index.js';
import { clientAddress, clockOf, hosts, issuer, received } from '../../verify/support.js';
import { keysBody, keysOf, keysPath, loginBody, olderService, password, tokenKeysBody, tokensPath, userToken, withToken } from './support.js';

const paulsKey = accessKey('paul');

let service: TestService;
beforeAll(async () => {
  service = await olderService({ STS_ISSUER: issuer, STS_STATUS_LIST_LIFE: '60' });
});
afterAll(() => service.stop());

const logOut = async (token: string): Promise<number> => (await withToken(service, token, 'delete', tokensPath, undefined, { 'X-Subject-Token': token })).status;
const keysOfToken = async (token: string): Promise<Credentials> => keysOf(await withToken(service, token, 'post', keysPath, tokenKeysBody()));

/** What a user's login leads to: keys of the user, what they assume, and what the token itself switches to. */
async function descendants(token: string): Promise<readonly Credentials[]> {
  const own = await keysOfToken(token);
  const session = await service.session(own, ask(agencies.first));
  return [own, session, await service.session(session, ask(agencies.second)), keysOf(await withToken(service, token, 'post', keysPath, keysBody()))];
}
const alive = (all: readonly Credentials[]): Promise<readonly number[]> => Promise.all(all.map(async (one) => (await service.identity(one)).status));

describe('logging out', () => {
  it('never fails and takes none of the places that the account has for what was revoked', async () => {
    const ended = service.composition.names.ended(accountA);
    const before = await service.redis.hlen(ended);
    const [token, another] = [await userToken(service), await userToken(service)];
    expect([await logOut(token), await service.redis.hlen(ended)]).toEqual([204, before]);
    const revokeSource = async (): Promise<number> => (await service.call(keys.rootA, 'POST', '/v1/revocations', { source_identity: 'somebody' })).status;
    const now = Math.floor(service.clock.now() / 1000);
    const filling = Array.from({ length: 2000 }, (_, at) => [`epoch source:filler-${at}`, `1 ${now}`]).flat();
    await service.redis.hset(ended, filling);
    expect([await revokeSource(), await logOut(another), await alive([keys.alice])]).toEqual([409, 204, [200]]);
    await service.redis.hdel(ended, ...filling.filter((_, at) => at % 2 === 0));
    expect(await revokeSource()).toBe(200);
  });

  it('ends all that descends from the token, in every account, and nothing of another token', async () => {
    const [token, another] = [await userToken(service), await userToken(service)];
    const [ending, staying] = [await descendants(token), await descendants(another)];
    expect(await alive([...ending, ...staying])).toEqual(Array.from({ length: 8 }, () => 200));
    expect(await logOut(token)).toBe(204);
    expect(await alive([...ending, ...staying])).toEqual([401, 401, 401, 401, 200, 200, 200, 200]);
    expect(await logOut(token)).toBe(401);
  });

  it('race: a token that ends between decision and commit issues nothing', async () => {
    const token = await userToken(service);
    const answers = await Promise.all([...Array.from({ length: 8 }, () => withToken(service, token, 'post', keysPath, tokenKeysBody())), withToken(service, token, 'delete', tokensPath, undefined, { 'X-Subject-Token': token })]);
    expect(answers.at(-1)?.status).toBe(204);
    const issued = answers.slice(0, -1).filter(({ status }) => status === 201).map(keysOf);
    expect(new Set(await alive(issued)).has(200)).toBe(false);
  });

  it('is told to who verifies offline by the mark of the token', async () => {
    const verifier = createVerifier({ mode: 'offline', issuer, endpoint: service.url, service: 'obs', hosts, clock: clockOf(service) });
    const token = await userToken(service);
    const session = await service.session(await keysOfToken(token), ask(agencies.first), { algorithm: 'SDK-ECDSA-P256-SHA256' });
    const asked = () => verifier.authenticate(received(service, session), clientAddress);
    expect(await asked()).toMatchObject({ ok: true });
    expect(await logOut(token)).toBe(204);
    service.clock.advance(70);
    expect(await asked()).toMatchObject({ ok: false, reason: 'revoked' });
  });
});

describe('a password that the bootstrap file', () => {
  const apply = async (user: object): Promise<void> => {
    await applyBootstrap(parseBootstrapFile(JSON.stringify({ accounts: [{ account_id: accountA, account_name: 'account-a', users: [{ user_name: 'paul', ...user }] }] })), service.composition);
  };
  const logIn = async (given: string): Promise<number> => (await withToken(service, undefined, 'post', tokensPath, loginBody('paul', { password: given }))).status;
  const another = 'Another-Horse-2';

  it.each<readonly [string, object, readonly (readonly [given: string, status: number])[]]>([
    ['changes', { password: another }, [[password, 401], [another, 201]]],
    ['removes', { password_hash: '' }, [[password, 401]]],
  ])('%s ends all that the old one gave, and nothing of the user\'s access keys', async (_what, user, logins) => {
    await apply({ password, access_keys: [bootstrapKey(paulsKey)] });
    const token = await userToken(service);
    const ending = await descendants(token);
    const staying = [paulsKey, await service.session(paulsKey, ask(agencies.first))];
    await apply({ password });
    expect(await alive([...ending, ...staying])).toEqual([200, 200, 200, 200, 200, 200]);
    await apply(user);
    expect(await alive([...ending, ...staying])).toEqual([401, 401, 401, 401, 200, 200]);
    expect(await logOut(token)).toBe(401);
    for (const [given, status] of logins) expect([given, await logIn(given)]).toEqual([given, status]);
  });
});
