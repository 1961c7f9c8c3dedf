// The floor of the benchmark is an honest yardstick: it accepts what the service accepts, and gives and keeps as much.
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFloor, type Measured } from '../../bench/harness/servers.js';
import { requestsOf, type RequestSource } from '../../bench/load/source.js';
import { assumed } from '../../bench/world/assumed.js';
import { alice, deployerUrn, relayUrn, targetAccount, world, type SessionKey } from '../../bench/world/world.js';
import { startService, type TestService } from '../support/service.js';
import { compilePrograms, type Programs } from './programs.js';

type Side = 'service' | 'floor';
const sides: readonly Side[] = ['service', 'floor'];

let programs: Programs;
let service: TestService;
let floor: Measured;
let ports: Record<Side, number>;
let sessions: Record<Side, SessionKey>;
beforeAll(async () => {
  programs = await compilePrograms();
  service = await startService(world);
  service.clock.set(Date.now());
  floor = await startFloor({ bootstrap: world, core: undefined }, programs.floor);
  ports = { service: Number(new URL(service.url).port), floor: floor.port };
  sessions = { service: await assumed(ports.service, alice, relayUrn), floor: await assumed(ports.floor, alice, relayUrn) };
});
afterAll(async () => {
  await Promise.all([service.stop(), floor.stop()]);
  await programs.remove();
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Sends the bytes that the load generator would send, or what was made of them. */
function answerOf(side: Side, source: RequestSource, change: (text: string) => string = (text) => text): Promise<Answer> {
  const [head = '', body = ''] = change(requestsOf(source, ports[side])().toString()).split('\r\n\r\n');
  const [start = '', ...lines] = head.split('\r\n');
  const [method, path] = start.split(' ');
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
  return new Promise((resolve, reject) => {
    const sent = request({ port: ports[side], host: '127.0.0.1', method, path, headers: { ...headers, ...(body !== '' && { 'content-length': Buffer.byteLength(body) }) } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const assumes = (agencyUrn: string): RequestSource => ({ kind: 'assume', keys: [alice], agencyUrns: [agencyUrn] });
const chained = (side: Side): RequestSource => ({ kind: 'assume', keys: [sessions[side]], agencyUrns: [deployerUrn] });
const bySession = (side: Side): RequestSource => ({ kind: 'identity', keys: [sessions[side]] });

describe('what the service answers with a status, the floor answers with the same', () => {
  it.each<[what: string, status: number, source: (side: Side) => RequestSource, change?: (text: string) => string]>([
    ['an assume call', 200, () => assumes(deployerUrn)],
    ['an assume call within the account', 200, () => assumes(relayUrn)],
    ['a chained call', 200, chained],
    ['caller identity of a user', 200, () => ({ kind: 'identity', keys: [alice] })],
    ['caller identity of a session', 200, bySession],
    ['another body than was signed', 401, () => assumes(deployerUrn), (text) => text.replace('bench-', 'bench_')],
    ['another header than was signed', 401, () => ({ kind: 'identity', keys: [alice] }), (text) => text.replace('x-request-number:0', 'x-request-number:1')],
    ['another secret', 401, () => ({ kind: 'assume', keys: [{ ...alice, secretAccessKey: 'x'.repeat(40) }], agencyUrns: [deployerUrn] })],
    ['an unknown key', 401, () => ({ kind: 'identity', keys: [{ ...alice, accessKeyId: 'HPUANOBODY000000000000' }] })],
    ['a date of another day', 401, () => assumes(deployerUrn), (text) => text.replace(/x-sdk-date:\d{8}/, 'x-sdk-date:20200101')],
    ['a date that is not signed', 401, () => assumes(deployerUrn), (text) => text.replace(';x-sdk-date', '')],
    ['a session without its token', 401, bySession, (text) => text.replace(/x-security-token:.*\r\n/, '')],
    ['a bent token', 401, bySession, (text) => text.replace(/(x-security-token:.{60})./, '$1-')],
    ['an agency that the caller may not assume', 403, () => assumes(`iam::${targetAccount}:agency:deployer`)],
    ['an agency that is not there', 403, () => assumes(`iam::${targetAccount}:agency:ops/nobody`)],
  ])('%s: %d', async (_what, status, source, change) => {
    for (const side of sides) expect([side, (await answerOf(side, source(side), change)).status]).toEqual([side, status]);
  });
});

/** Paths of all members; of an array, those of its items. */
function membersOf(value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, inner]) => membersOf(inner, `${path}/${name}`));
}

const partsOf = (token: string): readonly unknown[] => token.split('.').slice(0, 2).map((part): unknown => JSON.parse(Buffer.from(part, 'base64url').toString()));
const tokenOf = (text: string): string => (JSON.parse(text) as { readonly credentials: { readonly security_token: string } }).credentials.security_token;
const isNear = (value: number, other: number, part: number): boolean => Math.abs(value - other) <= part * other;

describe('the floor gives as much as the service', () => {
  it.each<[string, (side: Side) => RequestSource]>([['assume', () => assumes(deployerUrn)], ['a chained assume', chained]])('%s: an answer of the same members, a token of the same claims, both of about the same size', async (_what, source) => {
    const [of, other] = [await answerOf('floor', source('floor')), await answerOf('service', source('service'))];
    expect(membersOf(JSON.parse(of.text))).toEqual(membersOf(JSON.parse(other.text)));
    expect(partsOf(tokenOf(of.text)).map((part) => membersOf(part))).toEqual(partsOf(tokenOf(other.text)).map((part) => membersOf(part)));
    expect([of.text.length, other.text.length]).toSatisfy(() => isNear(of.text.length, other.text.length, 0.02));
    expect(Object.keys(of.headers).sort()).toEqual(Object.keys(other.headers).sort());
  });

  it('caller identity: the same answer and the same headers', async () => {
    const source: RequestSource = { kind: 'identity', keys: [alice] };
    const [of, other] = [await answerOf('floor', source), await answerOf('service', source)];
    expect(membersOf(JSON.parse(of.text))).toEqual(membersOf(JSON.parse(other.text)));
    expect(of.text.length).toBe(other.text.length);
    expect(Object.keys(of.headers).sort()).toEqual(Object.keys(other.headers).sort());
  });
});

/** What one call adds: keys of sessions and indexes by kind, and events, with the bytes of each. */
async function writtenBy(redis: Redis, call: () => Promise<unknown>): Promise<Record<string, number[]>> {
  const read = async (): Promise<Map<string, readonly number[]>> => {
    const found = new Map<string, readonly number[]>();
    for (const key of (await redis.keys('*')).sort()) {
      const kind = /^\{c\d\d\}:(session|sessions|children|audit):?/.exec(key)?.[1];
      if (kind === undefined) continue;
      const type = await redis.type(key);
      if (type === 'stream') for (const [entryId, [, record = '']] of await redis.xrange(key, '-', '+')) found.set(`event ${key} ${entryId}`, [record.length]);
      else if (type === 'zset') for (const member of await redis.zrange(key, 0, '-1')) found.set(`${kind} page ${key} ${member}`, [member.length]);
      else if (kind === 'session') found.set(`${kind} ${key}`, [await redis.strlen(key)]);
    }
    return found;
  };
  const before = await read();
  await call();
  const added: Record<string, number[]> = {};
  for (const [name, sizes] of await read()) {
    const kind = name.slice(0, name.indexOf(' '));
    if (!before.has(name)) added[kind] = [...(added[kind] ?? []), ...sizes].sort((one, other) => one - other);
  }
  return added;
}

describe('the floor keeps as much as the service', () => {
  it.each<[string, (side: Side) => RequestSource]>([['assume', () => assumes(deployerUrn)], ['a chained assume', chained], ['caller identity', () => ({ kind: 'identity', keys: [alice] })]])('%s: as many records, index entries and events, of about the same size', async (_what, source) => {
    const floorRedis = new Redis({ path: floor.redisUrl.replace('unix://', '') });
    try {
      const of = await writtenBy(floorRedis, () => answerOf('floor', source('floor')));
      const other = await writtenBy(service.redis, () => answerOf('service', source('service')));
      expect(Object.keys(of).sort()).toEqual(Object.keys(other).sort());
      for (const [kind, sizes] of Object.entries(other)) expect([kind, of[kind], sizes]).toSatisfy(() => of[kind]?.length === sizes.length && sizes.every((size, at) => isNear(of[kind]?.[at] ?? 0, size, 0.03)));
    } finally {
      floorRedis.disconnect();
    }
  });
});

it('the floor knows nothing of the source', async () => {
  const text = await readFile(new URL('../../bench/floor/floor.ts', import.meta.url), 'utf8');
  const imported = [...text.matchAll(/from '([^']+)'/g)].map((match) => match[1]);
  expect(imported.filter((name) => name?.startsWith('node:') !== true)).toEqual([]);
});
