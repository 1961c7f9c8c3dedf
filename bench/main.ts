// `npm run bench`: runs the suites one after another and tells what they found; nothing in it judges a number.
import { writeFile } from 'node:fs/promises';
import { cores, machine } from './harness/machine.js';
import { startPool, type Pool } from './harness/pool.js';
import { problemsOf } from './harness/problems.js';
import { textOf } from './harness/report.js';
import { startFloor, startService } from './harness/servers.js';
import { startSigningCost } from './harness/signing-cost.js';
import { startLoad } from './load/load.js';
import { readOptions, usage, type Options } from './options.js';
import { assumeSuite, chainSuite, identitySuite } from './suites/against-floor.js';
import { accountsSuite, agenciesSuite, chainDepthSuite, sessionsSuite, statementsSuite } from './suites/flat.js';
import { memorySuite } from './suites/memory.js';
import { pacedSuite } from './suites/paced.js';
import { peerSuites } from './suites/peers.js';
import { processesSuite } from './suites/processes.js';
import type { Suite, SuiteResult } from './suites/suite.js';
import { world } from './world/world.js';

const suites: readonly Suite[] = [assumeSuite, chainSuite, identitySuite, pacedSuite, processesSuite, sessionsSuite, agenciesSuite, accountsSuite, statementsSuite, chainDepthSuite, memorySuite];

/** Only when they are asked for: their servers have to be installed. */
const otherSuites: readonly Suite[] = peerSuites;

/** `flat` stands for all whose names begin with `flat:`. */
const isNamed = (name: string, wanted: string): boolean => name === wanted || name.startsWith(`${wanted}:`);

async function main({ isShort, jsonToStdout, isChecked, out, only, sizes }: Options): Promise<void> {
  const unknown = only?.find((name) => ![...suites, ...otherSuites].some((suite) => isNamed(suite.name, name)));
  if (unknown !== undefined) throw new Error(`there is no suite ${unknown}: the suites are ${[...suites, ...otherSuites].map(({ name }) => name).join(', ')}`);
  const chosen = only === undefined ? suites : [...suites, ...otherSuites].filter(({ name }) => only.some((wanted) => isNamed(name, wanted)));
  const text = jsonToStdout ? process.stderr : process.stdout;
  const say = (message: string): void => void process.stderr.write(`bench: ${message}\n`);
  const placed = cores();
  const about = machine();
  text.write(`${about.node}, ${about.cores} cores, ${about.processor}, ${about.platform}; ${placed.server === undefined ? 'nothing pinned' : `servers on core ${placed.server}, load generator on core ${placed.generator ?? 0}, Redis unpinned`}\n`);
  text.write(`${sizes.rounds} rounds of ${sizes.milliseconds} ms and one that is not counted, ${sizes.connections} connections${isShort ? '; SHORT FORM: small sizes, rough numbers' : ''}\n\n`);
  const load = startLoad(placed.generator);
  const signing = startSigningCost(placed.server);
  let pool: Promise<Pool> | undefined;
  const ordinary = { bootstrap: world, core: placed.server };
  const standard = (): Promise<Pool> => (pool ??= startPool(load, { service: () => startService(ordinary), floor: () => startFloor(ordinary) }));
  const results: SuiteResult[] = [];
  try {
    for (const suite of chosen) {
      say(`${suite.name} ...`);
      const start = performance.now();
      const found = await suite.run({ sizes, load, signing, cores: placed, say, standard });
      const result = { suite: suite.name, about: suite.about, seconds: (performance.now() - start) / 1000, ...found };
      results.push(result);
      text.write(`${textOf(result)}\n`);
    }
  } finally {
    await pool?.then((started) => started.stop(), () => undefined);
    await load.stop();
    await signing.stop();
  }
  say(`took ${(performance.now() / 1000).toFixed(0)} s`);
  const report = `${JSON.stringify({ machine: about, pinned: placed, isShort, sizes, results }, null, 2)}\n`;
  if (out !== undefined) await writeFile(out, report);
  if (jsonToStdout) process.stdout.write(report);
  const problems = isChecked ? problemsOf(results) : [];
  if (problems.length > 0) throw new Error(`the run is not whole:\n${problems.join('\n')}`);
}

// With the exit the servers go too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n${usage}`);
  process.exitCode = 1;
}
