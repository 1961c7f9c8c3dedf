// Where to connect and with which credentials: flags, a named profile, the environment, the default profile.
import { join } from 'node:path';
import { quote } from '../base/text.js';
import { isAccessKeyId } from '../urn/ids.js';
import { settingsError } from './credentials-error.js';
import { parseEndpoint } from './endpoint.js';
import { isWord } from './json.js';
import { readProfiles, type Profile } from './profile-file.js';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly securityToken?: string | undefined;
}

export interface Connection {
  readonly endpoint: URL;
  readonly credentials: Credentials;
}

/** What the process has around it. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  now(): Date;
}

/** The options of the commands, by the names that most parsers of options give them. */
export interface ConnectionFlags {
  readonly endpoint?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly securityToken?: string;
  readonly profile?: string;
  readonly profileFile?: string;
}

/** Names that the official SDKs read; the Node SDK makes `withSecurityToken` of the last. */
export const sdkVariables = {
  accessKeyId: 'HUAWEICLOUD_SDK_AK',
  secretAccessKey: 'HUAWEICLOUD_SDK_SK',
  securityToken: 'HUAWEICLOUD_SDK_SECURITY_TOKEN',
} as const;

const flagNames = { accessKeyId: '--access-key-id', secretAccessKey: '--secret-access-key', securityToken: '--security-token' } as const;

export const endpointVariable = 'AGENCY_STS_ENDPOINT';
export const profileFileVariable = 'AGENCY_STS_PROFILE_FILE';
export const defaultEndpoint = 'http://127.0.0.1:8088';

/** Throws a CredentialsError when credentials are missing, half given, malformed or expired. Never mixes two sources. */
export async function resolveConnection(flags: ConnectionFlags, io: Surroundings): Promise<Connection> {
  const { credentials, endpoint: profileEndpoint } = await findCredentials(flags, io);
  const endpoint = flags.endpoint ?? variable(io.environment, endpointVariable) ?? profileEndpoint ?? defaultEndpoint;
  return { endpoint: parseEndpoint(endpoint), credentials };
}

export function profileFileOf(flags: ConnectionFlags, io: Surroundings): string {
  return flags.profileFile ?? variable(io.environment, profileFileVariable) ?? join(io.homeDirectory, '.agency-sts', 'credentials.json');
}

interface Found {
  readonly credentials: Credentials;
  readonly endpoint?: string | undefined;
}

async function findCredentials(flags: ConnectionFlags, io: Surroundings): Promise<Found> {
  const fromFlags = credentialsOf(flags, flagNames);
  if (fromFlags !== undefined) return { credentials: fromFlags };
  const file = profileFileOf(flags, io);
  if (flags.profile !== undefined) return await fromProfile(file, flags.profile, io);

  const fromEnvironment = environmentCredentials(io.environment);
  if (fromEnvironment !== undefined) return { credentials: fromEnvironment };
  const profiles = await readProfiles(file);
  if (profiles?.has('default') === true) return await fromProfile(file, 'default', io);
  throw settingsError(
    `no credentials: give --profile NAME, set ${sdkVariables.accessKeyId} and ${sdkVariables.secretAccessKey}, or put a profile \`default\` into ${quote(file)}`,
  );
}

/** The variables of the official SDKs; undefined when none is set. Throws a CredentialsError for half a key. */
export function environmentCredentials(environment: Surroundings['environment']): Credentials | undefined {
  const { accessKeyId, secretAccessKey, securityToken } = sdkVariables;
  const values = { accessKeyId: variable(environment, accessKeyId), secretAccessKey: variable(environment, secretAccessKey), securityToken: variable(environment, securityToken) };
  return credentialsOf(values, sdkVariables);
}

async function fromProfile(file: string, name: string, io: Surroundings): Promise<Found> {
  const profiles = await readProfiles(file);
  if (profiles === undefined) throw settingsError(`profile file ${quote(file)} does not exist`);
  const profile = profiles.get(name);
  if (profile === undefined) throw settingsError(`profile ${quote(name)} is not in ${quote(file)}, which has: ${[...profiles.keys()].map(quote).join(', ')}`);
  refuseExpired(name, profile, io.now());
  const names = { accessKeyId: 'access_key_id', secretAccessKey: 'secret_access_key', securityToken: 'security_token' };
  const credentials = credentialsOf(profile, names, ` of profile ${quote(name)}`);
  if (credentials === undefined) throw settingsError(`profile ${quote(name)} is empty`);
  return { credentials, endpoint: profile.endpoint };
}

function refuseExpired(name: string, profile: Profile, now: Date): void {
  if (profile.expiresAt === undefined || now.getTime() < Date.parse(profile.expiresAt)) return;
  throw settingsError(`profile ${quote(name)} expired at ${profile.expiresAt}: assume the agency again`);
}

type Names = Readonly<Record<keyof Credentials, string>>;

/** Undefined when nothing is given. Messages name the place of a value and never the value. */
function credentialsOf(given: Partial<Record<keyof Credentials, string | undefined>>, names: Names, place = ''): Credentials | undefined {
  const { accessKeyId, secretAccessKey, securityToken } = given;
  if (accessKeyId === undefined && secretAccessKey === undefined && securityToken === undefined) return undefined;
  if (!accessKeyId || !secretAccessKey) {
    const missing = [accessKeyId ? [] : names.accessKeyId, secretAccessKey ? [] : names.secretAccessKey].flat();
    throw settingsError(`${missing.join(' and ')}${place} ${missing.length === 1 ? 'is' : 'are'} missing: an access key needs both its id and its secret`);
  }
  if (!isAccessKeyId(accessKeyId)) throw settingsError(`${names.accessKeyId}${place} is not an access key id: 8 to 40 letters and digits`);
  if (!isWord(secretAccessKey)) throw settingsError(`${names.secretAccessKey}${place} must be printable ASCII without blanks`);
  if (securityToken !== undefined && !isWord(securityToken)) throw settingsError(`${names.securityToken}${place} must be printable ASCII without blanks`);
  return { accessKeyId, secretAccessKey, securityToken };
}

/** A variable set to nothing counts as not set, as in the SDKs and most shells' habits. */
export function variable(environment: Surroundings['environment'], name: string): string | undefined {
  const value = environment[name];
  return value === '' ? undefined : value;
}
