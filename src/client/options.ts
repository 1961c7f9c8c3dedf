// What an agency's credentials are made of: the options of the provider, checked before anything is sent.
import { quote } from '../base/text.js';
import { parseAgencyUrn } from '../urn/urn.js';
import type { AssumeInput } from './assume-agency.js';
import { settingsError, type CredentialsError } from './credentials-error.js';
import { parseEndpoint } from './endpoint.js';
import type { CredentialSource } from './provider.js';
import type { ClientClock } from './service-clock.js';

/** One hop; what is left out is left to the service. */
export interface AgencyHop extends Omit<AssumeInput, 'agencySessionName' | 'mfa'> {
  /** 2 to 128 characters of A-Z a-z 0-9 _ + = , . @ -; that of the options if absent. */
  readonly sessionName?: string | undefined;
  /** 900 to 43200; at most 3600 behind the first hop. 3600 if absent. */
  readonly durationSeconds?: number | undefined;
  /** A code is good once: the function is called for every session of the hop. */
  readonly mfa?: { readonly serialNumber: string; readonly tokenCode: () => string | Promise<string> } | undefined;
}

export interface AgencyCredentialsOptions {
  /** The chain in order, at least one: URNs `iam::ACCOUNT:agency:NAME`, or hops with more than that. */
  readonly agencies: readonly (string | AgencyHop)[];
  /** `http(s)://HOST:PORT`; if absent that of the source, else `AGENCY_STS_ENDPOINT`, else `http://127.0.0.1:8088`. */
  readonly endpoint?: string | undefined;
  /** Who assumes the first agency; as the commands find them if absent (`defaultCredentials`). */
  readonly source?: CredentialSource | undefined;
  /** `agency-sts-client` if absent. */
  readonly sessionName?: string | undefined;
  /** How long before expiry the credentials are renewed, or up to a quarter of it earlier; 900 if absent, and never more than a third of their life. */
  readonly refreshWindowSeconds?: number | undefined;
  /** With less life left callers wait for new ones; if those cannot be had they get the old ones as long as they are valid. 30 if absent. */
  readonly minimumLifeSeconds?: number | undefined;
  /** Of each call; 10 if absent. */
  readonly timeoutSeconds?: number | undefined;
  /** Whether `dispose` also ends the sessions that were obtained. */
  readonly revokeOnDispose?: boolean | undefined;
  /** Is told of every renewal that failed, also when nobody had to wait for it. */
  readonly onRefreshFailed?: ((error: CredentialsError) => void) | undefined;
  readonly clock?: ClientClock | undefined;
  /** From 0 up to 1; `Math.random` if absent. */
  readonly random?: (() => number) | undefined;
}

/** A hop whose name is settled. */
export interface PlannedHop extends AgencyHop {
  readonly sessionName: string;
}

export interface Plan {
  readonly hops: readonly PlannedHop[];
  readonly endpoint: URL | undefined;
  readonly refreshWindowMilliseconds: number;
  readonly minimumLifeMilliseconds: number;
  readonly timeoutMilliseconds: number;
}

const mostHops = 10;

/** Throws a CredentialsError that names the option and its rule. */
export function planOf(options: AgencyCredentialsOptions): Plan {
  const { agencies, endpoint, sessionName = 'agency-sts-client' } = options;
  if (agencies.length < 1 || agencies.length > mostHops) throw settingsError(`\`agencies\` must name 1 to ${mostHops} agencies`);
  return {
    hops: agencies.map((agency, index) => checkedHop(typeof agency === 'string' ? { agencyUrn: agency, sessionName } : { ...agency, sessionName: agency.sessionName ?? sessionName }, index)),
    endpoint: endpoint === undefined ? undefined : parseEndpoint(endpoint),
    refreshWindowMilliseconds: milliseconds('refreshWindowSeconds', options.refreshWindowSeconds ?? 900, 0),
    minimumLifeMilliseconds: milliseconds('minimumLifeSeconds', options.minimumLifeSeconds ?? 30, 0),
    timeoutMilliseconds: milliseconds('timeoutSeconds', options.timeoutSeconds ?? 10, 0.001),
  };
}

function checkedHop(hop: PlannedHop, index: number): PlannedHop {
  const place = `\`agencies[${index}]\``;
  const { agencyUrn, sessionName, durationSeconds, tags, transitiveTagKeys } = hop;
  if (parseAgencyUrn(agencyUrn) === undefined) throw settingsError(`${place} is ${quote(agencyUrn)}, which is no agency: it must look like iam::ACCOUNT:agency:NAME`);
  if (!/^[\w+=,.@-]{2,128}$/.test(sessionName)) throw settingsError(`${place}: session name ${quote(sessionName)} must have 2 to 128 characters of A-Z a-z 0-9 _ + = , . @ -`);
  const most = index === 0 ? 43_200 : 3600;
  if (durationSeconds !== undefined && !(Number.isInteger(durationSeconds) && durationSeconds >= 900 && durationSeconds <= most)) {
    throw settingsError(`${place}: \`durationSeconds\` must be a whole number from 900 to ${most}${index === 0 ? '' : ', the most that a chained session may have'}`);
  }
  const stray = transitiveTagKeys?.find((key) => tags?.some((tag) => tag.key === key) !== true);
  if (stray !== undefined) throw settingsError(`${place}: transitive tag key ${quote(stray)} is none of its tags`);
  return hop;
}

function milliseconds(name: string, value: number, least: number): number {
  if (!(value >= least && value <= 43_200)) throw settingsError(`\`${name}\` must be a number of seconds from ${least} to 43200`);
  return value * 1000;
}
