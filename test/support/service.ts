// A real service for tests: its own Redis server, its own folders, a clock that the test moves, real HTTP.
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import supertest from 'supertest';
import type { AuditEvent } from '../../src/audit/event.js';
import { pooledRandom } from '../../src/base/clock.js';
import { parseBootstrapFile } from '../../src/directory/bootstrap-file.js';
import { systemAccountId } from '../../src/directory/entities.js';
import type { AccountChange } from '../../src/directory/store.js';
import { connected, createClient, type RedisConnection } from '../../src/redis/client.js';
import { startEmbeddedRedis, type EmbeddedRedis } from '../../src/redis/embedded/index.js';
import { applyBootstrap } from '../../src/service/bootstrap.js';
import type { Composition } from '../../src/service/composition.js';
import { openAuditFolder } from '../../src/service/sealer/log-folder.js';
import type { Sealer } from '../../src/service/sealer/sealer.js';
import { sealerOf } from '../../src/service/sealer/sealer-of.js';
import { readSettings } from '../../src/service/settings.js';
import { openComposition, prepareKeys } from '../../src/service/state.js';
import { createWorkerServer } from '../../src/service/worker.js';
import type { CommitResult } from '../../src/sts/commit.js';
import { signRequest, type SigningInput } from '../../src/signing/index.js';
import { storedEvents } from './events.js';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly securityToken?: string;
}

/** Every member that a body of these APIs can have. */
export interface AnswerBody {
  readonly error_code?: string;
  readonly error_msg?: string;
  readonly request_id?: string;
  readonly encoded_authorization_message?: string;
  readonly source_identity?: string;
  readonly assumed_agency?: { readonly urn: string; readonly id: string };
  readonly credentials?: {
    readonly access_key_id: string;
    readonly secret_access_key: string;
    readonly security_token: string;
    readonly expiration: string;
  };
  readonly account_id?: string;
  readonly principal_urn?: string;
  readonly principal_id?: string;
  readonly decoded_message?: string;
  readonly [member: string]: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AnswerBody;
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly algorithm?: SigningInput['algorithm'];
  /** Milliseconds; the service's own time otherwise. */
  readonly date?: number;
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'error';
  readonly fields: object;
  readonly message: string;
}

export interface TestService {
  readonly clock: { now(): number; set(time: string | number): void; advance(seconds: number): void };
  readonly composition: Composition;
  readonly redis: Redis;
  readonly redisServer: EmbeddedRedis;
  readonly server: Server;
  readonly url: string;
  readonly folder: string;
  readonly logged: LogLine[];
  /** A signed call; `body` is sent as JSON unless it is text or bytes already. */
  call(credentials: Credentials, method: Method, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  assume(credentials: Credentials, body: object, options?: CallOptions): Promise<Answer>;
  /** Assumes and expects success. */
  session(credentials: Credentials, body: object, options?: CallOptions): Promise<Credentials>;
  identity(credentials: Credentials, options?: CallOptions): Promise<Answer>;
  /** The account's audit events, oldest first. */
  events(accountId: string): Promise<readonly AuditEvent[]>;
  /** Seals all that waits, into the log folder of the service: nothing is sealed otherwise. Rejects when something cannot be. */
  seal(): Promise<void>;
  /** Applies another state of the bootstrap file. */
  apply(bootstrap: object): Promise<void>;
  stop(): Promise<void>;
}

const methods = { GET: 'get', HEAD: 'head', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' } as const;
export type Method = keyof typeof methods;

export const startOfTest = Date.UTC(2026, 0, 15, 8, 30, 0);

/** A service on a Redis that the test has started, of whatever topology. */
export interface ServiceOnRedis extends Omit<TestService, 'redis' | 'redisServer'> {
  readonly connection: RedisConnection;
}

/** @param environment settings as environment variables; folders and Redis are given */
export async function startService(bootstrap: object, environment: Readonly<Record<string, string>> = {}): Promise<TestService> {
  const folder = await mkdtemp(join(tmpdir(), 'agency-sts-test-'));
  const redisServer = await startEmbeddedRedis({ dataDir: join(folder, 'data'), log: () => undefined });
  const { connection, ...service } = await startServiceOn(`unix://${redisServer.socketPath}`, bootstrap, environment, folder);
  if (!(connection instanceof Redis)) throw new Error('a private Redis is one server');
  return {
    ...service, redisServer, redis: connection,
    async stop() {
      await service.stop();
      await redisServer.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** @param folder of another service, to be one more process of the same installation; the folder is left then at the end */
export async function startServiceOn(redisUrl: string, bootstrap: object, environment: Readonly<Record<string, string>> = {}, folder?: string): Promise<ServiceOnRedis> {
  const ownFolder = folder ?? (await mkdtemp(join(tmpdir(), 'agency-sts-test-')));
  const { stop, ...service } = await openService(redisUrl, bootstrap, environment, ownFolder);
  return {
    ...service,
    async stop() {
      await stop();
      if (folder === undefined) await rm(ownFolder, { recursive: true, force: true });
    },
  };
}

async function openService(redisUrl: string, bootstrap: object, environment: Readonly<Record<string, string>>, folder: string): Promise<ServiceOnRedis> {
  const settings = readSettings({
    STS_DATA_DIR: join(folder, 'data'), STS_KEYS_DIR: join(folder, 'keys'), STS_REDIS_URL: redisUrl, STS_PORT: '0', ...environment,
  });
  let time = startOfTest;
  const clock = {
    now: () => time,
    set: (to: string | number): void => {
      time = typeof to === 'number' ? to : Date.parse(to);
    },
    advance: (seconds: number): void => {
      time += seconds * 1000;
    },
  };
  const redis = createClient(settings.STS_REDIS_URL ?? redisUrl, () => undefined);
  await connected(redis, 5000);
  const surroundings = { clock, random: pooledRandom() };
  await prepareKeys(settings, redis, surroundings, () => undefined);
  const composition = await openComposition(settings, redis, surroundings);
  const apply = async (file: object): Promise<void> => {
    await applyBootstrap(parseBootstrapFile(JSON.stringify(file)), composition);
  };
  await apply(bootstrap);
  const logged: LogLine[] = [];
  const note = (level: LogLine['level']) => (fields: object, message: string): void => {
    logged.push({ level, fields, message });
  };
  const log = { debug: note('debug'), info: note('info'), error: note('error') };
  const server = createWorkerServer(settings, composition, log);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let sealer: Sealer | undefined;
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the test server has no port');
  const url = `http://127.0.0.1:${address.port}`;

  const call: TestService['call'] = async (credentials, method, path, body, options = {}) => {
    const payload = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const headers = signRequest({
      method, url: `${url}${path}`, headers: { ...(payload !== undefined && { 'content-type': 'application/json' }), ...options.headers },
      ...(payload !== undefined && { body: payload }),
      ...credentials,
      date: new Date(options.date ?? time),
      ...(options.algorithm !== undefined && { algorithm: options.algorithm }),
    });
    const request = supertest(server)[methods[method]](path).set(headers);
    const response = await (payload === undefined ? request : request.serialize(asGiven).send(payload));
    // supertest types what it parsed as any.
    return { status: response.status, headers: response.headers, body: response.body as AnswerBody };
  };
  const assume: TestService['assume'] = (credentials, body, options) => call(credentials, 'POST', '/v5/agencies/assume', body, options);
  return {
    clock, composition, connection: redis, server, url, folder, logged, call, assume, apply,
    async seal() {
      sealer ??= sealerOf(settings, composition, await openAuditFolder(composition), log, false, { turnMilliseconds: 15_000, idleMilliseconds: 1 });
      await sealer.sealAll();
    },
    async session(credentials, body, options) {
      const answer = await assume(credentials, body, options);
      if (answer.status !== 200) throw new Error(`assume answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return credentialsOf(answer.body);
    },
    identity: (credentials, options) => call(credentials, 'GET', '/v5/caller-identity', undefined, options),
    async events(accountId) {
      const events = (await storedEvents(composition, accountId)).map(({ event }) => event).filter(({ operation }) => operation !== 'ApplyBootstrapFile');
      return events.sort((one, other) => one.time - other.time);
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      redis.disconnect();
    },
  };
}

/** Changes of accounts as no caller made them. */
export async function writeChanges({ store }: Composition, changes: readonly AccountChange[]): Promise<CommitResult['result']> {
  return (await store.commit({ callerAccountId: systemAccountId, guards: [], unmarkedSessions: [], events: [], changes })).result;
}

/** What was signed is what is sent: superagent would write bytes as JSON. */
const asGiven = (data: unknown): string => data as string;

export function credentialsOf({ credentials }: AnswerBody): Credentials {
  if (credentials === undefined) throw new Error('the answer has no credentials');
  return { accessKeyId: credentials.access_key_id, secretAccessKey: credentials.secret_access_key, securityToken: credentials.security_token };
}
