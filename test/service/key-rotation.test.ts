// Keys are replaced while the service runs: nothing valid is refused, nothing is signed that verifiers cannot know, and what is retired is dead.
import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pooledRandom } from '../../src/base/clock.js';
import { seal } from '../../src/keyring/seal.js';
import { generateKey, parseKey } from '../../src/keyring/key.js';
import { usableFrom } from '../../src/keyring/key-schedule.js';
import { retire, stateOf, type RotatingPurpose } from '../../src/keyring/key-states.js';
import { signJws } from '../../src/keyring/jws.js';
import { keyStatesKey } from '../../src/redis/cells.js';
import { behind, retireNow, retireServed, rotate, rotateBySchedule, waitUntil, type Rotation } from '../../src/service/keys/key-rotation.js';
import type { KeyWatch } from '../../src/service/keys/key-watch.js';
import { resealSecrets, sealedWith } from '../../src/service/keys/reseal.js';
import { startPeer, type Peer } from '../redis/support.js';
import { accountA, accounts, agencies, ask, keys } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';

const issuer = 'https://sts.example.com';
const environment = { STS_ISSUER: issuer, STS_JWKS_MAX_AGE: '1', STS_RATE_ADDRESS_PER_MINUTE: '10000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '10000000' };
const random = pooledRandom();

let service: TestService;
/** Another process of the same installation. */
let peer: Peer;
let watches: readonly KeyWatch[] = [];
let isLooking = true;
let looking: Promise<unknown> = Promise.resolve();

beforeAll(async () => {
  service = await startService(accounts, environment);
  peer = await startPeer(service, `unix://${service.redisServer.socketPath}`, environment);
  watches = [service.composition.keyWatch, peer.composition.keyWatch];
  for (const watch of watches) watch.serve();
  // As a process does every second, but faster and at other moments than the other one.
  looking = Promise.all(watches.map(async (watch, index) => {
    for (let ended = false; !ended; ended = watches.length === 0) {
      await sleep(40 + 50 * index);
      if (isLooking) await watch.look();
    }
  }));
});
afterAll(async () => {
  watches = [];
  await looking;
  await peer.stop();
  await service.stop();
});

const watch = (): KeyWatch => service.composition.keyWatch;
const activeOf = (purpose: RotatingPurpose): string => watch().view().states.active[purpose] ?? '';
const stateOfKey = async (id: string): Promise<string | undefined> => stateOf((await watch().look()).states, id);

/** Until the key is in use in every process. */
async function rotated(rotation: Rotation): Promise<string> {
  const id = await rotate(watch(), rotation, random);
  expect(await waitUntil(watch(), (view) => view.states.active[rotation.purpose] === id && behind(view) === 0, 10_000)).toBe(true);
  return id;
}

const session = (): Promise<Credentials> => service.session(keys.alice, ask(agencies.first));
const kidOf = ({ securityToken = '' }: Credentials): string => String(decodeProtectedHeader(securityToken).kid);

/**
 * Keeps the list of keys for as long as it may, from when it asked for it (RFC 9111 §4.2.3), and asks for it in no other
 * case: not even for a key that it does not know.
 */
function patientVerifier(serverOf: () => TestService['server']): (token: string) => Promise<void> {
  let kept: { readonly until: number; readonly set: ReturnType<typeof createLocalJWKSet> } | undefined;
  return async (token) => {
    if (kept === undefined || performance.now() >= kept.until) {
      const asked = performance.now();
      const response = await supertest(serverOf()).get('/.well-known/jwks.json');
      const seconds = Number(/max-age=(\d+)/.exec(String(response.headers['cache-control']))?.[1] ?? 0);
      kept = { until: asked + seconds * 1000, set: createLocalJWKSet(JSON.parse(response.text) as JSONWebKeySet) };
    }
    await jwtVerify(token, kept.set, { typ: 'agency-session+jwt', issuer, audience: issuer, currentDate: new Date(service.clock.now()) });
  };
}

describe('F5: rotation under load', () => {
  it('ten times with a list that is kept for a second: no token fails to verify, offline or at any process, and none is signed by a key that was not published for that long', { timeout: 60_000 }, async () => {
    const failures: string[] = [];
    const counts = { issued: 0, offline: 0, online: 0 };
    const signers = new Set<string>();
    const old: Credentials[] = [];
    let isLoading = true;
    const load = async (index: number): Promise<void> => {
      const [here, there] = index % 2 === 0 ? [service, peer] as const : [peer, service] as const;
      const verify = patientVerifier(() => there.server);
      while (isLoading) {
        const answer = await here.assume(keys.alice, ask(agencies.first));
        if (answer.status !== 200) {
          failures.push(`assume ${answer.status} ${answer.body.error_msg ?? ''}`);
          continue;
        }
        counts.issued += 1;
        const { access_key_id: accessKeyId, secret_access_key: secretAccessKey, security_token: securityToken } = answer.body.credentials ?? { access_key_id: '', secret_access_key: '', security_token: '' };
        const credentials = { accessKeyId, secretAccessKey, securityToken };
        signers.add(kidOf(credentials));
        await verify(securityToken).then(() => (counts.offline += 1), (error: unknown) => failures.push(`offline ${String(error)}`));
        if (counts.issued % 20 === 0) old.push(credentials);
        for (const each of [credentials, old[counts.issued % Math.max(1, old.length)] ?? credentials]) {
          const { status } = await there.identity(each);
          counts.online += 1;
          if (status !== 200) failures.push(`identity ${status}`);
        }
      }
    };
    const loads = Array.from({ length: 4 }, (_, index) => load(index));
    const made: string[] = [activeOf('token-signing')];
    for (let turn = 0; turn < 10; turn += 1) {
      made.push(await rotated({ purpose: 'token-signing', algorithm: turn % 2 === 0 ? 'ES256' : 'EdDSA' }));
      if (turn % 3 === 0) await rotated({ purpose: 'session-secrets' });
    }
    await sleep(100);
    isLoading = false;
    await Promise.all(loads);
    expect(failures).toEqual([]);
    expect(counts.offline).toBe(counts.issued);
    expect(counts.issued).toBeGreaterThan(100);
    // Every key has signed something, and nothing else has.
    expect([...signers].sort()).toEqual([...new Set(made)].sort());
  });

  it('twice fast: the second one waits for the first', async () => {
    const id = await rotate(watch(), { purpose: 'token-signing' }, random);
    await expect(rotate(watch(), { purpose: 'token-signing' }, random)).rejects.toThrow(`\`${id}\` is published and on its way into use`);
    expect(await waitUntil(watch(), ({ states }) => states.active['token-signing'] === id, 5000)).toBe(true);
  });

  it('rolled back: a key that retires is used again, and what the other one signed still verifies', async () => {
    const first = activeOf('token-signing');
    await rotated({ purpose: 'token-signing' });
    const between = await session();
    await rotated({ purpose: 'token-signing', to: first });
    const after = await session();
    expect(kidOf(after)).toBe(first);
    for (const credentials of [between, after]) expect((await peer.identity(credentials)).status).toBe(200);
  });

  it('the file of the active key removed: the processes that run go on, and one that starts is refused', async () => {
    const folder = join(service.folder, 'keys');
    const aside = join(service.folder, 'aside');
    await cp(folder, aside, { recursive: true });
    const [file = ''] = (await readdir(folder)).filter((name) => name.includes(`.${activeOf('token-signing')}.`));
    await rm(join(folder, file));
    try {
      expect((await peer.identity(await session())).status).toBe(200);
      await expect(startPeer(service, `unix://${service.redisServer.socketPath}`, environment)).rejects.toThrow(`the active \`token-signing\` key \`${activeOf('token-signing')}\` is not in`);
    } finally {
      await cp(join(aside, file), join(folder, file));
    }
  });

  it('a key that a process lacks is not used, and the process is not ready once it should have it', async () => {
    const other = join(service.folder, 'other-keys');
    await cp(join(service.folder, 'keys'), other, { recursive: true });
    const lacking = await startPeer(service, `unix://${service.redisServer.socketPath}`, { ...environment, STS_KEYS_DIR: other });
    lacking.composition.keyWatch.serve();
    const end = lacking.composition.keyWatch.start(() => undefined);
    try {
      await lacking.composition.keyWatch.look();
      const before = activeOf('token-signing');
      const id = await rotate(watch(), { purpose: 'token-signing' }, random);
      await sleep(1600);
      await lacking.composition.keyWatch.look();
      expect(activeOf('token-signing')).toBe(before);
      const readiness = await supertest(lacking.server).get('/readyz');
      expect(readiness.body).toMatchObject({ warnings: expect.arrayContaining([`the published \`token-signing\` key \`${id}\` is not in the key folder of this process`]) as unknown });
      await cp(join(service.folder, 'keys'), other, { recursive: true });
      await lacking.composition.keyWatch.look();
      await expect.poll(() => activeOf('token-signing'), { timeout: 5000, interval: 50 }).toBe(id);
    } finally {
      await end();
      await lacking.stop();
    }
  });

  it('by schedule: one of several processes makes the key, when the active one is old enough', async () => {
    const before = activeOf('session-secrets');
    const all = (days: number): Promise<readonly (readonly string[])[]> => Promise.all([service, peer].map(({ composition }) => rotateBySchedule(composition.redis, composition.keyWatch, days, random)));
    expect((await all(1)).flat()).toEqual([]);
    const made = (await all(0)).flat();
    expect(made).toHaveLength(2);
    await expect.poll(() => activeOf('session-secrets'), { timeout: 5000, interval: 50 }).not.toBe(before);
    await waitUntil(watch(), ({ states }) => made.every((id) => stateOf(states, id) === 'active'), 5000);
    expect(made).toContain(activeOf('token-signing'));
  });
});

describe('T13: a token', () => {
  it('of a key that was never published is nothing, though its file is in the folder', async () => {
    const file = generateKey('token-signing', Date.now(), random);
    await writeFile(join(service.folder, 'keys', `token-signing.${file.kid}.json`), JSON.stringify(file), { mode: 0o600 });
    const stranger = parseKey(JSON.stringify(file));
    const credentials = await session();
    const [, claims = ''] = credentials.securityToken?.split('.') ?? [];
    const forged = signJws({ active: stranger, byId: new Map() }, 'agency-session+jwt', JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>);
    await watch().look();
    expect((await service.identity({ ...credentials, securityToken: forged })).status).toBe(401);
    expect((await supertest(service.server).get('/.well-known/jwks.json')).text).not.toContain(stranger.id);
    await rm(join(service.folder, 'keys', `token-signing.${file.kid}.json`));
  });

  it('of a key that was rotated out is good until the key retires, and then nothing: at once in a process that has not looked', async () => {
    const credentials = await session();
    const id = kidOf(credentials);
    await rotated({ purpose: 'token-signing' });
    const next = await session();
    expect(kidOf(next)).not.toBe(id);
    for (const each of [service, peer]) expect((await each.identity(credentials)).status).toBe(200);
    await expect(retireServed(watch(), id, () => Promise.resolve(true))).rejects.toThrow(/is valid until .+ `--now` ends all of it at once/);

    isLooking = false;
    // Behind those that run: none begins after these.
    await Promise.all(watches.map((each) => each.look()));
    await retireNow(watch(), id, random);
    expect(peer.composition.keyWatch.view().states.keys[id]?.retiredAt).toBeUndefined();
    // The peer remembers the token as a good one, and learns from the commit that it is not.
    const answers = await Promise.all(Array.from({ length: 5 }, () => peer.identity(credentials)));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
    isLooking = true;
    expect((await service.identity(credentials)).status).toBe(401);
    for (const each of [service, peer]) {
      expect((await each.identity(next)).status).toBe(200);
      expect((await supertest(each.server).get('/.well-known/jwks.json')).text).not.toContain(id);
    }
    expect((await readdir(join(service.folder, 'keys'))).filter((name) => name.includes(`.${id}.`))).toEqual([]);
  });

  it('of the active key dies when that is retired at once; no session is issued until verifiers can know the next key', async () => {
    const credentials = await session();
    const id = activeOf('token-signing');
    await retireNow(watch(), id, random);
    for (const each of [service, peer]) expect((await each.identity(credentials)).status).toBe(401);
    const refused = await service.assume(keys.alice, ask(agencies.first));
    expect(refused).toMatchObject({ status: 503, body: { error_code: 'STS5.1510' } });
    expect((await service.identity(keys.alice)).status).toBe(200);
    await expect.poll(async () => (await peer.assume(keys.alice, ask(agencies.first))).status, { timeout: 5000, interval: 100 }).toBe(200);
    const { activatedAt = 0, spreadAt = Infinity } = watch().view().states.keys[activeOf('token-signing')] ?? {};
    expect(activatedAt - spreadAt).toBeGreaterThanOrEqual(1000);
  });

  it('with a key kept ready the next session is issued at once', async () => {
    const ready = await rotate(watch(), { purpose: 'token-signing', hold: true }, random);
    // A look at which it could be used, and all that is due has been done.
    expect(await waitUntil(watch(), ({ states, now }) => now >= (usableFrom(states, ready, watch().times) ?? Infinity), 10_000)).toBe(true);
    expect(activeOf('token-signing')).not.toBe(ready);
    await retireNow(watch(), activeOf('token-signing'), random);
    expect(kidOf(await session())).toBe(ready);
  });

  it('stays dead when Redis is put back to before the key was retired', async () => {
    const credentials = await session();
    const id = kidOf(credentials);
    await rotated({ purpose: 'token-signing' });
    const before = await service.redis.get(keyStatesKey);
    await retireNow(watch(), id, random);
    await service.redis.set(keyStatesKey, before ?? '');
    await expect.poll(() => stateOfKey(id)).toBe('retired');
    for (const each of [service, peer]) expect((await each.identity(credentials)).status).toBe(401);
    await expect.poll(async () => (await service.redis.get(keyStatesKey)) !== before).toBe(true);
  });
});

describe('a key of another purpose', () => {
  it('session-secrets: its sessions go on when another key takes over, and end when it is retired', async () => {
    const credentials = await session();
    const id = activeOf('session-secrets');
    await rotated({ purpose: 'session-secrets' });
    const next = await session();
    for (const each of [service, peer]) expect((await each.identity(credentials)).status).toBe(200);
    await retireNow(watch(), id, random);
    for (const each of [service, peer]) {
      expect((await each.identity(credentials)).status).toBe(401);
      expect((await each.identity(next)).status).toBe(200);
    }
    // The active one at once: the next takes its place without a wait.
    await retireNow(watch(), activeOf('session-secrets'), random);
    await expect.poll(async () => (await service.assume(keys.alice, ask(agencies.first))).status, { timeout: 5000, interval: 50 }).toBe(200);
    expect((await peer.identity(next)).status).toBe(401);
  });

  it('session-secrets: retired in an emergency it ends all that came of its sessions, made with whatever key; when it has served, nothing', async () => {
    const chain = async (): Promise<{ readonly id: string; readonly child: Credentials; readonly grandchild: Credentials }> => {
      const parent = await session();
      const id = activeOf('session-secrets');
      await rotated({ purpose: 'session-secrets' });
      const child = await service.session(parent, ask(agencies.second));
      await rotated({ purpose: 'session-secrets' });
      return { id, child, grandchild: await service.session(child, ask(agencies.third)) };
    };
    const [stolen, served] = [await chain(), await chain()];
    // As it becomes by itself, long after.
    await watch().change((states, now) => retire(states, served.id, now));
    await peer.composition.keyWatch.look();
    await retireNow(watch(), stolen.id, random);
    for (const each of [service, peer]) {
      for (const credentials of [stolen.child, stolen.grandchild]) expect((await each.identity(credentials)).status).toBe(401);
      for (const credentials of [served.child, served.grandchild]) expect((await each.identity(credentials)).status).toBe(200);
    }
    const introspected = await service.call(keys.service, 'POST', '/oauth2/introspect', new URLSearchParams({ token: stolen.grandchild.securityToken ?? '' }).toString(), { headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    expect(introspected.body).toEqual({ active: false });
  });

  it('message-sealing: what it sealed is decoded until it is retired', async () => {
    const { composition } = service;
    const { body } = await service.assume(keys.carol, ask(agencies.first));
    const id = activeOf('message-sealing');
    await rotated({ purpose: 'message-sealing' });
    const decode = (): Promise<number> => service.call(keys.alice, 'POST', '/v5/decode-authorization-message', { encoded_message: body.encoded_authorization_message }).then(({ status }) => status);
    expect(await decode()).toBe(200);
    await retireServed(composition.keyWatch, id, () => Promise.resolve(true));
    expect(await decode()).toBe(400);
  });

  it('secret-sealing: all stored secrets are sealed anew, also those that are being made, before the old key can retire', async () => {
    const { composition } = service;
    const id = activeOf('secret-sealing');
    await expect(retireNow(watch(), id, random)).rejects.toThrow('a `secret-sealing` key cannot be retired at once');
    const before = await sealedWith(composition, id);
    expect(before).toBeGreaterThan(5);
    await rotated({ purpose: 'secret-sealing' });
    await expect(retireServed(watch(), id, async () => (await sealedWith(composition, id)) === 0)).rejects.toThrow('stored secrets are sealed with the key');
    expect(await resealSecrets(composition)).toBe(before);
    expect(await sealedWith(composition, id)).toBe(0);
    await retireServed(watch(), id, async () => (await sealedWith(composition, id)) === 0);
    for (const each of [service, peer]) for (const key of [keys.alice, keys.bert, keys.rootA]) expect((await each.identity(key)).status).toBe(200);
    const started = await startPeer(service, `unix://${service.redisServer.socketPath}`, environment);
    expect((await started.identity(keys.alice)).status).toBe(200);
    await started.stop();
    // The file stays: a backup of Redis may need it.
    expect((await readdir(join(service.folder, 'keys'))).some((name) => name.includes(`.${id}.`))).toBe(true);
  });

  it('what was decided with a ring that is no longer the one there is, is decided again', async () => {
    const { store, keyWatch, services } = service.composition;
    const generation = keyWatch.generation();
    seal(services.keyring['secret-sealing'], ['x'], Buffer.from('x'), random);
    await rotated({ purpose: 'secret-sealing' });
    const commit = { callerAccountId: accountA, guards: [], unmarkedSessions: [], events: [] as const };
    const event = (await service.events(accountA)).at(-1);
    if (event === undefined) throw new Error('there is no event');
    expect((await store.commit({ ...commit, keyGeneration: generation, events: [event] })).result).toBe('conflict');
    expect((await store.commit({ ...commit, keyGeneration: keyWatch.generation(), events: [event] })).result).toBe('committed');
  });
});
