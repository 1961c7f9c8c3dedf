// What Redis holds of a live session with all its index entries, and of an audit event until it is sealed.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startEmbeddedRedis } from '../../src/redis/embedded/index.js';
import type { Composition } from '../../src/service/composition.js';
import type { Settings } from '../../src/service/settings.js';
import { createWorkerServer } from '../../src/service/worker.js';
import { environmentOf } from '../harness/servers.js';
import { withComposition } from '../world/composition.js';
import { callerAccount, targetAccount, world } from '../world/world.js';
import { assumeSource } from './against-floor.js';
import type { Bench, Suite } from './suite.js';

export const memorySuite: Suite = {
  name: 'memory',
  about: 'memory of Redis per live session of a two-account hop, without tags and session policy, and per unsealed audit event',
  async run(bench) {
    const folder = await mkdtemp(join(tmpdir(), 'agency-sts-bench-'));
    await mkdir(join(folder, 'redis'));
    await writeFile(join(folder, 'bootstrap.json'), JSON.stringify(world));
    const redis = await startEmbeddedRedis({ dataDir: join(folder, 'redis'), log: bench.say });
    try {
      const environment = environmentOf(folder, `unix://${redis.socketPath}`, 1);
      const figures = await withComposition(environment, (composition, settings) => measured(bench, composition, settings));
      return { comparisons: [], figures, notes: [`of ${bench.sizes.stored} real calls that nobody sealed`] };
    } finally {
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** In this process, since a served installation seals, and trims what is sealed. */
async function measured({ load, sizes }: Bench, composition: Composition, settings: Settings) {
  const { redis, names } = composition;
  if (!(redis instanceof Redis)) throw new Error('one server is measured');
  const log = { debug: () => undefined, info: () => undefined, error: (_fields: object, message: string): void => void process.stderr.write(`${message}\n`) };
  const server = createWorkerServer(settings, composition, log).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const streams = [callerAccount, targetAccount].map((accountId) => names.audit(names.cellOfAccount(accountId)));
  const used = async () => ({
    all: Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]),
    events: (await Promise.all(streams.map((stream) => redis.memory('USAGE', stream, 'SAMPLES', 0)))).reduce((sum: number, bytes) => sum + (bytes ?? 0), 0),
    count: (await Promise.all(streams.map((stream) => redis.xlen(stream)))).reduce((sum, count) => sum + count, 0),
  });
  try {
    // A server that listens on TCP has an address of this form.
    await load.open('memory', (server.address() as AddressInfo).port, assumeSource);
    // What a first call leaves once: keys that all calls share.
    await load.round('memory', { milliseconds: 1, connections: 1 });
    const before = await used();
    let sessions = 0;
    while (sessions < sizes.stored) {
      const { statuses } = await load.round('memory', { milliseconds: 500, connections: sizes.connections });
      const refused = statuses.find(([status]) => status !== 200);
      if (refused !== undefined) throw new Error(`a call was answered with ${refused[0]}`);
      sessions += statuses.reduce((sum, [, count]) => sum + count, 0);
    }
    const after = await used();
    const events = after.events - before.events;
    return [
      { name: 'a live session with its index entries', value: (after.all - before.all - events) / sessions, unit: 'bytes' },
      { name: 'an audit event until it is sealed', value: events / (after.count - before.count), unit: 'bytes' },
    ];
  } finally {
    await load.close('memory');
    server.closeAllConnections();
    server.close();
  }
}
