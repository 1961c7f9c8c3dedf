// The errors of the operating system.

/** The short name of a system error (`ENOENT`), for messages. */
export function systemErrorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
