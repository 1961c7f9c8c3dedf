// What must not grow with what there is: each pair is one call beside the same call where there is much more of something.
import { fileURLToPath } from 'node:url';
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
import type { Bench, Suite } from './suite.js';

export const flatSuite: Suite = {
  name: 'flat',
  about: 'the same call where there is little and where there is much: sessions, agencies, accounts, statements, chain',
  async run(bench) {
    const { sizes } = bench;
    const comparisons = [...(await sessionPair(bench)), ...(await pairsOfOneService(bench)), ...(await accountPair(bench))];
    const notes = [
      `live sessions ${sizes.sessions.join(' and ')}, agencies in the account ${sizes.agencies.join(' and ')}, accounts ${sizes.accounts.join(' and ')} (calls of all of them in turn), chain depth ${sizes.chainDepth.join(' and ')}, statements of the caller ${sizes.statements.join(' and ')}`,
      'a chain of depth 1 has its own row as a caller of GET /v5/caller-identity; assuming with it makes one of depth 2',
    ];
    return { comparisons, figures: [], notes };
  },
};

async function sessionPair({ load, signing, sizes, cores, say }: Bench): Promise<readonly Comparison[]> {
  const [few, many] = sizes.sessions;
  const startWith = (count: number) => () => {
    say(`flat: filling a Redis with ${count} live sessions ...`);
    return startService({ bootstrap: world, core: cores.server, fill: withSessions(count) });
  };
  const names = [`${few} sessions`, `${many} sessions`] as const;
  const pool = await startPool(load, { [names[0]]: startWith(few), [names[1]]: startWith(many) });
  try {
    return [await pair({ load, signing, sizes }, pool, names.map((name) => ({ name, server: name, source: assumeSource })))];
  } finally {
    await pool.stop();
  }
}

export const withSessions = (count: number): Start['fill'] & {} => async ({ redisUrl, folder }) => {
  await withComposition(environmentOf(folder, redisUrl, 1), (composition) => fillWithSessions(composition, fileURLToPath(redisUrl.replace('unix:', 'file:')), count));
};

/** Pairs whose two sides differ in who calls what: one service answers both. */
async function pairsOfOneService(bench: Bench): Promise<readonly Comparison[]> {
  const { load, sizes, cores } = bench;
  const ofAgencies = sizes.agencies.map((count, index) => ({ count, ...accountWithAgencies(`agencies${index}`, `${index + 1}`.repeat(32), count) }));
  const ofStatements = sizes.statements.map((count) => ({ count, ...callerWithStatements(`st${count}x`, count) }));
  const bootstrap = worldWith(ofStatements, ofAgencies.map(({ account }) => account));
  const pool = await startPool(load, { service: () => startService({ bootstrap, core: cores.server }) });
  const { port } = pool.server('service');
  const assumes = (key: Key | SessionKey, agencyUrn: string): RequestSource => ({ kind: 'assume', keys: [key], agencyUrns: [agencyUrn] });
  const side = (name: string, source: RequestSource): Side => ({ name, server: 'service', source });
  try {
    const [shallow, deep] = sizes.chainDepth;
    const [first, last] = [await chainOf(port, shallow), await chainOf(port, deep)];
    const parent = await chainOf(port, deep - 1);
    const pairs = [
      ofAgencies.map(({ count, key, agencyUrn }) => side(`${count} agencies`, assumes(key, agencyUrn))),
      ofStatements.map(({ count, key }) => side(`${count} statements`, assumes(key, deployerUrn))),
      [side(`identity, depth ${shallow}`, { kind: 'identity', keys: [first.key] }), side(`identity, depth ${deep}`, { kind: 'identity', keys: [last.key] })],
      [side(`assume to depth ${shallow + 1}`, assumes(first.key, first.nextUrn)), side(`assume to depth ${deep}`, assumes(parent.key, parent.nextUrn))],
    ];
    const comparisons = [];
    for (const sides of pairs) comparisons.push(await pair(bench, pool, sides));
    return comparisons;
  } finally {
    await pool.stop();
  }
}

async function accountPair({ load, signing, sizes, cores }: Bench): Promise<readonly Comparison[]> {
  const worlds = sizes.accounts.map((count) => ({ name: count === 1 ? '1 account' : `${count} accounts`, ...manyAccounts(count) }));
  const pool = await startPool(load, Object.fromEntries(worlds.map(({ name, bootstrap }) => [name, () => startService({ bootstrap, core: cores.server })])));
  try {
    return [await pair({ load, signing, sizes }, pool, worlds.map(({ name, keys }) => ({ name, server: name, source: { kind: 'assume', keys, agencyUrns: [deployerUrn] } })), true)];
  } finally {
    await pool.stop();
  }
}

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
