// How a verifier is set up, and what it works with.
import type { PathReading } from '../signing/index.js';
import type { Fetch, VerifierClock } from './remote.js';

export interface ServiceCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface VerifierOptions {
  /** `STS_ISSUER` of the token service: `iss` and `aud` of its tokens. */
  readonly issuer: string;
  /** Address of the token service, without a slash at the end. Absent: the issuer, which must be an address then. */
  readonly endpoint?: string;
  /** Code of the service that verifies, such as `obs`: the name in V11 scopes, and the beginning of its actions. */
  readonly service: string;
  /**
   * Names by which clients reach this service, as they stand in `Host`: lower case, with the port where that is neither 80
   * nor 443. Requests for other hosts are refused: what was signed for another service must not be shown to this one.
   */
  readonly hosts: readonly string[];
  /** Whether `Host` may stand unsigned, as the Go SDK leaves it: whoever sees such a request can show it to another service. */
  readonly allowUnsignedHost?: boolean;
  /** `STS_REGION` of the token service; `globe` if absent. */
  readonly region?: string;
  /** Access key of the registered service: for V11 signatures and permissions offline, and for everything online. */
  readonly credentials?: ServiceCredentials;
  /** How far the date of a request may be off, either way; 900 if absent. */
  readonly maximumSkewSeconds?: number;
  /** Whether `UNSIGNED-PAYLOAD` may stand for a body that is not empty; for transports that are trusted otherwise. */
  readonly allowUnsignedPayload?: boolean;
  /**
   * Whether V11 signatures of permanent access keys are asked about offline: `STS_DERIVE_PERMANENT_KEYS` of the token
   * service must say the same. Anybody can make up such a request, so each new key id costs a call; absent: refused.
   */
  readonly permanentKeys?: boolean;
  /** Most calls for derived keys in a minute, of sessions and of permanent keys each; 1,000 if absent. What is left of the token service's limit is for policy bundles. */
  readonly derivedKeysPerMinute?: number;
  /**
   * How the clients sign escapes in a path: `decoded` (if absent), as the Python SDK and most others do, or `escaped`, as
   * the Node SDK does. Requests of the other kind are refused where the path has escapes: both readings would give two
   * paths one signature.
   */
  readonly pathReading?: PathReading;
  /** Milliseconds to wait for the token service; 3,000 if absent. */
  readonly timeoutMilliseconds?: number;
  readonly fetch?: Fetch;
  readonly clock?: VerifierClock;
}

export interface Setup {
  readonly issuer: string;
  readonly endpoint: string;
  readonly service: string;
  readonly region: string;
  readonly credentials: ServiceCredentials | undefined;
  readonly maximumSkewSeconds: number;
  readonly allowUnsignedPayload: boolean;
  readonly pathReading: PathReading;
  readonly permanentKeys: boolean;
  readonly derivedKeysPerMinute: number;
  readonly hosts: ReadonlySet<string>;
  readonly allowUnsignedHost: boolean;
}

/** Throws for options with which nothing could be verified. */
export function setupOf(options: VerifierOptions): Setup {
  const { issuer, endpoint = issuer, service, region = 'globe', credentials, maximumSkewSeconds = 900, allowUnsignedPayload = false, pathReading = 'decoded', hosts, allowUnsignedHost = false, permanentKeys = false, derivedKeysPerMinute = 1000 } = options;
  if (!/^https?:\/\/[^\s?#]+[^\s?#/]$/.test(endpoint)) throw new TypeError('`endpoint` must be the address of the token service, without a slash at the end');
  if (!/^[a-z][a-z0-9-]{0,55}$/.test(service) || service === 'sts' || service === 'iam') throw new TypeError('`service` must be the code of the service that verifies, such as `obs`');
  // Callers in JavaScript are not told by types.
  if (!Array.isArray(hosts) || hosts.length === 0 || !hosts.every(isHost)) throw new TypeError('`hosts` must be the names of this service as they stand in `Host`: lower case, with the port where that is neither 80 nor 443');
  if (!Number.isInteger(derivedKeysPerMinute) || derivedKeysPerMinute < 1) throw new TypeError('`derivedKeysPerMinute` must be a whole number from 1');
  if (!['decoded', 'escaped'].includes(pathReading)) throw new TypeError('`pathReading` must be `decoded` or `escaped`');
  if (!Number.isInteger(maximumSkewSeconds) || maximumSkewSeconds < 0 || maximumSkewSeconds > 900) throw new TypeError('`maximumSkewSeconds` must be from 0 to 900');
  return { issuer, endpoint, service, region, credentials, maximumSkewSeconds, allowUnsignedPayload, pathReading, hosts: new Set(hosts), allowUnsignedHost, permanentKeys, derivedKeysPerMinute };
}

const isHost = (host: unknown): boolean => typeof host === 'string' && /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[1-9]\d{0,4})?$/.test(host) && plainHost(host) === host;

/** As it stands among the hosts of a service: without a port that goes without saying. */
export const plainHost = (host: string): string => host.toLowerCase().replace(/:(?:80|443)$/, '');
