// F15: credentials are renewed ahead of time, once for all who ask, and what is handed out is always the last session, whole and valid.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agencyCredentials, CredentialsError } from '../../src/client/index.js';
import { agencies, keys } from '../support/accounts.js';
import { startOfTest } from '../support/service.js';
import { assumes, gatedService, threeHops, until, works, type GatedService } from './support.js';

let gated: GatedService;
beforeAll(async () => {
  gated = await gatedService();
});
afterAll(() => gated.stop());
beforeEach(() => {
  gated.gate = 'open';
  gated.service.clock.set(startOfTest);
  gated.reached();
});

const callers = <T>(count: number, call: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: count }, call));
const advance = (seconds: number): void => gated.service.clock.advance(seconds);

describe('10,000 callers at once', () => {
  it('at the beginning, and again at expiry, cause one chain of calls, and all get its last session', async () => {
    const provider = gated.provider();
    for (const moment of ['beginning', 'expiry', 'long after']) {
      const all = await callers(10_000, () => provider.get());
      expect(new Set(all.map(({ accessKeyId }) => accessKeyId)).size, moment).toBe(1);
      expect(all[0]).toMatchObject({ sessionUrn: expect.stringContaining(':assumed-agency:third/agency-sts-client') as string, expiration: new Date(gated.service.clock.now() + 3_600_000) });
      expect(gated.reached(), moment).toEqual(assumes(3));
      if (all[0] !== undefined) expect(await works(gated, all[0])).toBe(true);
      gated.reached();
      advance(moment === 'beginning' ? 3600 : 50_000);
    }
  });

  it('of two nested providers in one tick: the inner one gives its session to nobody else, and each makes its calls once', async () => {
    const inner = gated.provider({ agencies: [agencies.first] });
    const outer = gated.provider({ agencies: [agencies.second, agencies.third], source: inner });
    for (let round = 0; round < 3; round += 1) {
      const pairs = await callers(1000, () => Promise.all([outer.get(), inner.get()]));
      expect(new Set(pairs.map(([third]) => third.sessionUrn.split(':').at(-1)))).toEqual(new Set(['third/agency-sts-client']));
      expect(new Set(pairs.map(([, first]) => first.sessionUrn.split(':').at(-1)))).toEqual(new Set(['first/agency-sts-client']));
      expect(new Set(pairs.flat().map(({ accessKeyId }) => accessKeyId)).size).toBe(2);
      expect(gated.reached()).toEqual(assumes(3));
      advance(3600);
    }
  });
});

describe('ahead of expiry', () => {
  it('the first caller begins the renewal, and nobody waits for it', async () => {
    const provider = gated.provider();
    const old = await provider.get();
    advance(2699);
    expect(await provider.get()).toBe(old);
    gated.reached();
    advance(1);
    expect(new Set(await callers(1000, () => provider.get()))).toEqual(new Set([old]));
    await until(() => gated.reached().length > 0);
    const next = await reachedOther(provider, old);
    expect(next.expiration.getTime() - old.expiration.getTime()).toBe(2_700_000);
  });

  it('two processes renew at different moments, and neither ends what the other has', async () => {
    const [early, late] = [gated.provider({ random: () => 0.999 }), gated.provider()];
    const old = await Promise.all([early.get(), late.get()]);
    advance(3600 - 900 - 224);
    gated.reached();
    await Promise.all([early.get(), late.get()]);
    const renewed = await reachedOther(early, old[0]);
    expect(await late.get()).toBe(old[1]);
    advance(224);
    await late.get();
    const other = await reachedOther(late, old[1]);
    for (const each of [...old, renewed, other]) expect(await works(gated, each)).toBe(true);
  });

  it('only the last session is renewed while the one before it lives', async () => {
    const provider = gated.provider({ agencies: [{ agencyUrn: agencies.first, durationSeconds: 43_200 }, agencies.second] });
    const old = await provider.get();
    expect(gated.reached()).toEqual(assumes(2));
    for (let hour = 0; hour < 8; hour += 1) {
      advance(3600);
      await provider.get();
      expect(gated.reached()).toEqual(assumes(1));
    }
    advance(4 * 3600);
    const last = await provider.get();
    expect(gated.reached()).toEqual(assumes(2));
    expect(last.sessionUrn).toBe(old.sessionUrn);
  });

  it('a session in the middle that was revoked is not gone on from again', async () => {
    const provider = gated.provider({ agencies: [{ agencyUrn: agencies.first, durationSeconds: 7200 }, agencies.second] });
    await provider.get();
    const { status } = await gated.service.call(keys.rootA, 'POST', '/v1/revocations', { whole_account: true });
    expect(status).toBe(200);
    advance(3600);
    gated.reached();
    expect(await works(gated, await provider.get())).toBe(true);
    expect(gated.reached().filter((path) => path === '/v5/agencies/assume')).toEqual(assumes(3));
  });
});

async function reachedOther(provider: { get(): Promise<{ readonly accessKeyId: string; readonly expiration: Date; readonly secretAccessKey: string; readonly securityToken: string }> }, old: { readonly accessKeyId: string }) {
  let now = await provider.get();
  for (let tries = 0; now.accessKeyId === old.accessKeyId; tries += 1) {
    if (tries > 2000) throw new Error('it was not renewed');
    await sleep(2);
    now = await provider.get();
  }
  return now;
}

describe('a dead STS', () => {
  it.each<['shut' | 'hung', number]>([['shut', 600], ['hung', 30]])('(%s) for %i seconds, whenever it begins, fails no call, and is asked seldom', async (state, duration) => {
    const failures: CredentialsError[] = [];
    const provider = gated.provider({ timeoutSeconds: state === 'shut' ? 10 : 0.5, onRefreshFailed: (error) => failures.push(error) });
    const old = await provider.get();
    advance(2700);
    gated.gate = state;
    for (let second = 0; second < duration; second += 10) {
      const all = await callers(20, () => provider.get());
      expect(new Set(all)).toEqual(new Set([old]));
      expect(await works(gated, old)).toBe(true);
      // Time for a renewal that may have begun.
      await sleep(state === 'shut' ? 5 : 550);
      advance(10);
    }
    expect(failures.length).toBeGreaterThan(1);
    expect(failures.length).toBeLessThan(30);
    expect(failures[0]).toMatchObject({ reason: 'unavailable', isRetryable: true, hopIndex: 2, agencyUrn: agencies.third });
    gated.gate = 'open';
    advance(60);
    expect((await reachedOther(provider, old)).expiration.getTime()).toBeGreaterThan(old.expiration.getTime());
  });

  it('is noticed by callers when nothing valid is left, and its return within seconds', async () => {
    const provider = gated.provider();
    const old = await provider.get();
    gated.gate = 'shut';
    advance(3590);
    // Less than the minimum life, but valid: callers wait for the renewal, and get the old ones when it fails.
    expect(await provider.get()).toBe(old);
    advance(10);
    const failed = await callers(100, () => provider.get().catch((error: unknown) => error));
    expect(new Set(failed).size).toBe(1);
    expect(failed[0]).toMatchObject({ name: 'CredentialsError', reason: 'unavailable', isRetryable: true, hopIndex: 0, hopCount: 3 });
    gated.gate = 'open';
    await expect(provider.get()).rejects.toBe(failed[0]);
    expect(gated.reached().length).toBeLessThanOrEqual(4);
    advance(5);
    expect(await works(gated, await provider.get())).toBe(true);
  });
});

describe('waiting', () => {
  it('with less than the minimum life left callers wait for new credentials', async () => {
    const provider = gated.provider({ agencies: [{ agencyUrn: agencies.first, durationSeconds: 900 }], minimumLifeSeconds: 120 });
    const old = await provider.get();
    advance(900 - 119);
    expect((await provider.get()).accessKeyId).not.toBe(old.accessKeyId);
  });

  it('ends for the one whose signal says so, and for nobody else', async () => {
    const provider = gated.provider();
    const leaving = new AbortController();
    const [left, stayed] = [provider.get({ signal: leaving.signal }), provider.get({ signal: new AbortController().signal })];
    leaving.abort(new Error('no time'));
    await expect(left).rejects.toThrow('no time');
    expect((await stayed).sessionUrn).toContain(':third/');
    expect(gated.reached()).toEqual(assumes(3));
    await expect(provider.get({ signal: leaving.signal })).rejects.toThrow('no time');
  });
});

describe('credentials that were refused', () => {
  it('are not handed out again, and thousands who say so cause one chain of calls', async () => {
    const provider = gated.provider();
    const { accessKeyId } = await provider.get();
    await gated.service.call(keys.rootA, 'POST', '/v1/revocations', { whole_account: true });
    gated.reached();
    const all = await callers(2000, async () => {
      provider.invalidate(accessKeyId);
      return await provider.get();
    });
    expect(new Set(all.map((each) => each.accessKeyId)).size).toBe(1);
    expect(gated.reached()).toEqual(assumes(3));
    if (all[0] !== undefined) expect(await works(gated, all[0])).toBe(true);
  });

  it('while a renewal is under way: nothing of it stands in the place of an earlier hop afterwards', async () => {
    const provider = gated.provider({ agencies: [{ agencyUrn: agencies.first, durationSeconds: 43_200 }, agencies.second, agencies.third] });
    const old = await provider.get();
    advance(3550);
    gated.reached();
    // The second hop is renewed, from the first one that is kept.
    gated.service.server.prependOnceListener('request', () => provider.invalidate(old.accessKeyId));
    await provider.get();
    await reachedOther(provider, old);
    expect(gated.reached()).toEqual(assumes(2));
    advance(2700);
    const renewed = await provider.get().then((last) => reachedOther(provider, last));
    expect(gated.reached()).toEqual(assumes(3));
    expect(await works(gated, renewed)).toBe(true);
  });

  it('of a provider that another one takes them from are renewed there, too', async () => {
    const inner = gated.provider({ agencies: [agencies.first] });
    const outer = gated.provider({ agencies: [agencies.second], source: inner });
    const old = await inner.get();
    await gated.service.call(keys.rootA, 'POST', '/v1/revocations', { whole_account: true });
    await expect(outer.get()).rejects.toMatchObject({ status: 401, hopIndex: 0 });
    advance(300);
    expect(await works(gated, await outer.get())).toBe(true);
    expect((await inner.get()).accessKeyId).not.toBe(old.accessKeyId);
  });
});

describe('a wrong clock', () => {
  it.each([-7200, -600, -7, 7, 600, 7200])('%i seconds off: credentials are obtained, handed out for their whole life and not longer', async (seconds) => {
    const clock = { now: () => gated.service.clock.now() + seconds * 1000 };
    const provider = gated.provider({ clock });
    const old = await provider.get();
    // The first signature is refused where the clock is off by more than the 15 minutes that a signature may be.
    expect(gated.reached()).toEqual(assumes(Math.abs(seconds) > 900 ? 4 : 3));
    expect(Math.abs(provider.now() - gated.service.clock.now())).toBeLessThan(1000);
    advance(2600);
    expect(await provider.get()).toBe(old);
    advance(1000);
    const next = await provider.get();
    expect(await works(gated, next)).toBe(true);
    gated.reached();
    advance(2600);
    expect(await provider.get()).toBe(next);
    expect(gated.reached()).toEqual([]);
  });

  it('that is set while the process runs makes nothing live longer', async () => {
    let set = 0;
    const clock = { now: () => gated.service.clock.now() + set, elapsed: () => gated.service.clock.now() };
    const provider = agencyCredentials({ agencies: [threeHops[0] ?? ''], endpoint: gated.endpoint, source: keys.alice, clock });
    for (const step of [-3_600_000, 0, 86_400_000, 0]) {
      const { expiration } = await provider.get();
      set = step;
      gated.service.clock.set(expiration.getTime());
      const next = await provider.get();
      expect(next.expiration.getTime() - gated.service.clock.now()).toBe(3_600_000);
      expect(await works(gated, next)).toBe(true);
    }
  });
});
