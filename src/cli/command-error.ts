// The error that ends a command: a message for people and the exit code of the process.
import { CredentialsError } from '../client/credentials-error.js';
import { shellQuote } from './text.js';
export { systemErrorCode } from '../base/system-error.js';

export const exitCodes = {
  /** The service answered no. */
  refused: 1,
  /** `policy check` found something; `policy simulate` was answered with no. */
  findings: 1,
  /** Options, credentials or files are wrong; nothing was sent, or what came back could not be kept. */
  usage: 2,
  /** No usable answer: no connection, a time-out, a 5xx, or something at the endpoint that is not the service. */
  unreachable: 3,
  /** Of `exec`, as of a shell. */
  notExecutable: 126,
  notFound: 127,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export class CommandError extends Error {
  readonly exitCode: ExitCode;
  /** Of the service's answer, where there was one. */
  readonly status: number | undefined;

  constructor(exitCode: ExitCode, message: string, status?: number) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
    this.status = status;
  }
}

export const usageError = (message: string): CommandError => new CommandError(exitCodes.usage, message);

/** Work of the client library, whose errors become those of a command. */
export async function asCommand<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof CredentialsError ? commandError(error) : error;
  }
}

function commandError(error: CredentialsError): CommandError {
  const { reason, message, status, encodedAuthorizationMessage: encoded } = error;
  const exitCode = reason === 'settings' ? exitCodes.usage : reason === 'refused' ? exitCodes.refused : exitCodes.unreachable;
  return new CommandError(exitCode, encoded === undefined ? message : `${message}\n${decodeHint(encoded)}`, status);
}

function decodeHint(encoded: string): string {
  const endOfOptions = encoded.startsWith('-') ? '-- ' : '';
  return `the reason is sealed; with credentials that may read it, run: agency-sts decode ${endOfOptions}${shellQuote(encoded)}`;
}
