// The profile file: named credentials in JSON, readable by their owner alone.
import { open } from 'node:fs/promises';
import { systemErrorCode } from '../base/system-error.js';
import { quote } from '../base/text.js';
import { settingsError } from './credentials-error.js';
import { isDateTime, isObject, parseJson } from './json.js';

export interface Profile {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly securityToken?: string | undefined;
  /** Date and time as the service gave it (`2026-01-15T09:30:00.000Z`); absent for a permanent key. */
  readonly expiresAt?: string | undefined;
  readonly endpoint?: string | undefined;
}

/** What another version or a person added to the file survives a rewrite. */
interface StoredProfile {
  readonly access_key_id: string;
  readonly secret_access_key: string;
  readonly security_token?: string;
  readonly expires_at?: string;
  readonly endpoint?: string;
}

export interface StoredFile {
  readonly profiles: Readonly<Record<string, StoredProfile>>;
}

/** All profiles by name, or undefined when there is no such file. Throws a CredentialsError when it cannot be trusted. */
export async function readProfiles(file: string): Promise<ReadonlyMap<string, Profile> | undefined> {
  const stored = await readStoredFile(file);
  if (stored === undefined) return undefined;
  const entries = Object.entries(stored.profiles).map(([name, profile]): [string, Profile] => [
    name,
    {
      accessKeyId: profile.access_key_id,
      secretAccessKey: profile.secret_access_key,
      securityToken: profile.security_token,
      expiresAt: profile.expires_at,
      endpoint: profile.endpoint,
    },
  ]);
  return new Map(entries);
}

/** The file as it stands, or undefined when there is none. */
export async function readStoredFile(file: string): Promise<StoredFile | undefined> {
  const text = await readPrivateText(file);
  if (text === undefined) return undefined;
  const json = parseJson(text);
  // Not the parser's own message: it quotes the text around the mistake, which may be a secret.
  if (json === undefined) throw settingsError(`profile file ${quote(file)} is not JSON`);
  const mistake = mistakeOf(json);
  if (mistake !== undefined) throw settingsError(`profile file ${quote(file)} is malformed at ${mistake}`);
  return json as StoredFile; // No mistake was found in it.
}

/** Where and what, without the value, which may be a secret. */
function mistakeOf(json: unknown): string | undefined {
  if (!isObject(json)) return 'its top level: must be an object';
  const { profiles } = json;
  if (!isObject(profiles)) return '`profiles`: must be an object';
  for (const [name, profile] of Object.entries(profiles)) {
    const place = `profiles.${name}`;
    if (!isObject(profile)) return `${quote(place)}: must be an object`;
    for (const [member, isRequired] of members) {
      const value = profile[member];
      if (typeof value !== 'string' && (isRequired || value !== undefined)) return `${quote(`${place}.${member}`)}: must be a text`;
    }
    if (profile['expires_at'] !== undefined && !isDateTime(profile['expires_at'])) return `${quote(`${place}.expires_at`)}: must be a date and time`;
  }
  return undefined;
}

const members = [['access_key_id', true], ['secret_access_key', true], ['security_token', false], ['expires_at', false], ['endpoint', false]] as const;

/** For writing; the inverse of what `readProfiles` does to one profile. */
export function storedProfile(profile: Profile): StoredProfile {
  return {
    access_key_id: profile.accessKeyId,
    secret_access_key: profile.secretAccessKey,
    ...(profile.securityToken !== undefined && { security_token: profile.securityToken }),
    ...(profile.expiresAt !== undefined && { expires_at: profile.expiresAt }),
    ...(profile.endpoint !== undefined && { endpoint: profile.endpoint }),
  };
}

async function readPrivateText(file: string): Promise<string | undefined> {
  const failed = (error: unknown) => settingsError(`profile file ${quote(file)} cannot be read: ${systemErrorCode(error)}`);
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw failed(error);
  });
  if (handle === undefined) return undefined;
  try {
    // Of the open file, not of its name: the name may lead elsewhere by the time it is read.
    const mode = (await handle.stat()).mode & 0o777;
    if ((mode & 0o077) !== 0) throw settingsError(`profile file ${quote(file)} is open to other users (mode ${mode.toString(8)}): run \`chmod 600\` on it`);
    return await handle.readFile('utf8').catch((error: unknown) => {
      throw failed(error);
    });
  } finally {
    await handle.close();
  }
}
