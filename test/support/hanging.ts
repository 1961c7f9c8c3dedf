// Work that hangs as on a disk that does not answer: it holds threads of the process until the test lets it go.
import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Threads of this process for what blocks. */
export const poolThreads = Number(process.env.UV_THREADPOOL_SIZE ?? 4);

/** Makes a named pipe: whoever opens it to read hangs until {@link letGo}. */
export async function hangingFile(folder: string, name = 'hanging'): Promise<string> {
  const path = join(folder, name);
  await promisify(execFile)('mkfifo', [path]);
  return path;
}

export async function hang(path: string): Promise<void> {
  await (await open(path, 'r')).close();
}

/** Without a thread: there may be none. What it gives closes the pipe again. */
export function letGo(path: string): () => void {
  const file = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  return () => closeSync(file);
}

/** Holds so many threads until what it gives is called. */
export async function holdThreads(folder: string, count: number): Promise<() => void> {
  const path = await hangingFile(folder);
  const held = Promise.all(Array.from({ length: count }, () => hang(path)));
  return () => {
    const close = letGo(path);
    void held.finally(close);
  };
}
