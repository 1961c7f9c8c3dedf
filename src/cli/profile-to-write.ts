// The profile that a command is to write its credentials into.
import { usageError } from './command-error.js';
import { profileFileOf, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { readProfiles } from './profile-file.js';
import { quote } from './text.js';

export interface OutputFlags extends ConnectionFlags {
  readonly output: 'json' | 'env' | 'profile';
  readonly profileOut?: string;
}

/** Checked before the first call, so that no session is made only to be lost. */
export async function profileToWrite(flags: OutputFlags, io: CommandIo): Promise<{ file: string; name: string } | undefined> {
  const { output, profileOut: name } = flags;
  if (output !== 'profile' && name !== undefined) throw usageError('--profile-out needs --output profile');
  if (output !== 'profile') return undefined;
  if (name === undefined) throw usageError('--output profile needs --profile-out');
  if (!/^[A-Za-z0-9][\w+=,.@/:-]{0,127}$/.test(name)) throw usageError(`--profile-out ${quote(name)} must begin with a letter or digit and have at most 128 of A-Z a-z 0-9 _ + = , . @ / : -`);
  const file = profileFileOf(flags, io);
  const existing = (await readProfiles(file))?.get(name);
  if (existing !== undefined && existing.securityToken === undefined) {
    throw usageError(`profile ${quote(name)} holds a permanent access key, which would be lost: choose another --profile-out`);
  }
  return { file, name };
}
