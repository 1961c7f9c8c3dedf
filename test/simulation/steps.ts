// What can happen in one step: calls by callers and by security teams, the passing of time, and faults.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyLog } from '../../src/audit/log/verify.js';
import { agencies, keys } from '../support/accounts.js';
import { credentialsOf, type Answer, type Credentials } from '../support/service.js';
import type { Peer } from '../redis/support.js';
import { end, fateOf, forgetSince, type KnownSession, type Model } from './model.js';
import type { Chance } from './random.js';
import type { World } from './world.js';

export interface Simulation {
  readonly world: World;
  readonly model: Model;
  readonly chance: Chance;
  /** Number of the running step. */
  step: number;
}

/** Gives one line that tells what was done. */
export type Step = (simulation: Simulation) => Promise<string>;

const longTerm = { alice: keys.alice, bob: keys.bob } as const;
const nextAgency: Readonly<Record<string, string>> = { [agencies.first]: agencies.second, [agencies.second]: agencies.third };

const anyWorker = ({ world, chance }: Simulation): Peer => {
  const worker = chance.pick(world.workers());
  if (worker === undefined) throw new Error('there is no worker');
  return worker;
};

const longestMilliseconds = 20_000;

/** An answer for certain: calls are repeated while the service says that it cannot do anything at the moment. */
export async function insist(simulation: Simulation, call: (worker: Peer) => Promise<Answer>): Promise<{ answer: Answer; tries: number }> {
  const started = Date.now();
  for (let tries = 1; ; tries += 1) {
    const answer = await call(anyWorker(simulation));
    if (answer.status !== 503) return { answer, tries };
    if (Date.now() - started > longestMilliseconds) throw new Error(`the service did not recover: ${JSON.stringify(answer.body)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function assume(simulation: Simulation, by: keyof typeof longTerm | KnownSession, agency: string): Promise<string> {
  const { chance, model, world } = simulation;
  const parent = typeof by === 'string' ? undefined : by;
  const root = typeof by === 'string' ? by : by.root;
  const isTagged = by === 'alice' && chance.below(2) === 0;
  const duration = 900 + 300 * chance.below(parent === undefined ? 10 : 9);
  const tag = isTagged ? `t${simulation.step}` : parent?.tag;
  const sourceIdentity = isTagged ? 'alice' : parent?.sourceIdentity;
  const body = {
    agency_urn: agency, agency_session_name: `s${simulation.step}`, duration_seconds: duration,
    ...(isTagged && { tags: [{ key: 'team', value: tag }], transitive_tag_keys: ['team'], source_identity: 'alice' }),
  };
  // Once only: an answer that is lost leaves a session of which nobody has the credentials.
  const answer = await anyWorker(simulation).assume(typeof by === 'string' ? longTerm[by] : by.credentials, body);
  const before = parent === undefined ? 'alive' : fateOf(parent, world.clock.now());
  if (answer.status === 503) return 'refused for the moment';
  if (before === 'dead') refute(answer.status === 401, 'a dead session was extended');
  if (before === 'alive') refute(answer.status === 200, `a living caller was refused: ${JSON.stringify(answer.body)}`);
  if (answer.status !== 200) return `refused with ${answer.status}`;
  refute(answer.body['source_identity'] === sourceIdentity, 'the source identity changed along the chain');
  const eventId: unknown = answer.headers['x-audit-event-id'];
  refute(typeof eventId === 'string', 'the answer names no event');
  const issuedAt = Math.floor(world.clock.now() / 1000);
  model.sessions.push({
    credentials: credentialsOf(answer.body), root, parent, agency, tag, sourceIdentity, issuedAt, expiresAt: issuedAt + duration,
    eventId: String(eventId), step: simulation.step, fate: before === 'alive' ? 'alive' : 'unknown',
  });
  return `session ${model.sessions.length - 1}`;
}

export function refute(isRight: boolean, what: string): void {
  if (!isRight) throw new Error(what);
}

const indexOf = ({ model }: Simulation, session: KnownSession): number => model.sessions.indexOf(session);

const assumeByKey: Step = async (simulation) => {
  const name = simulation.chance.below(2) === 0 ? 'alice' : 'bob';
  return `${name} assumes: ${await assume(simulation, name, agencies.first)}`;
};

const assumeBySession: Step = async (simulation) => {
  const parent = simulation.chance.pick(simulation.model.sessions.filter(({ agency }) => agency in nextAgency));
  const next = nextAgency[parent?.agency ?? ''];
  if (parent === undefined || next === undefined) return 'nobody to chain';
  return `session ${indexOf(simulation, parent)} chains: ${await assume(simulation, parent, next)}`;
};

const overlongChain: Step = async (simulation) => {
  const parent = simulation.chance.pick(simulation.model.sessions.filter((session) => session.agency === agencies.first && fateOf(session, simulation.world.clock.now()) === 'alive'));
  if (parent === undefined) return 'nobody to chain';
  const answer = await anyWorker(simulation).assume(parent.credentials, { agency_urn: agencies.second, agency_session_name: 'long', duration_seconds: 3601 });
  refute(answer.status === 400 || answer.status === 503, `a chained call over an hour was answered with ${answer.status}`);
  return 'an overlong chained call';
};

const revokeOne: Step = async (simulation) => {
  const session = simulation.chance.pick(simulation.model.sessions);
  return session === undefined ? 'nothing to revoke' : revoke(simulation, session);
};

async function revoke(simulation: Simulation, session: KnownSession): Promise<string> {
  const root = session.agency === agencies.first ? keys.rootA : keys.rootB;
  const { answer, tries } = await insist(simulation, (worker) => worker.call(root, 'POST', `/v1/sessions/${session.credentials.accessKeyId}/revoke`, { reason: `step ${simulation.step}` }));
  // Its record goes with it; or it was lost.
  refute(answer.status === 200 || (answer.status === 404 && (session.fate !== 'alive' || fateOf(session, simulation.world.clock.now()) === 'dead')), `a revocation was answered with ${answer.status}`);
  if (answer.status === 200) session.fate = 'dead';
  return `session ${indexOf(simulation, session)} revoked after ${tries} tries: ${answer.status}`;
}

const revokeMany: Step = async (simulation) => {
  const { chance, model } = simulation;
  const subjects: readonly (readonly [string, Credentials, object, (session: KnownSession) => boolean])[] = [
    ['the key of bob', keys.rootA, { access_key_id: keys.bob.accessKeyId }, ({ root }) => root === 'bob'],
    ['account B', keys.rootB, { whole_account: true }, ({ agency }) => agency === agencies.second],
    ['the source identity', keys.rootA, { source_identity: 'alice' }, ({ sourceIdentity }) => sourceIdentity === 'alice'],
  ];
  const subject = chance.pick(subjects);
  if (subject === undefined) return 'nothing';
  const [name, by, body, isConcerned] = subject;
  const { answer, tries } = await insist(simulation, (worker) => worker.call(by, 'POST', '/v1/revocations', body));
  refute(answer.status === 200, `a revocation was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
  end(model, isConcerned, 'dead');
  return `revoked what ${name} issued, after ${tries} tries`;
};

const passTime: Step = ({ world, chance }) => {
  const seconds = 1 + chance.below(400);
  world.clock.advance(seconds);
  return Promise.resolve(`${seconds} seconds pass`);
};

const crashWorker: Step = async ({ world, chance }) => {
  const index = chance.below(world.workers().length);
  await world.crashWorker(index);
  return `worker ${index} crashes`;
};

const killRedis: Step = async ({ world }) => {
  await world.killRedis();
  return 'Redis is killed and started again';
};

const loseReply: Step = ({ world }) => {
  world.loseNextReply();
  return Promise.resolve('the next reply will be lost');
};

const cutReplication: Step = async ({ world, model, step }) => {
  if (model.cutAt !== undefined) return 'the replica gets nothing already';
  await world.cutReplication();
  model.cutAt = step;
  return 'the replica gets nothing more';
};

const failOver: Step = async ({ world, model }) => {
  const lost = model.cutAt;
  await world.failOver();
  forgetSince(model);
  return lost === undefined ? 'fail over' : `fail over to the replica, which knows nothing since step ${lost}`;
};

/** What a failover is most dangerous for: the primary dies with a revocation that nobody else has. */
const loseRevocation: Step = async (simulation) => {
  const { world, chance, model } = simulation;
  const session = chance.pick(model.sessions.filter((one) => fateOf(one, world.clock.now()) === 'alive'));
  if (session === undefined) return 'nothing to revoke';
  const steps = [await cutReplication(simulation), await revoke(simulation, session), await failOver(simulation)];
  for (const worker of world.workers()) {
    const { status } = await worker.identity(session.credentials);
    refute(status !== 200, `session ${indexOf(simulation, session)} lives again after the failover`);
  }
  return steps.join('; ');
};

/** Faults of Redis may keep it from that for the moment. */
const seal: Step = async ({ world, chance }) => {
  const index = chance.below(world.workers().length);
  try {
    await world.seal(index);
    return `worker ${index} seals`;
  } catch (error) {
    return `worker ${index} cannot seal: ${error instanceof Error ? error.message : String(error)}`;
  }
};

/** The worker that seals ends in the midst of it. */
const crashSealer: Step = async ({ world, chance }) => {
  const index = chance.below(world.workers().length);
  const sealing = world.seal(index).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, chance.below(30)));
  await world.crashWorker(index);
  await sealing;
  return `worker ${index} crashes while it seals`;
};

/** Somebody puts an older, whole log back: found out with the checkpoints that were kept. */
const cutLog: Step = async (simulation) => {
  const { world } = simulation;
  const older = await world.copyOfLog();
  const fewer = await checkpointsIn(older);
  await sealForCertain(simulation);
  const kept = await checkpointsIn(world.logFolder());
  if (fewer.join() === kept.join()) return 'nothing was added to the log that could be cut off';
  const { findings } = await verifyLog(older, world.verifiers(), { from: kept });
  refute(findings.length > 0 && findings.every(({ kind }) => kind === 'cut' || kind === 'missing-log'), `a log that was cut was judged ${JSON.stringify(findings)}`);
  return 'a log that was cut is found out';
};

/** Notes of all cells that have a log. */
export async function checkpointsIn(folder: string): Promise<readonly string[]> {
  const cells = (await readdir(folder)).filter((name) => /^c\d+$/.test(name)).sort();
  const notes = await Promise.all(cells.map((cell) => readFile(join(folder, cell, 'checkpoint'), 'utf8').catch(() => undefined)));
  return notes.filter((note) => note !== undefined);
}

/** Until some worker could seal everything. */
export async function sealForCertain({ world }: Simulation): Promise<void> {
  const started = Date.now();
  for (let tries = 0; ; tries += 1) {
    try {
      await world.seal(tries % world.workers().length);
      return;
    } catch (error) {
      if (Date.now() - started > longestMilliseconds) throw new Error(`nothing could be sealed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** How often each happens, of all together. */
export const weights: readonly (readonly [number, Step])[] = [
  [16, assumeByKey], [22, assumeBySession], [3, overlongChain], [12, revokeOne], [5, revokeMany], [8, passTime],
  [3, crashWorker], [3, killRedis], [5, loseReply], [2, cutReplication], [2, failOver], [2, loseRevocation], [5, seal], [2, crashSealer], [2, cutLog],
];
