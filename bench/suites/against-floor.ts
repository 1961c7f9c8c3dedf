// The three kinds of calls, each against the floor of its own kind.
import { compare } from '../harness/compare.js';
import { startFloor, startService, type Measured } from '../harness/servers.js';
import type { RequestSource } from '../load/source.js';
import { assumed } from '../world/assumed.js';
import { alice, deployerUrn, relayUrn, world } from '../world/world.js';
import type { Bench, Suite } from './suite.js';

const suite = (name: string, about: string, sourceFor: (port: number) => Promise<RequestSource>): Suite => ({
  name, about,
  async run(bench) {
    const { load, signing, cores, sizes } = bench;
    const start = { bootstrap: world, core: cores.server };
    const servers = await startAll([['service', () => startService(start)], ['floor', () => startFloor(start)]]);
    try {
      for (const { name: target, server } of servers) await load.open(target, server.port, await sourceFor(server.port));
      const comparison = await compare(load, signing, servers.map(({ name: target, server }) => ({ name: target, target, server })), [['service', 'floor']], sizes);
      const floor = comparison.variants.find((variant) => variant.name === 'floor')?.serverMicroseconds;
      const figures = floor === undefined ? [] : [{ name: 'floor, in Ed25519 signatures', value: floor / comparison.signatureMicroseconds, unit: '' }];
      return { comparisons: [comparison], figures, notes: [] };
    } finally {
      await stopAll(bench, servers);
    }
  },
});

interface Named {
  readonly name: string;
  readonly server: Measured;
}

export async function startAll(starts: readonly (readonly [name: string, start: () => Promise<Measured>])[]): Promise<readonly Named[]> {
  const servers: Named[] = [];
  try {
    for (const [name, start] of starts) servers.push({ name, server: await start() });
    return servers;
  } catch (error) {
    await Promise.all(servers.map(({ server }) => server.stop()));
    throw error;
  }
}

export async function stopAll({ load }: Bench, servers: readonly Named[]): Promise<void> {
  for (const { name } of servers) await load.close(name);
  await Promise.all(servers.map(({ server }) => server.stop()));
}

export const assumeSource: RequestSource = { kind: 'assume', keys: [alice], agencyUrns: [deployerUrn] };

export const assumeSuite = suite('assume', 'AssumeAgency with a permanent access key, of an agency of another account', () => Promise.resolve(assumeSource));

export const chainSuite = suite('chain', 'AssumeAgency with a session, of an agency of another account', async (port) =>
  ({ kind: 'assume', keys: [await assumed(port, alice, relayUrn)], agencyUrns: [deployerUrn] }));

export const identitySuite = suite('identity', 'GET /v5/caller-identity with a permanent access key', () => Promise.resolve({ kind: 'identity', keys: [alice] }));
