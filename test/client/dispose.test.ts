// A provider that is disposed of hands nothing out any more, and ends its sessions where it was asked to.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountC, agencies, keys } from '../support/accounts.js';
import { gatedService, until, works, type GatedService } from './support.js';

let gated: GatedService;
beforeAll(async () => {
  gated = await gatedService();
});
afterAll(() => gated.stop());

describe('disposing', () => {
  it('leaves the session alone if not asked to end it', async () => {
    const provider = gated.provider();
    const session = await provider.get();
    await provider[Symbol.asyncDispose]();
    await expect(provider.get()).rejects.toMatchObject({ reason: 'disposed' });
    expect(await works(gated, session)).toBe(true);
  });

  it('ends the session with all sessions before it, where asked to: those of earlier renewals, too', async () => {
    const provider = gated.provider({ agencies: [{ agencyUrn: agencies.first, durationSeconds: 7200 }, agencies.second], revokeOnDispose: true });
    const old = await provider.get();
    gated.service.clock.advance(2800);
    await provider.get();
    await until(() => gated.reached().length > 0);
    let session = await provider.get();
    while (session === old) {
      await new Promise((resolve) => setImmediate(resolve));
      session = await provider.get();
    }
    expect([await works(gated, old), await works(gated, session)]).toEqual([true, true]);
    await Promise.all([provider.dispose(), provider.dispose()]);
    expect([await works(gated, old), await works(gated, session)]).toEqual([false, false]);
    expect(gated.reached().filter((path) => path === '/oauth2/revoke')).toHaveLength(3);
    expect((await gated.service.events(accountA)).at(-1)).toMatchObject({ operation: 'RevokeToken', resource: expect.stringMatching(`^sts::${accountA}:session:HST`) as string });
  });

  it('takes a session that has ended already for ended, and says so when one cannot be ended', async () => {
    const [ended, stuck] = [gated.provider({ revokeOnDispose: true }), gated.provider({ revokeOnDispose: true })];
    await Promise.all([ended.get(), stuck.get()]);
    gated.gate = 'shut';
    await expect(stuck.dispose()).rejects.toMatchObject({ name: 'CredentialsError', reason: 'unavailable' });
    gated.gate = 'open';
    expect((await gated.service.call(keys.rootA, 'POST', '/v1/revocations', { whole_account: true })).status).toBe(200);
    await ended.dispose();
  });

  it('cuts a renewal that is under way off, and whoever waits for it is told', async () => {
    gated.gate = 'hung';
    const provider = gated.provider();
    const waiting = provider.get();
    const seen = expect(waiting).rejects.toMatchObject({ reason: 'disposed' });
    await provider.dispose();
    await seen;
    gated.gate = 'open';
  });

  it('ends the session of a renewal that was under way, too', async () => {
    const provider = gated.provider({ revokeOnDispose: true });
    const before = (await gated.service.events(accountC)).length;
    const waiting = expect(provider.get()).rejects.toMatchObject({ reason: 'disposed' });
    await provider.dispose();
    await waiting;
    const operations = (await gated.service.events(accountC)).slice(before).map(({ operation }) => operation);
    expect(operations).toEqual(['AssumeAgency', 'RevokeToken']);
  });
});
