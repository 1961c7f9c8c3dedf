// Redis killed with SIGKILL under load: what was answered is there, what was not answered was refused, and it goes on by itself.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountA, accountB, accounts, agencies, keys } from '../support/accounts.js';
import { credentialsOf, startService, type Answer, type Credentials, type TestService } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts, { STS_RATE_ADDRESS_PER_MINUTE: '1000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '1000000' });
});
afterAll(() => service.stop());

const callers = 32;
const kills = 4;

interface Load {
  readonly issued: { readonly credentials: Credentials; readonly crossAccount: boolean }[];
  readonly refused: Answer[];
  stop(): Promise<void>;
}

/** Callers that assume agencies of their own and of another account, one call after another. */
function startLoad(): Load {
  const issued: Load['issued'] = [];
  const refused: Answer[] = [];
  let running = true;
  const caller = async (number: number): Promise<void> => {
    for (let call = 0; running; call += 1) {
      const crossAccount = call % 2 === 1;
      const answer = await service.assume(keys.alice, { agency_urn: crossAccount ? agencies.second : agencies.first, agency_session_name: `load-${number}-${call}` });
      if (answer.status === 200) issued.push({ credentials: credentialsOf(answer.body), crossAccount });
      else {
        refused.push(answer);
        // A client that is told to try again waits a little.
        await sleep(20);
      }
    }
  };
  const working = Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
  return {
    issued, refused,
    async stop() {
      running = false;
      await working;
    },
  };
}

it('every answered credential works and has its events; every other call was a 503 without a credential; no restart of the service is needed', { timeout: 90_000 }, async () => {
  const load = startLoad();
  for (let kill = 0; kill < kills; kill += 1) {
    const before = load.issued.length;
    await expect.poll(() => load.issued.length, { timeout: 20_000 }).toBeGreaterThan(before + 50);
    await sleep(Math.random() * 150);
    await service.redisServer.kill();
  }
  const before = load.issued.length;
  await expect.poll(() => load.issued.length, { timeout: 20_000 }).toBeGreaterThan(before + 50);
  await load.stop();

  expect(load.refused.length).toBeGreaterThan(kills);
  for (const { status, body, headers } of load.refused) {
    expect([status, body.error_code, body.credentials], JSON.stringify(body)).toEqual([503, 'STS5.1503', undefined]);
    expect(headers['retry-after']).toBe('1');
  }

  const sessionsIn = async (accountId: string): Promise<ReadonlySet<string | undefined>> =>
    new Set((await service.events(accountId)).filter(({ status }) => status === 200).map(({ issuedSession }) => issuedSession?.sessionId));
  const [ofA, ofB] = [await sessionsIn(accountA), await sessionsIn(accountB)];
  const withoutEvent = load.issued.filter(({ credentials: { accessKeyId }, crossAccount }) => !ofA.has(accessKeyId) || (crossAccount && !ofB.has(accessKeyId)));
  expect(withoutEvent).toEqual([]);

  const dead: number[] = [];
  const waiting = [...load.issued];
  await Promise.all(Array.from({ length: callers }, async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { status } = await service.identity(next.credentials);
      if (status !== 200) dead.push(status);
    }
  }));
  expect(dead).toEqual([]);
  expect(service.logged.filter(({ fields }) => 'status' in fields && fields.status === 500)).toEqual([]);
});
