// What gives credentials: the interface of all providers, and the first credentials of a chain.
import { homedir } from 'node:os';
import { environmentCredentials as readEnvironment, resolveConnection, sdkVariables, type ConnectionFlags, type Credentials } from './connection.js';
import { settingsError } from './credentials-error.js';

/** Credentials of a key or a session. */
export interface ProvidedCredentials extends Credentials {
  /** When the credentials of a session end; absent for those of a permanent key. */
  readonly expiration?: Date | undefined;
  /** Where they are good, if their source says so: a profile does. */
  readonly endpoint?: string | undefined;
}

export interface GetOptions {
  /** Ends the waiting of this caller. */
  readonly signal?: AbortSignal | undefined;
}

export interface CredentialProvider {
  get(options?: GetOptions): Promise<ProvidedCredentials>;
  /** These credentials were refused although they have not expired: do not hand them out again. */
  invalidate?(accessKeyId: string): void;
}

export type CredentialSource = ProvidedCredentials | CredentialProvider | ((options: GetOptions) => Promise<ProvidedCredentials>);

export function providerOf(source: CredentialSource): CredentialProvider {
  if (typeof source === 'function') return { get: (options = {}) => source(options) };
  return 'get' in source ? source : { get: () => Promise.resolve(source) };
}

/**
 * As the commands find them: the three flags, the named profile, the environment, the profile `default`. Read afresh each time they
 * are asked for. Rejects with a CredentialsError when they are missing, half given, malformed or expired.
 */
export const defaultCredentials = (flags: ConnectionFlags = {}): CredentialProvider => ({
  async get() {
    const { credentials, endpoint } = await resolveConnection(flags, { environment: process.env, homeDirectory: homedir(), now: () => new Date() });
    return { ...credentials, endpoint: endpoint.origin };
  },
});

/** @param profileFile `AGENCY_STS_PROFILE_FILE`, else `~/.agency-sts/credentials.json`, if absent */
export const profileCredentials = (profile: string, profileFile?: string): CredentialProvider => defaultCredentials({ profile, ...(profileFile !== undefined && { profileFile }) });

/** The variables of the official SDKs, and nothing else. */
export const environmentCredentials = (environment: Readonly<Record<string, string | undefined>> = process.env): CredentialProvider => ({
  get: async () => readEnvironment(environment) ?? (await Promise.reject(settingsError(`${sdkVariables.accessKeyId} and ${sdkVariables.secretAccessKey} are not set`))),
});
