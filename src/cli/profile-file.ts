// The profile file of the client library, for commands: what is wrong with it ends them.
import { readProfiles as read, readStoredFile as readStored, type Profile, type StoredFile } from '../client/profile-file.js';
import { asCommand } from './command-error.js';

export { storedProfile, type Profile } from '../client/profile-file.js';

/** All profiles by name, or undefined when there is no such file. Throws a CommandError when it cannot be trusted. */
export const readProfiles = (file: string): Promise<ReadonlyMap<string, Profile> | undefined> => asCommand(() => read(file));

/** The file as it stands, or undefined when there is none. */
export const readStoredFile = (file: string): Promise<StoredFile | undefined> => asCommand(() => readStored(file));
