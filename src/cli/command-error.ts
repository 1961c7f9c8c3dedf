// The error that ends a command: a message for people and the exit code of the process.

export const exitCodes = {
  /** The service answered no. */
  refused: 1,
  /** `policy check` found something; `policy simulate` was answered with no. */
  findings: 1,
  /** Options, credentials or files are wrong; nothing was sent, or what came back could not be kept. */
  usage: 2,
  /** No usable answer: no connection, a time-out, a 5xx, or something at the endpoint that is not the service. */
  unreachable: 3,
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

/** The short name of a system error (`ENOENT`), for messages. */
export function systemErrorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
