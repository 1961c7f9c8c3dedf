// `agency-sts keys`: list, rotate, retire and check the keys, on the machine of the service and beside it while it runs.
import { Option, type Command } from 'commander';
import { jsonLine } from '../../base/json-line.js';
import { CommandError, exitCodes } from '../../cli/index.js';
import { addKey, keyFileTroubles } from '../../keyring/files.js';
import { generateKey, keyPurposes, signatureAlgorithms, type KeyPurpose, type SignatureAlgorithm } from '../../keyring/key.js';
import { usableFrom } from '../../keyring/key-schedule.js';
import { isRotating, recordOf, stateOf, type RotatingPurpose } from '../../keyring/key-states.js';
import { keyStatesKey } from '../../redis/cells.js';
import { waitForReplicas } from '../../redis/replicas.js';
import { systemAccountId } from '../../directory/entities.js';
import type { ComposeOptions, Composition } from '../composition.js';
import { machineEvent, recordMachineEvent } from '../machine-event.js';
import type { Settings } from '../settings.js';
import { keyFindings, listKeys, listLine } from './key-list.js';
import type { KeyView } from './key-watch.js';
import { behind, KeyRefusal, retireNow, retireServed, rotate, waitUntil } from './key-rotation.js';
import { resealSecrets, sealedWith } from './reseal.js';

type Work = (composition: Composition, settings: Settings) => Promise<void>;

export interface KeysCommandParts {
  readonly out: (text: string) => void;
  /** Runs work on the state that the settings name; it finds one there, or is refused. */
  readonly withState: (work: Work, options: ComposeOptions) => Promise<void>;
  /** Runs work that needs the settings alone. */
  readonly withSettings: (work: (settings: Settings) => Promise<void>) => Promise<void>;
}

interface RotateOptions {
  readonly algorithm?: SignatureAlgorithm;
  readonly hold?: true;
  readonly to?: string;
  readonly wait?: true;
}

const mayLackKeys = { mayLackKeys: true };

export function addKeysCommands(program: Command, parts: KeysCommandParts): void {
  const { out, withState, withSettings } = parts;
  const keys = program.command('keys').description('the keys of the service; on its machine, with its settings');
  keys.command('list').description('print the keys with their states').addOption(new Option('--output <form>', 'text or json').choices(['text', 'json']).default('text'))
    .action(({ output }: { output: 'text' | 'json' }) => withState(async ({ keyWatch }) => {
      for (const key of listKeys(await keyWatch.look(), keyWatch.times)) out(`${output === 'json' ? jsonLine(key) : listLine(key)}\n`);
    }, mayLackKeys));
  keys.command('rotate').description('replace the active key of a purpose: a new one is published, used when it may be, and the old one retires')
    .argument('<purpose>', keyPurposes.join(', ')).addOption(new Option('--algorithm <name>', 'of a new token-signing key; without it, that of the active one').choices(signatureAlgorithms))
    .option('--hold', 'publish a new key, and keep it ready until it is called by another `rotate` or needed in an emergency')
    .option('--to <key>', 'use this key next, which is published or retiring, instead of a new one').option('--wait', 'return when the key is in use')
    .action((purpose: string, options: RotateOptions) => withState((composition, settings) => rotateKeys(parts, composition, settings, purpose, options), mayLackKeys));
  keys.command('retire').description('end a key: nothing is verified or opened with it any more').argument('<key>', 'its id')
    .option('--now', 'although what was made with it would still be valid: all of it dies at once')
    .action((id: string, { now }: { now?: true }) => withState((composition, settings) => retireKey(parts, composition, settings, id, now === true), mayLackKeys));
  keys.command('check').description('tell what is wrong with the key files, or missing; exit code 1 if anything is')
    .action(() => withSettings(async (settings) => {
      const troubles = await keyFileTroubles(settings.STS_KEYS_DIR);
      if (troubles.length > 0) throw new CommandError(exitCodes.findings, troubles.join('\n'));
      await withState(async ({ keyWatch }) => {
        const findings = keyFindings(await keyWatch.look());
        if (findings.length > 0) throw new CommandError(exitCodes.findings, findings.join('\n'));
        out('the keys are right\n');
      }, mayLackKeys);
    }));
}

/** Without a wait of their own keys are in use within a second or two; a process that does not answer is ended for the others after ten. */
const usualPatience = 15_000;

async function rotateKeys({ out }: KeysCommandParts, composition: Composition, settings: Settings, name: string, options: RotateOptions): Promise<void> {
  const purpose = purposeOf(name);
  if (options.algorithm !== undefined && purpose !== 'token-signing') throw usage('`--algorithm` goes with `token-signing` only');
  if (options.to !== undefined && (options.hold === true || options.algorithm !== undefined)) throw usage('`--to` names a key that there is: it goes with neither `--hold` nor `--algorithm`');
  const { keyWatch, services } = composition;
  if (purpose === 'audit-signing') return makeAuditKey(out, composition);
  if (!isRotating(purpose)) {
    throw new KeyRefusal(`the \`${purpose}\` key cannot be replaced: all that Redis, the log folder and the journals hold is authenticated with it. If it is known to others, export the accounts, and set up a new installation`);
  }
  const id = await rotate(keyWatch, { purpose, algorithm: options.algorithm, hold: options.hold === true, to: options.to }, services.random);
  await record(composition, 'RotateKey', { key_id: id, purpose, ...(options.hold === true && { hold: true }) });
  await replicated(composition, settings);
  if (options.hold === true) {
    out(`the ${purpose} key ${id} is published, and kept ready\n`);
    return;
  }
  const from = await usable(composition, id);
  const left = from - keyWatch.view().now;
  if (left > 0 && options.wait !== true) {
    out(`the ${purpose} key ${id} is published; it is used from ${new Date(from).toISOString()} on\n`);
    return;
  }
  await used(composition, purpose, id, Math.max(0, left) + usualPatience);
  out(`the ${purpose} key ${id} is in use\n`);
  if (purpose === 'secret-sealing') out(`sealed anew: ${await resealSecrets(composition)} secrets\n`);
}

/** From when on the key may be used. Throws when the processes do not get its file. */
async function usable({ keyWatch }: Composition, id: string): Promise<number> {
  await waitUntil(keyWatch, ({ states }) => usableFrom(states, id, keyWatch.times) !== undefined, usualPatience);
  const from = usableFrom(keyWatch.view().states, id, keyWatch.times);
  if (from === undefined) throw notYetUsed(keyWatch.view(), id);
  return from;
}

async function used({ keyWatch }: Composition, purpose: RotatingPurpose, id: string, patience: number): Promise<void> {
  if (!(await waitUntil(keyWatch, ({ states }) => states.active[purpose] === id, patience))) throw notYetUsed(keyWatch.view(), id);
}

function notYetUsed({ holders }: KeyView, id: string): KeyRefusal {
  const lacking = [...holders.values()].filter((tells) => tells?.held.includes(id) !== true).length;
  return new KeyRefusal(`the key \`${id}\` is published, and will be used when all processes have it: ${lacking} of ${holders.size} do not have its file in their key folder`);
}

/** Its change is an event of the log, told by the process that signs with it first. */
async function makeAuditKey(out: (text: string) => void, composition: Composition): Promise<void> {
  const { keyWatch: { directory }, services: { clock, random } } = composition;
  const key = await addKey(directory, generateKey('audit-signing', clock.now(), random));
  await record(composition, 'RotateKey', { key_id: key.id, purpose: 'audit-signing' });
  out(`the audit-signing key ${key.id} is made: bring its file to the key folder of every machine, and restart all processes; they sign with it then\n`);
}

async function retireKey({ out }: KeysCommandParts, composition: Composition, settings: Settings, id: string, isNow: boolean): Promise<void> {
  const { keyWatch, services } = composition;
  const before = (await keyWatch.look()).states;
  const purpose = recordOf(before, id)?.purpose;
  if (isNow) await retireNow(keyWatch, id, services.random);
  else {
    await retireServed(keyWatch, id, async () => {
      await resealSecrets(composition);
      return (await sealedWith(composition, id)) === 0;
    });
  }
  const isConfirmed = await waitUntil(keyWatch, (view) => behind(view) === 0, usualPatience);
  await record(composition, 'RetireKey', { key_id: id, purpose, ...(isNow && { now: true }) });
  await replicated(composition, settings);
  out(`the key ${id} is retired: no process accepts it any more\n`);
  if (!isConfirmed) out(`${behind(keyWatch.view())} processes have not said so; they can end no call with it, since each commit asks\n`);
  if (purpose === undefined || before.active[purpose] !== id) return;
  const { states, now } = keyWatch.view();
  const active = states.active[purpose];
  if (active !== undefined) {
    out(`the ${purpose} key ${active} took its place\n`);
    return;
  }
  const next = Object.keys(states.keys).find((other) => recordOf(states, other)?.purpose === purpose && stateOf(states, other) === 'published');
  if (next === undefined) throw new KeyRefusal(`no \`${purpose}\` key takes its place: what needs one is refused until \`agency-sts keys rotate ${purpose}\` was run`);
  const from = await usable(composition, next);
  if (from > now) out(`the ${purpose} key ${next} takes its place at ${new Date(from).toISOString()}, when verifiers have it; until then no sessions are issued\n`);
  else {
    await used(composition, purpose, next, usualPatience);
    out(`the ${purpose} key ${next} took its place\n`);
  }
}

/** What was done stands, whether the audit takes events at the moment or not. */
async function record({ store, services }: Composition, operation: string, request: Readonly<Record<string, unknown>>): Promise<void> {
  await recordMachineEvent(store, { ...machineEvent(operation, systemAccountId, services), request }).catch((error: unknown) => {
    throw new Error(`it is done, but its audit event could not be written: ${error instanceof Error ? error.message : String(error)}`);
  });
}

const replicaMilliseconds = 2000;

async function replicated({ redis }: Composition, { STS_REDIS_WAIT_REPLICAS: wanted }: Settings): Promise<void> {
  if (wanted === 0) return;
  const have = await waitForReplicas(redis, keyStatesKey, wanted, replicaMilliseconds);
  if (have < wanted) throw new Error(`it is done, but not yet safe against a failover: ${have} of ${wanted} replicas have it`);
}

function purposeOf(name: string): KeyPurpose {
  const purpose = keyPurposes.find((known) => known === name);
  if (purpose === undefined) throw usage(`\`${name}\` is no purpose of a key: ${keyPurposes.join(', ')}`);
  return purpose;
}

const usage = (message: string): CommandError => new CommandError(exitCodes.usage, message);
