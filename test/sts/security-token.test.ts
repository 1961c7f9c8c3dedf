// What is issued: the shape of credentials, and a token that says what the session record says, within its size.
import { createHash } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify, type JWTPayload } from 'jose';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountB, accountsPlus, agencies, allow, ask, bootstrapKey, keys, mfaSeed, policy, trust } from '../support/accounts.js';
import { credentialsOf, startService, type Credentials, type TestService } from '../support/service.js';
import { ecdsaPublicJwk, verificationKey } from '../../src/signing/index.js';
import type { Session } from '../../src/sessions/session.js';
import { accountHandle } from '../../src/sts/account-handle.js';

const issuer = `https://${'i'.repeat(108)}.net`;
const longAccount = 'f'.repeat(32);
const longestKey: Credentials = { accessKeyId: 'K'.repeat(40), secretAccessKey: 's'.repeat(128) };
/** A letter of four bytes: the longest name of a user in a token. */
const userName = '𐐀'.repeat(64);
const agencyName = 'n'.repeat(64);
const longestAgency = `iam::${longAccount}:agency:${'p'.repeat(511)}/${agencyName}`;
const agencyId = 'i'.repeat(64);
const userId = 'u'.repeat(64);

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [longAccount]: {
      policies: [{ policy_id: 'p'.repeat(64), policy_name: 'all', policy_document: policy(allow('*')) }],
      users: [{ user_id: userId, user_name: userName, attached_policies: ['all'], access_keys: [bootstrapKey(longestKey)], mfa_devices: [{ device_name: 'phone', base32_string_seed: mfaSeed }] }],
      agencies: [{ agency_id: agencyId, agency_name: agencyName, path: `${'p'.repeat(511)}/`, trust_policy: trust({ IAM: [longAccount] }), attached_policies: ['all'] }],
    },
  }), { STS_ISSUER: issuer, STS_CELLS: '1024' });
  service.clock.set(Math.floor(Date.now() / 30_000) * 30_000);
});
afterAll(() => service.stop());

const record = async ({ accessKeyId }: Credentials): Promise<Session> => {
  const session = await service.composition.services.sessions.find(accessKeyId);
  if (session === undefined) throw new Error('the session has no record');
  return session;
};
/** Verified as a relying party would: jose, the public key, and nothing of our own. */
async function claimsOf({ securityToken = '' }: Credentials): Promise<JWTPayload> {
  const { active } = service.composition.keyring['token-signing'];
  expect(decodeProtectedHeader(securityToken)).toEqual({ alg: 'EdDSA', kid: active.id, typ: 'agency-session+jwt' });
  if (active.publicKey === undefined) throw new Error('the key ring has no public key');
  const { payload } = await jwtVerify(securityToken, active.publicKey, {
    algorithms: ['EdDSA'], typ: 'agency-session+jwt', issuer, audience: issuer, currentDate: new Date(service.clock.now()), requiredClaims: ['jti', 'sub', 'iat', 'exp'],
  });
  return payload;
}
const handleKey = () => service.composition.keyring['record-authentication'].active;
/** The id the first time, and then its place among the accounts that came before. */
function accountOrPlace({ chain }: Session, at: number): string | number {
  const accountIds = chain.slice(0, at).map(({ accountId }) => accountId);
  const accountId = chain[at]?.accountId ?? '';
  return accountIds.includes(accountId) ? [...new Set(accountIds)].indexOf(accountId) : accountId;
}
const ofSource = ({ epochs: { source } }: { readonly epochs: { readonly source?: number | undefined } }) => (source === undefined ? [] : [source]);
const expectedClaims = (session: Session) => ({
  iss: issuer,
  aud: issuer,
  sub: `sts::${session.accountId}:assumed-agency:${session.agencyName}/${session.agencySessionName}`,
  jti: session.sessionId,
  iat: session.issuedAt,
  exp: session.expiresAt,
  act: { sub: session.assumedBy },
  status: { status_list: { idx: session.status.index, uri: `${issuer}/v1/status-lists/${session.status.list}` } },
  agency_sts: {
    account: session.accountId,
    agency: session.agencyId,
    session_name: session.agencySessionName,
    root: session.rootPrincipal,
    depth: session.chain.length,
    chain_started: session.chainStartedAt,
    chain: session.chain.map((link, at) =>
      link.kind === 'key'
        ? [link.accessKeyId, link.accountId, link.ownerId, link.epochs.account, link.epochs.owner, link.epochs.key, ...ofSource(link)]
        : [link.sessionId, accountOrPlace(session, at), link.agencyId, link.epochs.account, link.epochs.agency, link.status.list, link.status.index, link.issuedAt - session.chainStartedAt, ...ofSource(link)]),
    epochs: [session.epochs.account, session.epochs.agency, ...ofSource(session)],
    handles: [handleKey().id, ...[...new Set([...session.chain.map(({ accountId }) => accountId), session.accountId])].map((accountId) => accountHandle(handleKey(), accountId))],
    secret_key: session.secretKeyId,
  },
});
const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('base64url');

describe('credentials', () => {
  it('have the documented shape', async () => {
    service.clock.advance(0.123);
    const { body } = await service.assume(keys.alice, ask(agencies.first, { duration_seconds: 900 }));
    expect(Object.keys(body.credentials ?? {}).sort()).toEqual(['access_key_id', 'expiration', 'secret_access_key', 'security_token']);
    expect(body.credentials?.access_key_id).toMatch(/^HST[A-Z2-7]{17}$/);
    expect(body.credentials?.secret_access_key).toMatch(/^[\w-]{40}$/);
    expect(body.credentials?.expiration).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
    expect(Date.parse(body.credentials?.expiration ?? '')).toBe((Math.floor(service.clock.now() / 1000) + 900) * 1000);
    expect(body.assumed_agency).toEqual({ urn: `sts::${accountA}:assumed-agency:first/session1`, id: expect.stringMatching(/^[0-9a-f]{32}:session1$/) as string });
  });

  it('are new each time, in every part, also for equal calls at the same moment', async () => {
    const sessions = await Promise.all(Array.from({ length: 20 }, () => service.session(keys.alice, ask(agencies.first))));
    const records = await Promise.all(sessions.map(record));
    for (const parts of [sessions.map((each) => each.accessKeyId), sessions.map((each) => each.secretAccessKey), sessions.map((each) => each.securityToken), records.map(({ status }) => JSON.stringify(status))]) {
      expect(new Set(parts).size).toBe(20);
    }
  });
});

describe('the security token', () => {
  it('says what the record says, from the first session of a chain over three accounts to the last', async () => {
    const tags = { tags: [{ key: 'team', value: 'blue' }, { key: 'gone', value: '' }], transitive_tag_keys: ['team'], source_identity: 'alice' };
    const first = await service.session(keys.alice, ask(agencies.first, tags));
    service.clock.advance(60);
    const second = await service.session(first, ask(agencies.second, { agency_session_name: 'second-session', duration_seconds: 900 }));
    const third = await service.session(second, ask(agencies.third));
    const inherited = [['team', 'blue', 1]];
    for (const [credentials, own, depth] of [[first, [...inherited, ['gone', '', 0]], 1], [second, inherited, 2], [third, inherited, 3]] as const) {
      const session = await record(credentials);
      const expected = expectedClaims(session);
      expect(session.chain).toHaveLength(depth);
      expect(await claimsOf(credentials)).toEqual({ ...expected, agency_sts: { ...expected.agency_sts, source_identity: 'alice', tags: own } });
    }
    const last = await record(third);
    expect(last).toMatchObject({
      rootPrincipal: `iam::${accountA}:user:alice`, assumedBy: `sts::${accountB}:assumed-agency:second/second-session`, chainStartedAt: (await record(first)).issuedAt,
      chain: [{ kind: 'key', accessKeyId: keys.alice.accessKeyId }, { kind: 'session', sessionId: first.accessKeyId }, { kind: 'session', sessionId: second.accessKeyId, accountId: accountB }],
    });
  });

  it('of the plainest session has no more than it needs', async () => {
    const credentials = await service.session(keys.alice, ask(agencies.first));
    expect(await claimsOf(credentials)).toEqual(expectedClaims(await record(credentials)));
  });

  it('tells the time of MFA of the session that was obtained with it, and of no other', async () => {
    const code = new TOTP({ secret: Secret.fromBase32(mfaSeed) }).generate({ timestamp: service.clock.now() });
    const first = await service.session(keys.alice, ask(agencies.first, { serial_number: `iam::${accountA}:mfa:phone`, token_code: code }));
    const second = await service.session(first, ask(agencies.second));
    expect(await claimsOf(first)).toMatchObject({ agency_sts: { mfa: Math.floor(service.clock.now() / 1000) } });
    expect((await claimsOf(second))['agency_sts']).not.toHaveProperty('mfa');
  });

  it('holds of session policies a digest only, and nothing secret', async () => {
    const text = JSON.stringify(policy(allow('*', { Sid: 'canary-policy' })));
    const { body } = await service.assume(keys.alice, ask(agencies.first, { policy: text, external_id: 'canary-external-id' }));
    const credentials = credentialsOf(body);
    const claims = await claimsOf(credentials);
    expect(claims).toMatchObject({ agency_sts: { policies_digest: digest([text]) } });
    for (const secret of ['canary', credentials.secretAccessKey, keys.alice.secretAccessKey]) expect(JSON.stringify(claims)).not.toContain(secret);
    expect(await record(credentials)).toMatchObject({ sessionPolicy: text });
  });

  it.each<[algorithm: 'SDK-HMAC-SHA256' | 'SDK-HMAC-SM3']>([['SDK-HMAC-SHA256'], ['SDK-HMAC-SM3']])('binds no key when the call was signed with %s', async (algorithm) => {
    expect(await claimsOf(await service.session(keys.alice, ask(agencies.first), { algorithm }))).not.toHaveProperty('cnf');
  });

  it('binds the session\'s own public key when the call was signed with ECDSA, along the chain', async () => {
    const algorithm = 'SDK-ECDSA-P256-SHA256';
    const first = await service.session(keys.alice, ask(agencies.first), { algorithm });
    const second = await service.session(first, ask(agencies.second), { algorithm });
    for (const credentials of [first, second]) {
      const jwk = ecdsaPublicJwk(verificationKey(credentials.accessKeyId, credentials.secretAccessKey));
      expect(await claimsOf(credentials)).toMatchObject({ cnf: { jwk } });
      expect(await service.identity(credentials, { algorithm })).toMatchObject({ status: 200 });
    }
  });
});

describe('the size of the token', () => {
  const manyTags = (count: number, length: number) => Array.from({ length: count }, (_, index) => ({ key: `key${index}`, value: 'v'.repeat(length) }));

  it('lets tags in as long as they fit, and their digest when they do not; the record has them all', async () => {
    let withTags = 0;
    let withDigest = 0;
    for (let length = 5; length <= 255; length += 25) {
      const tags = manyTags(20, length);
      const credentials = await service.session(keys.alice, ask(agencies.first, { tags, transitive_tag_keys: ['key0'] }));
      const own = (await claimsOf(credentials))['agency_sts'];
      const compact = tags.map(({ key, value }) => [key, value, key === 'key0' ? 1 : 0]);
      expect(credentials.securityToken?.length).toBeLessThanOrEqual(4096);
      expect((await record(credentials)).tags.map(({ key, value }) => ({ key, value }))).toEqual(tags);
      if (typeof own === 'object' && own !== null && 'tags' in own) {
        withTags += 1;
        expect(own).toMatchObject({ tags: compact });
        expect(own).not.toHaveProperty('tags_digest');
        expect(withDigest).toBe(0);
      } else {
        withDigest += 1;
        expect(own).toMatchObject({ tags_digest: digest(compact) });
      }
      expect(await service.identity(credentials)).toMatchObject({ status: 200 });
    }
    expect(withTags).toBeGreaterThan(0);
    expect(withDigest).toBeGreaterThan(0);
  });

  const algorithm = 'SDK-ECDSA-P256-SHA256';
  const longest = {
    agency_session_name: 's'.repeat(128), source_identity: 'i'.repeat(64), tags: manyTags(20, 255), transitive_tag_keys: manyTags(20, 0).map(({ key }) => key),
    policy: JSON.stringify(policy(allow('*'))).padEnd(2048), policy_ids: Array.from({ length: 10 }, () => 'p'.repeat(64)),
  };
  /** A chain of ten sessions, the first with all that a call can ask for, each of them usable. */
  async function deepest(begin: Credentials, serialNumber: string, hops: readonly string[], policies: object): Promise<Credentials> {
    const code = new TOTP({ secret: Secret.fromBase32(mfaSeed) }).generate({ timestamp: service.clock.now() });
    let credentials = begin;
    for (let depth = 1; depth <= 10; depth += 1) {
      const asked = { ...longest, ...policies, ...(depth === 1 ? { serial_number: serialNumber, token_code: code } : { tags: [], transitive_tag_keys: [] }) };
      credentials = await service.session(credentials, ask(hops[depth % hops.length] ?? '', asked), { algorithm });
      expect(credentials.securityToken?.length).toBeLessThanOrEqual(4096);
      expect(await service.identity(credentials, { algorithm })).toMatchObject({ status: 200 });
    }
    expect((await record(credentials)).chain).toHaveLength(10);
    return credentials;
  }
  /** Ids grow by revocations and by sessions: a million of the ones, and as many of the others as fill 10,000 status lists. */
  async function age(accountId: string, subjects: readonly string[]): Promise<void> {
    const { names } = service.composition;
    for (const subject of ['account', ...subjects]) await service.redis.hset(names.accountState(accountId), subject, '1000000');
    await service.redis.set(names.statusIndex(names.cellOfAccount(accountId)), String(131_072 * 9999 + 120_000));
  }

  it('has room for a chain of ten, the most there can be, with ordinary ids and the longest session names', async () => {
    service.clock.advance(60);
    await age(accountA, []);
    const credentials = await deepest(keys.alice, `iam::${accountA}:mfa:phone`, [agencies.first], { policy_ids: [] });
    const session = await record(credentials);
    expect(await claimsOf(credentials)).toMatchObject({ cnf: {}, agency_sts: { depth: 10, chain: expectedClaims(session).agency_sts.chain, tags_digest: digest(session.tags.map(({ key, value }) => [key, value, 1])) } });
    const answer = await service.assume(credentials, ask(agencies.first));
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'STS5.1113' } });
    expect(answer.body.error_msg).toContain('the depth limit of this service is 10');
  });

  it('is kept for a chain of ten with the longest ids and names of everything: the chain stands in the record, and in the token as a digest', async () => {
    await age(longAccount, [`agency:${agencyId}`, `user:${userId}`, `key:${longestKey.accessKeyId}`]);
    const credentials = await deepest(longestKey, `iam::${longAccount}:mfa:phone`, [longestAgency], {});
    const session = await record(credentials);
    const claims = await claimsOf(credentials);
    expect(claims).toMatchObject({
      sub: `sts::${longAccount}:assumed-agency:${agencyName}/${'s'.repeat(128)}`,
      agency_sts: { depth: 10, root: `iam::${longAccount}:user:${userName}`, chain_digest: digest(expectedClaims(session).agency_sts.chain) },
    });
    expect(claims['agency_sts']).not.toHaveProperty('chain');
  });
});
