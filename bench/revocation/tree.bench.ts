// What revoking costs when 100,000 sessions descend from the revoked one, beside one from which nothing descends; and what other callers notice.
// Run: npx vitest bench --run --config config/vitest.config.ts bench/revocation
import { afterAll, beforeAll, bench, describe } from 'vitest';
import type { Session } from '../../src/sessions/session.js';
import { linkOf } from '../../src/sessions/session.js';
import { accountA, accounts, agencies, keys } from '../../test/support/accounts.js';
import { startService, type Credentials, type TestService } from '../../test/support/service.js';

const descendants = 100_000;
const atOnce = 200;

let service: TestService;
let tree: Credentials;
beforeAll(async () => {
  service = await startService(accounts, { STS_RATE_ADDRESS_PER_MINUTE: '100000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '100000000', STS_AUDIT_MAX_UNSEALED: '10000000' });
  tree = await assume();
  await grow(tree);
  await compareTraffic();
}, 600_000);
afterAll(() => service.stop());

const assume = (): Promise<Credentials> => service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'root' });

async function revoke({ accessKeyId }: Credentials): Promise<void> {
  const { status } = await service.call(keys.rootA, 'POST', `/v1/sessions/${accessKeyId}/revoke`, {});
  if (status !== 200) throw new Error(`revoke answered ${status}`);
}

/** Sessions as the service writes them, ten deep at most; without the calls, which would take most of an hour. */
async function grow({ accessKeyId }: Credentials): Promise<void> {
  const { services, store } = service.composition;
  const root = await services.sessions.find(accessKeyId);
  if (root === undefined) throw new Error('no session to grow from');
  const grown: Session[] = [root];
  for (let made = 0; made < descendants; made += atOnce) {
    const batch = await Promise.all(Array.from({ length: atOnce }, async (_, index) => {
      const candidate = grown[(made + index * 7) % grown.length] ?? root;
      const parent = candidate.chain.length < 9 ? candidate : root;
      const session: Session = { ...parent, sessionId: services.sessionIds.newSessionId(accountA), chain: [...parent.chain, linkOf(parent)], status: await services.sessionIds.nextStatusIndex(accountA) };
      await store.commit({ callerAccountId: accountA, guards: [], unmarkedSessions: [], events: [], session });
      return session;
    }));
    grown.push(...batch.slice(0, 20));
  }
}

/** Latencies of callers that have nothing to do with it, before the tree is revoked again and again, and meanwhile. */
async function compareTraffic(): Promise<void> {
  const other = await assume();
  const measure = async (calls: number): Promise<{ p50: number; p99: number }> => {
    const taken: number[] = [];
    for (let call = 0; call < calls; call += 1) {
      const start = performance.now();
      await service.identity(other);
      taken.push(performance.now() - start);
    }
    taken.sort((one, another) => one - another);
    return { p50: taken[Math.floor(calls * 0.5)] ?? 0, p99: taken[Math.floor(calls * 0.99)] ?? 0 };
  };
  await measure(200);
  const before = await measure(1000);
  const measuring = new AbortController();
  const revoking = (async (): Promise<number> => {
    let count = 0;
    for (; !measuring.signal.aborted; count += 1) {
      await revoke(tree);
      // Ten a second and more are no everyday load for a security team.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return count;
  })();
  const meanwhile = await measure(1000);
  measuring.abort();
  const round = (value: number): string => value.toFixed(2);
  console.log(`other callers: p50 ${round(before.p50)} ms, p99 ${round(before.p99)} ms; during ${await revoking} revocations p50 ${round(meanwhile.p50)} ms, p99 ${round(meanwhile.p99)} ms: ratio of p99 ${round(meanwhile.p99 / before.p99)}`);
}

describe('revoking', () => {
  bench(`the root of ${descendants} sessions`, () => revoke(tree), { time: 2000 });
  bench('a session from which nothing descends', async () => revoke(await assume()), { time: 2000 });
  bench('(the assume call of the line above)', async () => {
    await assume();
  }, { time: 2000 });
});
