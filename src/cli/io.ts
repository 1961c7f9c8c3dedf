// What the commands use of the process they run in.

export interface CommandIo {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  now(): Date;
  /** Writes as given: the text brings its own line ends. */
  out(text: string): void;
  err(text: string): void;
  /** What an argument `-` reads; the standard input of the process if absent. */
  readonly input?: NodeJS.ReadableStream;
}
