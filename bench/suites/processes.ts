// What a second serving process gains, with nothing pinned: on two cores they share them with Redis and the load generator.
import { compare } from '../harness/compare.js';
import { startPool } from '../harness/pool.js';
import { startFloor, startService } from '../harness/servers.js';
import { startLoad } from '../load/load.js';
import { world } from '../world/world.js';
import { assumeSource } from './against-floor.js';
import type { Suite } from './suite.js';

const anywhere = { bootstrap: world, core: undefined };

export const processesSuite: Suite = {
  name: 'processes',
  about: 'AssumeAgency by two serving processes beside one, nothing pinned',
  async run({ signing, sizes }) {
    const load = startLoad(undefined);
    const pool = await startPool(load, {
      'one process': () => startService(anywhere), 'two processes': () => startService({ ...anywhere, workers: 2 }), floor: () => startFloor(anywhere),
    });
    try {
      const variants = [];
      for (const name of ['one process', 'two processes', 'floor']) variants.push(await pool.variant(name, name, assumeSource));
      const pairs = [['two processes', 'one process'], ['one process', 'floor'], ['two processes', 'floor']] as const;
      return { comparisons: [await compare(load, signing, variants, pairs, sizes)], figures: [], notes: [] };
    } finally {
      await pool.stop();
      await load.stop();
    }
  },
};
