// The profile file: named credentials in JSON, readable by their owner alone.
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { systemErrorCode, usageError } from './command-error.js';
import { quote } from './text.js';

export interface Profile {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly securityToken?: string | undefined;
  /** Date and time as the service gave it (`2026-01-15T09:30:00.000Z`); absent for a permanent key. */
  readonly expiresAt?: string | undefined;
  readonly endpoint?: string | undefined;
}

// Loose: what another version or a person added to the file survives a rewrite.
const StoredProfile = z.looseObject({
  access_key_id: z.string(),
  secret_access_key: z.string(),
  security_token: z.string().optional(),
  expires_at: z.iso.datetime({ offset: true }).optional(),
  endpoint: z.string().optional(),
});
const StoredFile = z.looseObject({ profiles: z.record(z.string(), StoredProfile) });
export type StoredFile = z.infer<typeof StoredFile>;

/** All profiles by name, or undefined when there is no such file. Throws a CommandError when it cannot be trusted. */
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
  const parsed = StoredFile.safeParse(parseJson(file, text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue === undefined || issue.path.length === 0 ? 'its top level' : quote(issue.path.join('.'));
  throw usageError(`profile file ${quote(file)} is malformed at ${place}: ${issue?.message ?? 'not a profile file'}`);
}

/** For writing; the inverse of what `readProfiles` does to one profile. */
export function storedProfile(profile: Profile): StoredFile['profiles'][string] {
  return {
    access_key_id: profile.accessKeyId,
    secret_access_key: profile.secretAccessKey,
    ...(profile.securityToken !== undefined && { security_token: profile.securityToken }),
    ...(profile.expiresAt !== undefined && { expires_at: profile.expiresAt }),
    ...(profile.endpoint !== undefined && { endpoint: profile.endpoint }),
  };
}

async function readPrivateText(file: string): Promise<string | undefined> {
  const failed = (error: unknown) => usageError(`profile file ${quote(file)} cannot be read: ${systemErrorCode(error)}`);
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw failed(error);
  });
  if (handle === undefined) return undefined;
  try {
    // Of the open file, not of its name: the name may lead elsewhere by the time it is read.
    const mode = (await handle.stat()).mode & 0o777;
    if ((mode & 0o077) !== 0) throw usageError(`profile file ${quote(file)} is open to other users (mode ${mode.toString(8)}): run \`chmod 600\` on it`);
    return await handle.readFile('utf8').catch((error: unknown) => {
      throw failed(error);
    });
  } finally {
    await handle.close();
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text around the mistake, which may be a secret.
    throw usageError(`profile file ${quote(file)} is not JSON`);
  }
}
