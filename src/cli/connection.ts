// Where a command connects and with which credentials, as in the client library.
import { resolveConnection as resolve, type Connection, type ConnectionFlags } from '../client/connection.js';
import { asCommand } from './command-error.js';
import type { CommandIo } from './io.js';

export { defaultEndpoint, endpointVariable, profileFileOf, profileFileVariable, sdkVariables, type Connection, type ConnectionFlags } from '../client/connection.js';

/** Throws a CommandError when credentials are missing, half given, malformed or expired. Never mixes two sources. */
export const resolveConnection = (flags: ConnectionFlags, io: CommandIo): Promise<Connection> => asCommand(() => resolve(flags, io));
