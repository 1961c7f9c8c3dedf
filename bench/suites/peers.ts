// Other servers that give temporary credentials, each beside this service: not the same work, and told so.
import { compare } from '../harness/compare.js';
import { startPool } from '../harness/pool.js';
import { keystone } from '../peers/keystone.js';
import { moto } from '../peers/moto.js';
import { oidcProvider } from '../peers/oidc-provider.js';
import type { Peer } from '../peers/peer.js';
import { radosgw } from '../peers/radosgw.js';
import { assumeSource } from './against-floor.js';
import type { Suite } from './suite.js';

const suiteOf = (peer: Peer): Suite => ({
  name: `peers:${peer.name}`,
  about: `AssumeAgency of the service beside ${peer.call} of ${peer.name}`,
  async run({ load, signing, sizes, cores, standard }) {
    const found = await peer.start(cores.server);
    if (typeof found === 'string') return { comparisons: [], figures: [], notes: [`skipped: ${found}`] };
    const pool = await startPool(load, { [peer.name]: () => Promise.resolve(found.server) });
    try {
      const variants = [await (await standard()).variant('service', 'service', assumeSource), { ...(await pool.variant(peer.name, peer.name, found.source)), ...(found.answer !== undefined && { answer: found.answer }) }];
      return { comparisons: [await compare(load, signing, variants, [['service', peer.name]], sizes)], figures: [], notes: [`${peer.name} ${found.version}`] };
    } finally {
      await pool.stop();
    }
  },
});

export const peerSuites: readonly Suite[] = [moto, oidcProvider, radosgw, keystone].map(suiteOf);
