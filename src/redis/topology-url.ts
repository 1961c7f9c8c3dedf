// Where Redis is: the forms of its URL, for one server, for a primary that Sentinels know, and for a cluster.
import { isIPv6 } from 'node:net';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** For the Redis servers; a Sentinel is given the password alone. */
interface Login {
  readonly username?: string;
  readonly password?: string;
}

export type RedisPlaces =
  | { readonly kind: 'server'; readonly at: string }
  | { readonly kind: 'sentinel'; readonly sentinels: readonly Address[]; readonly name: string; readonly database: number; readonly isEncrypted: boolean; readonly login: Login }
  | { readonly kind: 'cluster'; readonly nodes: readonly Address[]; readonly isEncrypted: boolean; readonly login: Login };

/** What is wrong with a URL, without the URL: it may hold a password. */
export class RedisUrlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RedisUrlError';
  }
}

const schemes = 'redis://, rediss://, unix:///, redis+sentinel://, rediss+sentinel://, redis+cluster:// or rediss+cluster://';
const largestDatabase = 65_535;

/**
 * Reads `redis://`, `rediss://` and `unix:///path` (one server), `redis+sentinel://[user:password@]host:port,.../name[/database]`
 * and `redis+cluster://[user:password@]host:port,...`; with `rediss` all connections are encrypted. User and password
 * are percent-encoded. Throws {@link RedisUrlError}.
 */
export function parseRedisUrl(url: string): RedisPlaces {
  const socket = /^unix:\/\/(\/.+)$/.exec(url)?.[1];
  if (socket !== undefined) return { kind: 'server', at: socket };
  if (/^rediss?:\/\//.test(url)) return { kind: 'server', at: url };
  const [, scheme, kind, rest = ''] = /^(rediss?)\+(sentinel|cluster):\/\/(.*)$/s.exec(url) ?? [];
  if (kind === undefined) throw new RedisUrlError(`must begin with ${schemes}`);
  if (/[?#\s]/.test(rest)) throw new RedisUrlError('must have no `?`, `#` or space; in a user or a password they are percent-encoded');
  const isEncrypted = scheme === 'rediss';
  const [authority = '', ...path] = rest.split('/');
  const [hosts = '', ...userInfo] = authority.split('@').reverse();
  if (userInfo.length > 1) throw new RedisUrlError('must have one `@` at most; in a user or a password it is percent-encoded');
  const login = parseLogin(userInfo[0]);
  if (kind === 'cluster') {
    if (path.join('') !== '') throw new RedisUrlError('must end behind the last host: a cluster has no databases');
    return { kind, nodes: parseAddresses(hosts), isEncrypted, login };
  }
  const [name = '', database = '0', ...more] = path;
  if (!/^[A-Za-z0-9._-]{1,128}$/.test(name) || more.length > 0) throw new RedisUrlError('must name the primary that the Sentinels watch behind the hosts: `/name` or `/name/database`');
  if (!/^(0|[1-9]\d{0,4})$/.test(database) || Number(database) > largestDatabase) throw new RedisUrlError(`must have a number from 0 to ${largestDatabase} as its database`);
  return { kind: 'sentinel', sentinels: parseAddresses(hosts), name, database: Number(database), isEncrypted, login };
}

function parseAddresses(hosts: string): readonly Address[] {
  return hosts.split(',').map((text) => {
    const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([A-Za-z0-9._-]+)):([1-9]\d{0,4})$/.exec(text) ?? [];
    const host = bracketed !== undefined && isIPv6(bracketed) ? bracketed : plain;
    if (host === undefined || Number(port) > 65_535) throw new RedisUrlError(`must list hosts as \`host:port\` with commas between them, which \`${text}\` is not`);
    return { host, port: Number(port) };
  });
}

function parseLogin(userInfo: string | undefined): Login {
  if (userInfo === undefined) return {};
  const [, username = '', password = ''] = /^([^:]*):(.+)$/s.exec(userInfo) ?? [];
  if (password === '') throw new RedisUrlError('must have `user:password` or `:password` before the `@`');
  try {
    return { ...(username !== '' && { username: decodeURIComponent(username) }), password: decodeURIComponent(password) };
  } catch {
    throw new RedisUrlError('must have a user and a password that are percent-encoded');
  }
}
