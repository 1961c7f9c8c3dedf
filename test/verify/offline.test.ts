// Verifying offline: who signed, with no secret and no call; refused is everything that is not proved, or not known.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountA, accountB, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { forgeries, partsOf, ringSigned } from '../keyring/forgeries.js';
import { accountHandle } from '../../src/sts/account-handle.js';
import { createVerifier, type OfflineVerifier } from '../../src/verify/index.js';
import { bent, clientAddress, clockOf, cut, hosts, issuer, received, way, withHeader, type Way } from './support.js';

const life = 60;
const ttl = 10;
const ecdsa = { algorithm: 'SDK-ECDSA-P256-SHA256' } as const;

let service: TestService;
let road: Way;
let verifier: OfflineVerifier;
beforeAll(async () => {
  service = await startService(accounts, { STS_ISSUER: issuer, STS_STATUS_LIST_LIFE: String(life), STS_RATE_ADDRESS_PER_MINUTE: '1000000' });
});
afterAll(() => service.stop());
beforeEach(() => {
  road = way();
  verifier = make();
});

const make = (more: object = {}): OfflineVerifier => createVerifier({ mode: 'offline', issuer, endpoint: service.url, service: 'obs', hosts, fetch: road.fetch, clock: clockOf(service), ...more });
const registered = (): OfflineVerifier => make({ credentials: keys.service });
const assume = (begin: Credentials, agency: string, more: object = {}): Promise<Credentials> => service.session(begin, { agency_urn: agency, agency_session_name: 'session1', ...more }, ecdsa);
const authenticate = (credentials: Credentials, options: Parameters<typeof received>[2] = {}) => verifier.authenticate(received(service, credentials, options), clientAddress);
const handleOf = (accountId: string): string => accountHandle(service.composition.keyring['record-authentication'].active, accountId);
const refused = (reason: string) => expect.objectContaining({ ok: false, reason }) as unknown;

describe('a request of a living session', () => {
  it('signed with ECDSA is accepted with no secret; after the first one with no call at all', async () => {
    const credentials = await assume(await assume(keys.alice, agencies.first, { tags: [{ key: 'team', value: 'blue' }], transitive_tag_keys: ['team'], source_identity: 'alice' }), agencies.second);
    expect(await authenticate(credentials)).toEqual({
      ok: true,
      principal: {
        urn: `sts::${accountB}:assumed-agency:second/session1`, accountId: accountB, accessKeyId: credentials.accessKeyId, tags: [{ key: 'team', value: 'blue' }], sourceIdentity: 'alice', chainDepth: 2,
        rootPrincipal: `iam::${accountA}:user:alice`, mfaAuthenticatedAt: undefined, expiresAt: Math.floor(service.clock.now() / 1000) + 3600,
      },
    });
    const asked = road.asked.length;
    expect(new Set(road.asked.map((path) => path.replace(/\d+-\d+$|[\w-]{16}$/, '*')))).toEqual(new Set(['/.well-known/jwks.json', `/v1/epochs/${accountA}/*`, `/v1/epochs/${accountB}/*`, '/v1/status-lists/*']));
    for (let times = 0; times < 3; times += 1) expect(await authenticate(credentials, { method: 'PUT', body: `body ${times}` })).toMatchObject({ ok: true });
    expect(road.asked.length).toBe(asked);
  });

  it('signed with V11 is accepted by a registered service, whose derived key comes once', async () => {
    verifier = registered();
    const credentials = await assume(keys.alice, agencies.first);
    const v11 = { algorithm: 'V11-HMAC-SHA256' } as const;
    expect(await authenticate(credentials, v11)).toMatchObject({ ok: true, principal: { accessKeyId: credentials.accessKeyId } });
    expect(await authenticate(credentials, { ...v11, method: 'PUT', body: 'another' })).toMatchObject({ ok: true });
    expect(road.asked.filter((path) => path === '/v1/derived-keys')).toHaveLength(1);
    expect(await verifier.authenticate(bent(received(service, credentials, v11), { target: '/other' }), clientAddress)).toEqual(refused('signature_mismatch'));
  });

  it('signed with V11 is not accepted in the name of another service, or by who is none', async () => {
    const credentials = await assume(keys.alice, agencies.first);
    expect(await authenticate(credentials, { algorithm: 'V11-HMAC-SHA256' })).toEqual(refused('registered_service_only'));
    verifier = registered();
    for (const name of ['sts', 'ecs']) expect(await authenticate(credentials, { algorithm: 'V11-HMAC-SHA256', service: name })).toEqual(refused('request_malformed'));
    expect(road.asked).not.toContain('/v1/derived-keys');
  });

  it.each(['SDK-HMAC-SHA256', 'SDK-HMAC-SM3'] as const)('signed with %s can be verified online only, and the verifier says so', async (algorithm) => {
    verifier = registered();
    expect(await authenticate(await assume(keys.alice, agencies.first), { algorithm })).toMatchObject({ reason: 'online_only', status: 401, message: expect.stringContaining('online only') as string });
  });

  it('whose token holds no key can be verified online only', async () => {
    const credentials = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session1' });
    expect(await authenticate(credentials)).toEqual(refused('online_only'));
  });

  it('of a permanent key that somebody made up costs no call, and a service that asks about them asks for so many only', async () => {
    const v11 = { algorithm: 'V11-HMAC-SHA256' } as const;
    const madeUp = (each: number): Credentials => ({ accessKeyId: `HPUAMADEUP${String(each).padStart(10, '0')}`, secretAccessKey: 'x'.repeat(40) });
    const calls = (): number => road.asked.filter((path) => path === '/v1/derived-keys').length;
    verifier = registered();
    for (const each of [keys.alice, madeUp(0)]) expect(await authenticate(each, v11)).toEqual(refused('security_token_missing'));
    expect(calls()).toBe(0);

    verifier = make({ credentials: keys.service, permanentKeys: true });
    for (let each = 0; each < 30; each += 1) await authenticate(madeUp(each), v11);
    expect(calls()).toBe(20);
    expect(await authenticate(madeUp(31), v11)).toMatchObject({ reason: 'service_unavailable', status: 503 });
    // Other addresses have not failed: they have the bound of all calls, which leaves sessions theirs.
    road = way();
    verifier = make({ credentials: keys.service, permanentKeys: true, derivedKeysPerMinute: 25 });
    for (let each = 0; each < 40; each += 1) await verifier.authenticate(received(service, madeUp(each), v11), `192.0.2.${each}`);
    expect(calls()).toBe(25);
    expect(await authenticate(await assume(keys.alice, agencies.first), v11)).toMatchObject({ ok: true });
    service.clock.advance(60);
    expect(await authenticate(madeUp(50), v11)).toEqual(refused('signature_mismatch'));
  });

  it('with wrong V11 signatures is asked about a few times in a minute: of one session from one address', async () => {
    verifier = registered();
    const credentials = await assume(keys.alice, agencies.first);
    const v11 = { algorithm: 'V11-HMAC-SHA256' } as const;
    const wrong = { ...credentials, secretAccessKey: 'x'.repeat(40) };
    const reasons: unknown[] = [];
    for (let each = 0; each < 8; each += 1) reasons.push(await authenticate(wrong, { ...v11, method: 'PUT', body: `body ${each}` }));
    expect(reasons).toEqual([...Array<unknown>(5).fill(refused('signature_mismatch')), ...Array<unknown>(3).fill(refused('service_unavailable'))]);
    // Elsewhere the owner is let in, and then everywhere.
    expect(await verifier.authenticate(received(service, credentials, v11), '192.0.2.8')).toMatchObject({ ok: true });
    expect(await authenticate(credentials, v11)).toMatchObject({ ok: true });
  });

  it('of a long-term key is not accepted', async () => {
    expect(await authenticate(keys.alice)).toEqual(refused('security_token_missing'));
  });
});

describe('a request that was not signed like this', () => {
  it('is refused, whatever of it is another', async () => {
    const credentials = await assume(keys.alice, agencies.first);
    const request = received(service, credentials, { method: 'PUT', body: 'the body', headers: { 'content-type': 'text/plain' } });
    expect(await verifier.authenticate(request, clientAddress)).toMatchObject({ ok: true });
    const changes: readonly (readonly [string, Parameters<typeof bent>[1]])[] = [
      ['the method', { method: 'POST' }], ['the path', { target: '/bucket/other?versions=2' }], ['the query', { target: '/bucket/key?versions=3' }], ['the body', { body: Buffer.from('the Body') }],
      ['a header', withHeader(request, 'content-type', 'text/html')], ['the host', withHeader(request, 'host', 'objects.example:443')],
    ];
    for (const [what, change] of changes) expect(await verifier.authenticate(bent(request, change), clientAddress), what).toEqual(refused('signature_mismatch'));
  });

  it('is refused with the token of another session, or with none', async () => {
    const [one, other] = [await assume(keys.alice, agencies.first), await assume(keys.alice, agencies.first)];
    expect(await authenticate({ ...one, securityToken: other.securityToken ?? '' })).toEqual(refused('security_token_invalid'));
    expect(await authenticate({ ...one, secretAccessKey: other.secretAccessKey })).toEqual(refused('signature_mismatch'));
    const { accessKeyId, secretAccessKey } = one;
    expect(await authenticate({ accessKeyId, secretAccessKey })).toEqual(refused('security_token_missing'));
  });

  it.each([[-901, false], [-900, true], [900, true], [901, false]])('is refused when its date is off by more than 15 minutes: %d s', async (off, isAccepted) => {
    const credentials = await assume(keys.alice, agencies.first);
    expect(await authenticate(credentials, { date: service.clock.now() + off * 1000 })).toMatchObject(isAccepted ? { ok: true } : { reason: 'request_malformed' });
  });

  it('is refused from the very second in which the token expires', async () => {
    const credentials = await assume(keys.alice, agencies.first, { duration_seconds: 900 });
    service.clock.set(Math.floor(service.clock.now() / 1000) * 1000);
    service.clock.advance(899);
    expect(await authenticate(credentials)).toMatchObject({ ok: true });
    service.clock.advance(0.999);
    expect(await authenticate(credentials)).toMatchObject({ ok: true });
    service.clock.advance(0.001);
    for (const each of [verifier, make()]) expect(await each.authenticate(received(service, credentials), clientAddress)).toEqual(refused('security_token_expired'));
  });
});

describe('a forged token', () => {
  it('of every row is refused, though the request is signed with the true secret', async () => {
    const credentials = await assume(keys.alice, agencies.first);
    const all = await forgeries(service.composition.keyring['token-signing'], credentials.securityToken ?? '');
    const sendable = all.filter(([, , text]) => /^[!-~]+$/.test(text) && text.length < 12_000);
    expect(new Set(sendable.map(([row]) => row)).size).toBe(11);
    for (const [row, what, securityToken] of sendable) expect(await authenticate({ ...credentials, securityToken }), `${row} ${what}`).toMatchObject({ ok: false, status: 401 });
  });

  it('with key ids that nobody knows makes no flood of questions for keys', async () => {
    const credentials = await assume(keys.alice, agencies.first);
    const [, claims = '', signature = ''] = (credentials.securityToken ?? '').split('.');
    await authenticate(credentials);
    const asked = road.asked.length;
    for (let each = 0; each < 20; each += 1) {
      const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid: `unknown-${each}`, typ: 'agency-session+jwt' })).toString('base64url');
      expect(await authenticate({ ...credentials, securityToken: `${header}.${claims}.${signature}` })).toEqual(refused('security_token_invalid'));
    }
    expect(road.asked.length - asked).toBeLessThanOrEqual(1);
  });

  it('that is another text which the service signed stands for nobody', async () => {
    const credentials = await assume(keys.alice, agencies.first);
    await authenticate(credentials);
    for (const path of road.asked.filter((each) => each.startsWith('/v1/'))) {
      const securityToken = await (await fetch(`${service.url}${path}`)).text();
      expect(await authenticate({ ...credentials, securityToken }), path).toEqual(refused('security_token_invalid'));
    }
  });
});

describe('a revocation', () => {
  /** By id, since names are not enough. */
  async function agencyIdOf({ accessKeyId }: Credentials): Promise<string> {
    return (await service.composition.services.sessions.find(accessKeyId))?.agencyId ?? '';
  }
  const revocations: readonly (readonly [what: string, revoke: (first: Credentials, second: Credentials) => Promise<unknown>])[] = [
    ['of the session itself', (_, second) => service.call(keys.rootB, 'POST', `/v1/sessions/${second.accessKeyId}/revoke`, {})],
    ['of its parent', (first) => service.call(keys.rootA, 'POST', `/v1/sessions/${first.accessKeyId}/revoke`, {})],
    ['of all that its long-term key issued', () => service.call(keys.rootA, 'POST', '/v1/revocations', { access_key_id: keys.alice.accessKeyId })],
    ['of all of the parent\'s agency', async (first) => service.call(keys.rootA, 'POST', '/v1/revocations', { agency_id: await agencyIdOf(first) })],
    ['of all of its own agency', async (_, second) => service.call(keys.rootB, 'POST', '/v1/revocations', { agency_id: await agencyIdOf(second) })],
    ['of its source identity, by the account where it was set', () => service.call(keys.rootA, 'POST', '/v1/revocations', { source_identity: 'alice' })],
    ['of its source identity, by the account of its agency', () => service.call(keys.rootB, 'POST', '/v1/revocations', { source_identity: 'alice' })],
    ['of the whole account at its beginning', () => service.call(keys.rootA, 'POST', '/v1/revocations', { whole_account: true })],
    ['of all that was issued before a moment', () => {
      service.clock.advance(300);
      return service.call(keys.rootA, 'POST', '/v1/revocations', { access_key_id: keys.alice.accessKeyId, issued_before: new Date(service.clock.now() - 200_000).toISOString() });
    }],
  ];

  it.each(revocations)('%s is seen within two seconds and the time to the next list, and what is issued afterwards is accepted', async (_, revoke) => {
    const chain = async (): Promise<[Credentials, Credentials]> => {
      const first = await assume(keys.alice, agencies.first, { source_identity: 'alice' });
      return [first, await assume(first, agencies.second)];
    };
    const [first, second] = await chain();
    // Of other subjects, so that nothing else ends by chance.
    const other = await assume(keys.rootB, agencies.second).catch(() => undefined);
    expect(other).toBeUndefined();
    expect(await authenticate(second)).toMatchObject({ ok: true });
    expect(await revoke(first, second)).toMatchObject({ status: 200 });
    service.clock.advance(2 + ttl);
    expect(await authenticate(second)).toEqual(refused('revoked'));
    const [, later] = await chain();
    expect(await authenticate(later)).toMatchObject({ ok: true });
  });

  it('that the verifier cannot have heard of is refused when the life of its list is over: offline nothing is accepted for longer', async () => {
    const credentials = await assume(keys.alice, agencies.first);
    service.clock.set(Math.floor(service.clock.now() / 1000) * 1000);
    expect(await authenticate(credentials)).toMatchObject({ ok: true });
    road.hold(cut);
    expect(await service.call(keys.rootA, 'POST', `/v1/sessions/${credentials.accessKeyId}/revoke`, {})).toMatchObject({ status: 200 });
    service.clock.advance(life - 0.001);
    expect(await authenticate(credentials)).toMatchObject({ ok: true });
    service.clock.advance(0.001);
    expect(await authenticate(credentials)).toMatchObject({ reason: 'status_unavailable', status: 503 });
    road.hold(undefined);
    service.clock.advance(1);
    expect(await authenticate(credentials)).toEqual(refused('revoked'));
  });

  it('is not undone by an older list, whoever sends it', async () => {
    const credentials = await assume(keys.alice, agencies.first);
    expect(await authenticate(credentials)).toMatchObject({ ok: true });
    const path = road.asked.find((each) => each.startsWith('/v1/status-lists/')) ?? '';
    const older = await (await fetch(`${service.url}${path}`)).text();
    await service.call(keys.rootA, 'POST', `/v1/sessions/${credentials.accessKeyId}/revoke`, {});
    service.clock.advance(ttl + 1);
    expect(await authenticate(credentials)).toEqual(refused('revoked'));
    road.hold((asked) => (asked === path ? new Response(older) : undefined));
    service.clock.advance(ttl + 1);
    expect(await authenticate(credentials)).toEqual(refused('revoked'));
  });

  it('is not overlooked because the list of the parent\'s account stands for that of its own: each list is for one account', async () => {
    const first = await assume(keys.alice, agencies.first);
    const second = await assume(first, agencies.second);
    const [own, parents] = [accountB, accountA].map((accountId) => `/v1/epochs/${accountId}/${handleOf(accountId)}`);
    const other = await (await fetch(`${service.url}${parents ?? ''}`)).text();
    road.hold((path) => (path === own ? new Response(other) : undefined));
    expect(await authenticate(first)).toMatchObject({ ok: true });
    expect(await authenticate(second)).toEqual(refused('status_unavailable'));
  });

  it('of too many subjects by one account keeps nobody else\'s sessions from being verified', async () => {
    const names = service.composition.names;
    const one = await assume(keys.alice, agencies.first);
    const fields = Array.from({ length: 5001 }, (_, at) => [`epoch source:flood-${at}`, `1048576 ${Math.floor(service.clock.now() / 1000)}`]).flat();
    await service.redis.hset(names.ended(accountB), ...fields);
    try {
      service.clock.advance(1);
      expect(await authenticate(await assume(one, agencies.second))).toEqual(refused('status_unavailable'));
      expect(await authenticate(one)).toMatchObject({ ok: true });
    } finally {
      await service.redis.hdel(names.ended(accountB), ...fields.filter((_, at) => at % 2 === 0));
      service.clock.advance(1);
    }
  });

  it('is not kept from the verifier by a list that is dated ahead: it takes none', async () => {
    const credentials = await assume(keys.alice, agencies.first);
    const ahead = async (path: string, by: number): Promise<Response | undefined> => {
      if (path === '/.well-known/jwks.json') return undefined;
      const { header, claims } = partsOf(await (await fetch(`${service.url}${path}`)).text());
      const now = Math.floor(service.clock.now() / 1000);
      return new Response(ringSigned(service.composition.keyring['token-signing'], header, { ...claims, iat: now + by, exp: now + by + life }));
    };
    road.hold((path) => ahead(path, 902));
    expect(await authenticate(credentials)).toEqual(refused('status_unavailable'));
    verifier = make();
    road.hold((path) => ahead(path, 900));
    expect(await authenticate(credentials)).toMatchObject({ ok: true });
  });

  it.each<[what: string, list: (good: string, other: string) => Response]>([
    ['another list of the service', (_, other) => new Response(other)], ['a bent one', (good) => new Response(`${good.slice(0, -8)}AAAAAAAA`)], ['none', () => new Response('', { status: 404 })],
    ['a page', () => new Response('<html>')], ['an answer without end', () => new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1_000_000)) }))],
  ])('is not overlooked because the list is %s: the verifier refuses', async (_, list) => {
    const credentials = await assume(keys.alice, agencies.first);
    const epochs = await (await fetch(`${service.url}/v1/epochs/${accountA}/${handleOf(accountA)}`)).text();
    road.hold(async (path) => (path.startsWith('/v1/status-lists/') ? list(await (await fetch(`${service.url}${path}`)).text(), epochs) : undefined));
    expect(await authenticate(credentials)).toEqual(refused('status_unavailable'));
  });
});

describe('without its knowledge the verifier accepts nothing', () => {
  it.each([['/.well-known/jwks.json', 'keys_unavailable'], ['/v1/epochs', 'status_unavailable'], ['/v1/status-lists/', 'status_unavailable']])('cut off from %s it answers 503', async (path, reason) => {
    const credentials = await assume(keys.alice, agencies.first);
    road.hold((asked) => (asked.startsWith(path) ? cut() : undefined));
    expect(await authenticate(credentials)).toMatchObject({ ok: false, reason, status: 503 });
    road.hold(undefined);
    service.clock.advance(1);
    expect(await authenticate(credentials)).toMatchObject({ ok: true });
  });

  it('a token whose key left the key set is refused when the set has to be fetched anew, and the token is not remembered any more', async () => {
    const credentials = await assume(keys.alice, agencies.first, { duration_seconds: 3600 });
    expect(await authenticate(credentials)).toMatchObject({ ok: true });
    // The lists are signed with the same key: they are good as long as they are known.
    const [path = ''] = road.asked.filter((each) => each.startsWith('/v1/status-lists/'));
    expect(path).not.toBe('');
    road.hold((asked) => (asked === '/.well-known/jwks.json' ? Response.json({ keys: [] }) : undefined));
    service.clock.advance(300);
    expect(await authenticate(credentials)).toEqual(refused('security_token_invalid'));
  });

  it('a token that holds its chain as a digest only is refused', async () => {
    const credentials = await assume(keys.alice, agencies.first);
    const { header, claims } = partsOf(credentials.securityToken ?? '');
    const { chain: _, ...own } = claims['agency_sts'] as Readonly<Record<string, unknown>>;
    const securityToken = ringSigned(service.composition.keyring['token-signing'], header, { ...claims, agency_sts: { ...own, chain_digest: 'x' } });
    expect(await authenticate({ ...credentials, securityToken })).toEqual(refused('chain_unknown'));
  });

  it('a token with a handle that is not its account\'s is refused', async () => {
    const credentials = await assume(keys.alice, agencies.first);
    const { header, claims } = partsOf(credentials.securityToken ?? '');
    const own = claims['agency_sts'] as Readonly<Record<string, unknown>>;
    const securityToken = ringSigned(service.composition.keyring['token-signing'], header, { ...claims, agency_sts: { ...own, handles: ['other', 'AAAAAAAAAAAAAAAA'] } });
    expect(await authenticate({ ...credentials, securityToken })).toEqual(refused('status_unavailable'));
  });
});

it('an issuer that is no address is verified by the address of the service', async () => {
  const other = await startService(accounts);
  try {
    const credentials = await other.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session1' }, ecdsa);
    const own = createVerifier({ mode: 'offline', issuer: other.composition.services.settings.issuer, endpoint: other.url, service: 'obs', hosts, clock: clockOf(other) });
    expect(other.composition.services.settings.issuer).toMatch(/^urn:/);
    expect(await own.authenticate(received(other, credentials), clientAddress)).toMatchObject({ ok: true });
    expect(await other.call(keys.rootA, 'POST', `/v1/sessions/${credentials.accessKeyId}/revoke`, {})).toMatchObject({ status: 200 });
    other.clock.advance(7);
    expect(await own.authenticate(received(other, credentials), clientAddress)).toEqual(refused('revoked'));
    expect(await authenticate(credentials)).toEqual(refused('security_token_invalid'));
  } finally {
    await other.stop();
  }
});

it.each<[string, object]>([
  ['no address of the token service', { endpoint: undefined, issuer: 'urn:x' }], ['an address with a slash at its end', { endpoint: 'https://sts.example/' }], ['the name of the token service', { service: 'sts' }],
  ['the name of IAM', { service: 'iam' }], ['no name', { service: '' }], ['no hosts', { hosts: undefined }], ['an empty list of hosts', { hosts: [] }], ['a host in capitals', { hosts: ['Objects.example'] }], ['a host with a port that is left out', { hosts: ['objects.example:443'] }], ['an address for a host', { hosts: ['https://objects.example'] }],
  ['no calls for keys', { derivedKeysPerMinute: 0 }], ['too large a skew', { maximumSkewSeconds: 901 }],
])('is not made with %s', (_, options) => {
  expect(() => make(options)).toThrow(TypeError);
});
