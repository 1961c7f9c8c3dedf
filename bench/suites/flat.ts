// What must not grow with what there is: each pair is one call beside the same call where there is much more of something.
import type { BootstrapFileText } from '../../src/directory/bootstrap-file.js';
import { compare, type Comparison } from '../harness/compare.js';
import { startPool, type Pool } from '../harness/pool.js';
import { environmentOf, startService, type Start } from '../harness/servers.js';
import type { RequestSource } from '../load/source.js';
import { assumed } from '../world/assumed.js';
import { withComposition } from '../world/composition.js';
import { accountWithAgencies, callerWithStatements, manyAccounts, worldWith } from '../world/large.js';
import { fillWithSessions } from '../world/live-sessions.js';
import { alice, deployerUrn, relayUrn, world, type Key, type SessionKey } from '../world/world.js';
import { assumeSource } from './against-floor.js';
import type { Bench, Sizes, Suite } from './suite.js';

const about = (what: string): string => `the same call where there is little and where there is much: ${what}`;
const noFigures = { figures: [], notes: [] } as const;

export const sessionsSuite: Suite = {
  name: 'flat:sessions',
  about: about('live sessions'),
  async run(bench) {
    const { load, sizes, cores, say } = bench;
    const starts = sizes.sessions.map((count) => [`${count} sessions`, () => {
      say(`filling a Redis with ${count} live sessions ...`);
      return startService({ bootstrap: world, core: cores.server, fill: withSessions(count) });
    }] as const);
    const pool = await startPool(load, Object.fromEntries(starts));
    try {
      return { comparisons: [await pair(bench, pool, starts.map(([name]) => ({ name, server: name, source: assumeSource })))], ...noFigures };
    } finally {
      await pool.stop();
    }
  },
};

const withSessions = (count: number): Start['fill'] & {} => async ({ redisUrl, folder }) => {
  await withComposition(environmentOf(folder, redisUrl, 1), (composition) => fillWithSessions(composition, redisUrl.replace('unix://', ''), count));
};

export const accountsSuite: Suite = {
  name: 'flat:accounts',
  about: about('accounts, all of which call in turn'),
  async run(bench) {
    const { load, sizes, cores } = bench;
    const worlds = sizes.accounts.map((count) => ({ name: `${count} accounts`, ...manyAccounts(count) }));
    const pool = await startPool(load, Object.fromEntries(worlds.map(({ name, bootstrap }) => [name, () => startService({ bootstrap, core: cores.server })])));
    try {
      const sides = worlds.map(({ name, keys }): Side => ({ name, server: name, source: { kind: 'assume', keys, agencyUrns: [deployerUrn] } }));
      return { comparisons: [await pair(bench, pool, sides, true)], ...noFigures };
    } finally {
      await pool.stop();
    }
  },
};

/** Pairs whose two sides differ in who calls what: one service answers both. */
const ofOneService = (name: string, what: string, bootstrapOf: (sizes: Sizes) => BootstrapFileText, pairsOf: (sizes: Sizes, port: number) => Promise<readonly (readonly Side[])[]>): Suite => ({
  name, about: about(what),
  async run(bench) {
    const { load, sizes, cores } = bench;
    const pool = await startPool(load, { service: () => startService({ bootstrap: bootstrapOf(sizes), core: cores.server }) });
    try {
      const comparisons = [];
      for (const sides of await pairsOf(sizes, pool.server('service').port)) comparisons.push(await pair(bench, pool, sides));
      return { comparisons, ...noFigures };
    } finally {
      await pool.stop();
    }
  },
});

const side = (name: string, source: RequestSource): Side => ({ name, server: 'service', source });
const assumes = (key: Key | SessionKey, agencyUrn: string): RequestSource => ({ kind: 'assume', keys: [key], agencyUrns: [agencyUrn] });

const accountsWithAgencies = ({ agencies }: Sizes) => agencies.map((count, index) => ({ count, ...accountWithAgencies(`agencies${index}`, `${index + 1}`.repeat(32), count) }));
export const agenciesSuite = ofOneService('flat:agencies', 'agencies in the account', (sizes) => worldWith([], accountsWithAgencies(sizes).map(({ account }) => account)), (sizes) =>
  Promise.resolve([accountsWithAgencies(sizes).map(({ count, key, agencyUrn }) => side(`${count} agencies`, assumes(key, agencyUrn)))]));

const callersWithStatements = ({ statements }: Sizes) => statements.map((count) => ({ count, ...callerWithStatements(`st${count}x`, count) }));
export const statementsSuite = ofOneService('flat:statements', 'statements of the caller, each evaluated to its last condition', (sizes) => worldWith(callersWithStatements(sizes), []), (sizes) =>
  Promise.resolve([callersWithStatements(sizes).map(({ count, key }) => side(`${count} statements`, assumes(key, deployerUrn)))]));

/** A chain of depth 1 shows as a caller of GET /v5/caller-identity; assuming with it makes one of depth 2. */
export const chainDepthSuite = ofOneService('flat:chain', 'depth of the chain, of who asks for caller identity and of the session that is assumed', () => world, async ({ chainDepth: [shallow, deep] }, port) => {
  const [first, parent, last] = [await chainOf(port, shallow), await chainOf(port, deep - 1), await chainOf(port, deep)];
  return [
    [side(`identity, depth ${shallow}`, { kind: 'identity', keys: [first.key] }), side(`identity, depth ${deep}`, { kind: 'identity', keys: [last.key] })],
    [side(`assume to depth ${shallow + 1}`, assumes(first.key, first.nextUrn)), side(`assume to depth ${deep}`, assumes(parent.key, parent.nextUrn))],
  ];
});

interface Side {
  readonly name: string;
  readonly server: string;
  readonly source: RequestSource;
}

/** @param warm lets each of the source's keys call once before */
async function pair({ load, signing, sizes }: Pick<Bench, 'load' | 'signing' | 'sizes'>, pool: Pool, sides: readonly Side[], warm = false): Promise<Comparison> {
  const variants = [];
  for (const { name, server, source } of sides) variants.push({ ...(await pool.variant(name, server, source)), keys: source.kind === 'ready' ? 0 : source.keys.length });
  for (const { target, keys } of variants) {
    // Whole rounds: the keys come in turn.
    for (let called = 0; warm && called < keys;) called += (await load.round(target, { milliseconds: sizes.milliseconds, connections: sizes.connections })).answers;
  }
  const names = variants.map(({ name }) => name);
  return compare(load, signing, variants, [[names[1] ?? '', names[0] ?? '']], sizes);
}

/** Agencies in turn, until the chain is that long; and the one that its last session may assume next. */
async function chainOf(port: number, depth: number): Promise<{ readonly key: Key | SessionKey; readonly nextUrn: string }> {
  let key: Key | SessionKey = alice;
  for (let reached = 0; reached < depth; reached += 1) key = await assumed(port, key, urnAt(reached));
  return { key, nextUrn: urnAt(depth) };
}

const urnAt = (place: number): string => (place % 2 === 0 ? relayUrn : deployerUrn);
