// Latency under a load that leaves room: a given rate, half of what each can do at most.
import { compare } from '../harness/compare.js';
import { assumeSource } from './against-floor.js';
import type { Suite } from './suite.js';

export const pacedSuite: Suite = {
  name: 'paced',
  about: 'AssumeAgency at half of the maximum load, evenly paced',
  async run({ load, signing, sizes, standard }) {
    const pool = await standard();
    const variants = [];
    for (const server of ['service', 'floor']) variants.push(await pool.variant(server, server, assumeSource));
    const closed = await compare(load, signing, variants, [], { ...sizes, rounds: Math.max(2, Math.ceil(sizes.rounds / 3)) });
    const rates = new Map(closed.variants.map(({ name, requestsPerSecond }) => [name, Math.max(1, Math.floor(requestsPerSecond / 2))]));
    const paced = await compare(load, signing, variants, [['service', 'floor']], { ...sizes, rates });
    const figures = paced.variants.map(({ name, p50, p99 }) => ({ name: `p99 of ${name} at half load`, value: p99 / p50, unit: 'of its p50' }));
    return { comparisons: [closed, paced], figures, notes: ['the first table is the maximum, the second one half of it'] };
  },
};
