// What is fixed for a Redis at its first use, and what it must be like before the service starts on it.
import type { Redis } from 'ioredis';
import type { Random } from '../base/clock.js';
import { authenticateRecord, openRecord } from '../keyring/authenticate.js';
import type { Keyring } from '../keyring/keyring.js';
import { installKey } from './cells.js';
import type { RedisConnection } from './client.js';
import { askServers } from './topology-servers.js';

export interface Install {
  readonly id: string;
  readonly cells: number;
}

const place = ['install'];

/**
 * Records the install at first use: a random id, the number of cells, and a mark of the key ring. Throws when the
 * number of cells differs from the recorded one, or when the key ring is not the one that this Redis was filled with.
 */
export async function openInstall(redis: RedisConnection, keyring: Pick<Keyring, 'record-authentication'>, cells: number, random: Random): Promise<Install> {
  const stored = (await redis.get(installKey)) ?? (await recordInstall(redis, keyring, cells, random));
  let content: string;
  try {
    content = openRecord(keyring['record-authentication'], place, stored);
  } catch {
    throw new Error('this Redis was filled with another key ring: set STS_KEYS_DIR to the folder with its keys, or use an empty Redis');
  }
  // The content is authenticated: it is what this function wrote.
  const install = JSON.parse(content) as Install;
  if (install.cells !== cells) throw new Error(`STS_CELLS is ${cells}, but this Redis was filled with ${install.cells} cells, and their number cannot change`);
  return install;
}

/** Gives the record that stands there then: of two first uses at once, one is the first. */
async function recordInstall(redis: RedisConnection, keyring: Pick<Keyring, 'record-authentication'>, cells: number, random: Random): Promise<string> {
  const record = authenticateRecord(keyring['record-authentication'], place, JSON.stringify({ id: random.bytes(8).toString('hex'), cells }));
  await redis.set(installKey, record, 'NX');
  return (await redis.get(installKey)) ?? '';
}

/** True when the Redis has an install recorded, so that its keys must exist. */
export async function isInstalled(redis: RedisConnection): Promise<boolean> {
  return (await redis.exists(installKey)) === 1;
}

const minimumMajorVersion = 7;

/** Throws when one of the servers is too old. */
export async function refuseOldServer(redis: RedisConnection): Promise<void> {
  const versions = await askServers(redis, async (server) => /^redis_version:(\S+)/m.exec(await server.info('server'))?.[1] ?? 'unknown');
  const old = versions.find(({ answer }) => !(Number.parseInt(answer, 10) >= minimumMajorVersion));
  if (old !== undefined) throw new Error(`the Redis server${on(old.address)} is of version ${old.answer}; ${minimumMajorVersion}.0 or newer is needed`);
}

const on = (address: string | undefined): string => (address === undefined ? '' : ` on ${address}`);

const wanted = {
  appendonly: 'yes', appendfsync: 'always', 'maxmemory-policy': 'noeviction',
  // With `yes` nothing is synced for as long as the file is rewritten.
  'no-appendfsync-on-rewrite': 'no',
} as const;

/**
 * What makes the Redis less durable than an answered credential needs, on each server that is or could become a
 * primary; empty when nothing does. Throws when a server does not let its settings be read.
 */
export async function weakDurability(redis: RedisConnection): Promise<readonly string[]> {
  const servers = await askServers(redis, readSettings).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : 'unknown';
    throw new Error(`the durability settings of this Redis cannot be read (${reason}): if it runs with ${wantedText}, say so with STS_REDIS_IS_DURABLE=1`);
  });
  return servers.flatMap(({ address, answer: settings }) => Object.entries(wanted)
    .filter(([name, value]) => settings.get(name) !== value)
    .map(([name, value]) => `\`${name}\` is \`${settings.get(name) ?? 'unset'}\` and must be \`${value}\`${on(address)}`));
}

const wantedText = Object.entries(wanted).map(([name, value]) => `\`${name} ${value}\``).join(', ');

async function readSettings(server: Redis): Promise<ReadonlyMap<string, string>> {
  const settings = new Map<string, string>();
  for (const name of Object.keys(wanted)) {
    const answer: unknown = await server.config('GET', name);
    // RESP2 answers a list of names and values, RESP3 a map.
    const value: unknown = Array.isArray(answer) ? answer[1] : (answer as Readonly<Record<string, unknown>>)[name];
    if (typeof value === 'string') settings.set(name, value);
  }
  return settings;
}
