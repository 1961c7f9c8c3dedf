// The directory against a simple model of it: in any sequence of calls, and in any number of calls at once.
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/audit/event.js';
import { directoryReader } from '../../src/redis/directory-store.js';
import { startPeer, type Peer } from '../redis/support.js';
import { accounts } from '../support/accounts.js';
import { storedEvents } from '../support/events.js';
import { startService, type TestService } from '../support/service.js';
import { newWorld, type Ground } from './model/account.js';
import { expectSerial, gaveUp, runClients, storms } from './model/concurrent.js';
import { expectAcknowledged, expectInvariants, expectWithinQuotas } from './model/invariants.js';
import { expectLists } from './model/lists.js';
import { themes } from './model/operations.js';
import { commandsOf } from './model/sequential.js';
import { comparable, readSnapshot } from './model/snapshots.js';

/** For each theme. More of them take longer, and find more. */
const sequence = { runs: 3, commands: 80 };
const storm = { runs: 1, clients: 6, calls: 34 };
/** Making a failing sequence small ends before the test does. */
const limits = { interruptAfterTimeLimit: 40_000, markInterruptAsFailure: true };

let service: TestService;
let peer: Peer;
let ground: Ground;
beforeAll(async () => {
  const unlimited = { STS_RATE_ADDRESS_PER_MINUTE: '100000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '100000000' };
  service = await startService(accounts, unlimited);
  peer = await startPeer(service, `unix://${service.redisServer.socketPath}`, unlimited);
  // A server that listens on TCP has an address of this form.
  const { port } = peer.server.address() as AddressInfo;
  ground = { now: () => service.clock.now(), processes: [{ url: service.url, composition: service.composition }, { url: `http://127.0.0.1:${port}`, composition: peer.composition }] };
});
afterAll(async () => {
  await peer.stop();
  await service.stop();
});

const freshReader = () => {
  const { names, keyring, services: { catalogue } } = service.composition;
  return directoryReader(service.redis, names, keyring, { provided: catalogue });
};
const revisionOf = async (accountId: string): Promise<number> => Number.parseInt((await service.redis.hget(service.composition.names.accountState(accountId), 'rev')) ?? '', 10);

/** In the order of their commits, which is not that of their times: a call has the time of its beginning. */
const eventsOf = async (accountId: string): Promise<readonly AuditEvent[]> => (await storedEvents(service.composition, accountId)).map(({ event }) => event);

// fast-check prints the seed and the smallest failing sequence.
describe('one call after another', () => {
  it.each(themes)('is answered as the model answers it by either process, and leaves what the model holds: %s', async (_title, operations) => {
    await fc.assert(fc.asyncProperty(commandsOf(operations, sequence.commands), fc.nat(5), async (commands, shift) => {
      const world = await newWorld(ground);
      await fc.asyncModelRun(() => ({ model: {}, real: { ...world, clock: service.clock } }), commands);
      await expectLists(world.model, world.senders, shift);
      expectInvariants(await readSnapshot(service.composition.services.directory, world.model.accountId));
    }), { numRuns: sequence.runs, ...limits });
  }, 60_000);
});

describe('calls of many clients at once, through two processes', () => {
  it.each(themes)('are answered as if they had come one after another, and leave every process with the same account: %s', async (_title, operations) => {
    await fc.assert(fc.asyncProperty(storms(operations, storm.clients, storm.calls), fc.nat(5), async (drawn, shift) => {
      const world = await newWorld(ground);
      const { accountId } = world.model;
      // One follows step by step; the other one reads now and at the end, and mostly misses more than can be caught up with by entity.
      const [follower, sleeper] = [freshReader(), freshReader()];
      await readSnapshot(sleeper, accountId);
      const before = { revision: await revisionOf(accountId), events: (await eventsOf(accountId)).length };
      let calls = 0;
      const answered = await runClients(world, drawn, async () => {
        service.clock.advance(0.001);
        if ((calls += 1) % 10 === 0) await readSnapshot(follower, accountId);
      });

      expect(answered.filter((call) => call.answer.status >= 500 && !gaveUp(call)).map(({ answer }) => answer)).toEqual([]);
      expect(answered.filter(gaveUp).length).toBeLessThan(0.02 * answered.length);
      const writes = expectSerial(world.model, answered, (await eventsOf(accountId)).slice(before.events));
      expect(await revisionOf(accountId)).toBe(before.revision + writes);

      const fresh = await readSnapshot(freshReader(), accountId);
      expectInvariants(fresh);
      expectWithinQuotas(fresh);
      expectAcknowledged(fresh, answered);
      for (const directory of [service.composition.services.directory, peer.composition.services.directory, follower, sleeper]) {
        expect(comparable(await readSnapshot(directory, accountId))).toEqual(comparable(fresh));
      }
      await expectLists(world.model, world.senders, shift);
    }), { numRuns: storm.runs, endOnFailure: true });
  }, 60_000);
});
