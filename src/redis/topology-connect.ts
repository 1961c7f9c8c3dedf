// Opens the connections of each topology, with options that keep one promise: fail fast, and never send a command twice.
import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { parseRedisUrl, type RedisPlaces } from './topology-url.js';
import { watchPrimary } from './topology-watch.js';

/** One server, the primary that Sentinels name, or a cluster. */
export type RedisConnection = Redis | Cluster;

const commandTimeoutMilliseconds = 5000;
/** Of one attempt where another server may answer instead. */
const attemptMilliseconds = 1000;
/** How old what a process knows of the cluster may get; each look is one short connection. */
const slotsRefreshMilliseconds = 2000;

const retryStrategy = (times: number): number => Math.min(50 * times, 1000);

const options = {
  // A script whose reply was lost may have run: sending it again could make a second session of one request.
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: commandTimeoutMilliseconds,
  // A server that is silent for that long loses the connection: calls fail at once then, until it answers again.
  socketTimeout: commandTimeoutMilliseconds,
} satisfies RedisOptions;

const aloneOptions = {
  ...options,
  // Without a connection the caller gets its 503 now, not when Redis is back.
  enableOfflineQueue: false,
  enableAutoPipelining: true,
  retryStrategy,
  // A replica answers READONLY after a failover: a new connection finds the new primary.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
} satisfies RedisOptions;

const clusterOptions = {
  enableOfflineQueue: false,
  enableAutoPipelining: true,
  scaleReads: 'master',
  clusterRetryStrategy: retryStrategy,
  // INVARIANT: a command whose connection was lost may have run, so it is not sent to another server. MOVED, ASK and
  // TRYAGAIN are answers of servers that ran nothing: those go on.
  retryDelayOnFailover: 0,
  retryDelayOnClusterDown: 0,
  maxRedirections: 5,
  slotsRefreshInterval: slotsRefreshMilliseconds,
  slotsRefreshTimeout: attemptMilliseconds,
  // Each connection looks the name up itself; a certificate is checked against the name and not the address.
  dnsLookup: (host, done) => done(null, host),
} satisfies ClusterOptions;

/** Connects in the background and for ever; throws for a URL of no known form. */
export function createClient(url: string, onError: (error: Error) => void): RedisConnection {
  const places = parseRedisUrl(url);
  const connection = places.kind === 'cluster' ? clusterClient(places) : places.kind === 'sentinel' ? sentinelClient(places) : new Redis(places.at, aloneOptions);
  connection.on('error', onError);
  if (connection instanceof Cluster) connection.on('node error', onError);
  return connection;
}

function sentinelClient({ sentinels, name, database, isEncrypted, login }: RedisPlaces & { kind: 'sentinel' }): Redis {
  const redis = new Redis({
    ...aloneOptions, ...login, name, db: database,
    sentinels: sentinels.map((address) => ({ ...address })),
    // A connection becomes ready only at a server that calls itself the primary.
    role: 'master',
    sentinelRetryStrategy: retryStrategy,
    sentinelCommandTimeout: attemptMilliseconds,
    connectTimeout: attemptMilliseconds,
    disconnectTimeout: attemptMilliseconds,
    // [choice] Sentinels are asked with the same password, as most installations have it; one without a password takes any.
    ...(login.password !== undefined && { sentinelPassword: login.password }),
    ...(isEncrypted && { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
  });
  watchPrimary(redis, { name, sentinels, isEncrypted, retryStrategy, attemptMilliseconds, ...(login.password !== undefined && { password: login.password }) });
  return redis;
}

function clusterClient({ nodes, isEncrypted, login }: RedisPlaces & { kind: 'cluster' }): Cluster {
  const cluster = new Cluster(nodes.map((address) => ({ ...address })), {
    ...clusterOptions,
    redisOptions: { ...options, ...login, connectTimeout: attemptMilliseconds, ...(isEncrypted && { tls: {} }) },
  });
  cluster.on('+node', (node: Redis) => {
    // INVARIANT: no replica answers a read of ours: it could lack a revocation. Without READONLY it sends us to its primary.
    node.readonly = () => Promise.resolve('OK');
  });
  cluster.on('-node', () => {
    // The primary is gone: its replica may have taken over already.
    if (cluster.status === 'ready') cluster.refreshSlotsCache();
  });
  return cluster;
}
