// The three kinds of calls, each against the floor of its own kind.
import { compare, type Comparison } from '../harness/compare.js';
import type { RequestSource } from '../load/source.js';
import { assumed } from '../world/assumed.js';
import { alice, deployerUrn, relayUrn } from '../world/world.js';
import type { Figure, Suite } from './suite.js';

const suite = (name: string, about: string, sourceFor: (port: number) => Promise<RequestSource>): Suite => ({
  name, about,
  async run({ load, signing, sizes, standard }) {
    const pool = await standard();
    const variants = [];
    for (const server of ['service', 'floor']) variants.push(await pool.variant(server, server, await sourceFor(pool.server(server).port)));
    const comparison = await compare(load, signing, variants, [['service', 'floor']], sizes);
    return { comparisons: [comparison], figures: inSignatures(comparison, ['floor', 'service']), notes: [] };
  },
});

/** Processor time per request in Ed25519 signatures of the same minutes: a measure that goes with the machine. */
function inSignatures({ variants, signatureMicroseconds }: Comparison, names: readonly string[]): readonly Figure[] {
  return variants.flatMap(({ name, serverMicroseconds }) =>
    (serverMicroseconds === undefined || !names.includes(name) ? [] : [{ name: `a request to ${name}`, value: serverMicroseconds / signatureMicroseconds, unit: 'Ed25519 signatures' }]));
}

export const assumeSource: RequestSource = { kind: 'assume', keys: [alice], agencyUrns: [deployerUrn] };

export const assumeSuite = suite('assume', 'AssumeAgency with a permanent access key, of an agency of another account', () => Promise.resolve(assumeSource));

export const chainSuite = suite('chain', 'AssumeAgency with a session, of an agency of another account', async (port) =>
  ({ kind: 'assume', keys: [await assumed(port, alice, relayUrn)], agencyUrns: [deployerUrn] }));

export const identitySuite = suite('identity', 'GET /v5/caller-identity with a permanent access key', () => Promise.resolve({ kind: 'identity', keys: [alice] }));
