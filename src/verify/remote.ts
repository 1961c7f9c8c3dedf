// Fetching from the token service: no redirects, bounded in time and size.

export type Fetch = typeof globalThis.fetch;

/** Milliseconds since the epoch, and milliseconds of a clock that nobody sets. */
export interface VerifierClock {
  now(): number;
  monotonic(): number;
}

export const machineClock: VerifierClock = { now: () => Date.now(), monotonic: () => performance.now() };

export interface RemoteAnswer {
  readonly status: number;
  readonly text: string;
  readonly header: (name: string) => string | undefined;
}

export interface RemoteRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly mostBytes: number;
}

export type Remote = (url: string, request: RemoteRequest) => Promise<RemoteAnswer>;

/** Throws where there is no whole answer. */
export function remote(fetch: Fetch, patienceMilliseconds: number): Remote {
  return async (url, { method = 'GET', headers = {}, body, mostBytes }) => {
    const response = await fetch(url, {
      method, headers, redirect: 'error', signal: AbortSignal.timeout(patienceMilliseconds), ...(body !== undefined && { body }),
    });
    return { status: response.status, text: await boundedText(response, mostBytes), header: (name) => response.headers.get(name) ?? undefined };
  };
}

async function boundedText(response: Response, mostBytes: number): Promise<string> {
  if (response.body === null) return '';
  // Its parts are bytes, which the type of an asynchronous iteration hides.
  const body: AsyncIterable<Uint8Array> = response.body;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > mostBytes) throw new Error(`the answer is larger than ${mostBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
