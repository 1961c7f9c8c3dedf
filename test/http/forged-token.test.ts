// A forged X-Security-Token at the live service: the request is signed with the session's true secret, so that only the token is wrong.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maximumTokenBytes } from '../../src/sts/security-token.js';
import { accountA, accounts, agencies, keys } from '../support/accounts.js';
import { startService, writeChanges, type Answer, type Credentials, type TestService } from '../support/service.js';
import { forgeries, otherTexts, partsOf, ringSigned, type Forgery } from '../keyring/forgeries.js';
import { assumeBody, changed, send, signed, written } from './support.js';

let service: TestService;
let session: Credentials;
let forged: readonly Forgery[];
beforeAll(async () => {
  service = await startService(accounts, { STS_RATE_ADDRESS_PER_MINUTE: '1000000' });
  session = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session-1' });
  forged = await forgeries(signingKeys(), token());
});
afterAll(() => service.stop());

const signingKeys = (): TestService['composition']['keyring']['token-signing'] => service.composition.keyring['token-signing'];
const token = (): string => session.securityToken ?? '';
const present = (securityToken: string, credentials: Credentials = session): Promise<Answer> => send(service, signed(service, { ...credentials, securityToken }, { body: assumeBody }));
const refused = { status: 401, body: { error_code: 'APIGW.0301', error_msg: 'Incorrect IAM authentication information: decrypt token fail' } };

describe('a forged token', () => {
  it.each(['T1', 'T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'T8', 'T9', 'T10', 'T11'])('%s: every token of the row gets one answer, no session and no event', async (row) => {
    // What no header can carry is covered against the verifier itself; the signer refuses to sign it.
    const sendable = forged.filter(([name, , text]) => name === row && /^[!-~]+$/.test(text) && text.length < 12_000);
    expect(sendable.length).toBeGreaterThan(1);
    const before = await written(service);
    const logged = service.logged.length;
    for (const [, what, text] of sendable) {
      const answer = await present(text);
      expect(answer, what).toMatchObject(refused);
      expect(JSON.stringify(answer), what).not.toContain(text);
    }
    expect(await written(service)).toEqual(before);
    const lines = JSON.stringify(service.logged.slice(logged));
    for (const [, what, text] of sendable.filter(([, , text]) => text.length > 20)) expect(lines.includes(text), what).toBe(false);
    expect(service.logged.slice(logged).filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('the true token is accepted all the while', async () => {
    expect(await present(token())).toMatchObject({ status: 200 });
  });

  it('T5: a token that was accepted makes none of its other texts acceptable', async () => {
    await present(token());
    for (const text of otherTexts(token())) expect(await present(text)).toMatchObject(refused);
  });

  it('T9: a token of more than 4,096 bytes is refused although the ring signed it', async () => {
    const { header, claims } = partsOf(token());
    const longest = (junk: number): string => ringSigned(signingKeys(), header, { ...claims, junk: 'a'.repeat(junk) });
    let junk = 2000;
    while (longest(junk).length < maximumTokenBytes) junk += 1;
    while (longest(junk).length > maximumTokenBytes) junk -= 1;
    expect((await present(longest(junk))).status).toBe(200);
    while (longest(junk).length <= maximumTokenBytes) junk += 1;
    expect(await present(longest(junk))).toMatchObject(refused);
  });

  it('T1: what the ring signs under any other claims does not lead to another session', async () => {
    const { header, claims } = partsOf(token());
    const own = claims['agency_sts'] as object;
    const other = await service.session(keys.bob, { agency_urn: agencies.first, agency_session_name: 'session-2' });
    for (const changes of [{ jti: other.accessKeyId }, { jti: 'x' }, { jti: 1 }, { jti: [session.accessKeyId] }, { agency_sts: { ...own, account: 'b'.repeat(32) } }, { agency_sts: {} }, { agency_sts: null }, { agency_sts: [] }, { exp: Number(claims['exp']) + 1 }]) {
      expect(await present(ringSigned(signingKeys(), header, { ...claims, ...changes })), JSON.stringify(changes)).toMatchObject(refused);
    }
  });

  it('T8: a token of another installation that shares the key ring is refused', async () => {
    const { header, claims } = partsOf(token());
    expect(await present(ringSigned(signingKeys(), header, { ...claims, iss: 'urn:agency-sts:other', aud: 'urn:agency-sts:other' }))).toMatchObject(refused);
  });

  it('is refused in a header value that is no token', async () => {
    const request = signed(service, session);
    for (const value of [`${token()} x`, `"${token()}"`, 'é', 'a\tb']) expect(await send(service, changed(request, 'x-security-token', () => value))).toMatchObject({ status: 401 });
  });
});

describe('the life of a token', () => {
  it('ends at the very second of its expiration', async () => {
    const start = service.clock.now();
    const short = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session-3', duration_seconds: 900 });
    const at = async (milliseconds: number): Promise<number> => {
      service.clock.set(start + milliseconds);
      return (await send(service, signed(service, short))).status;
    };
    expect([await at(0), await at(899_999), await at(900_000), await at(900_001), await at(3_600_000)]).toEqual([200, 200, 401, 401, 401]);
    service.clock.set(start);
  });

  it('does not survive its record', async () => {
    const gone = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session-4' });
    expect((await send(service, signed(service, gone))).status).toBe(200);
    await service.redis.del(service.composition.names.session(gone.accessKeyId));
    expect(await send(service, signed(service, gone))).toMatchObject(refused);
  });

  it('R9: a record that was changed, or moved from another session, is a 503 and an alarm', async () => {
    const { names } = service.composition;
    const [one, other] = [await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session-5' }), await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session-6' })];
    const record = (await service.redis.get(names.session(one.accessKeyId))) ?? '';
    for (const tampered of [record.replace('session-5', 'session-9'), (await service.redis.get(names.session(other.accessKeyId))) ?? '', record.slice(0, -1), '', 'x', '..']) {
      await service.redis.set(names.session(one.accessKeyId), tampered);
      const answer = await send(service, signed(service, one));
      expect(answer).toMatchObject({ status: 503, body: { error_code: 'STS5.1503', error_msg: 'the state of this service cannot be trusted at the moment' } });
      expect(service.logged.at(-1)).toMatchObject({ level: 'error', fields: { alarm: true, status: 503 } });
    }
    await service.redis.set(names.session(one.accessKeyId), record);
    expect((await send(service, signed(service, one))).status).toBe(200);
  });
});

describe('T14: a session is bound to its agency\'s immutable id', () => {
  const removeAgency = async (name: string): Promise<void> => {
    const { services } = service.composition;
    const view = await services.directory.read(accountA, () => []);
    const agency = view?.snapshot.agencies.named(name);
    if (view === undefined || agency === undefined) throw new Error(`no agency ${name}`);
    expect(await writeChanges(service.composition, [{ accountId: accountA, expectedRevision: view.snapshot.revision, put: [], remove: [`agency:${agency.agencyId}`] }])).toBe('committed');
  };

  it('deleting the agency ends it, and an agency made again under the same name does not revive it', async () => {
    const old = await service.session(keys.alice, { agency_urn: agencies.long, agency_session_name: 'session-1' });
    expect((await send(service, signed(service, old))).status).toBe(200);
    await removeAgency('long');
    expect(await send(service, signed(service, old))).toMatchObject(refused);
    await service.apply(accounts);
    const fresh = await service.session(keys.alice, { agency_urn: agencies.long, agency_session_name: 'session-1' });
    expect(await send(service, signed(service, old))).toMatchObject(refused);
    expect((await send(service, signed(service, fresh))).status).toBe(200);
    const agencyOf = (credentials: Credentials): unknown => (partsOf(credentials.securityToken ?? '').claims['agency_sts'] as { agency: string }).agency;
    expect(agencyOf(fresh)).not.toBe(agencyOf(old));
  });
});
