// A value that expires, renewed ahead of time: one renewal for any number of callers, the old value while it is valid.
import type { BackOff } from './back-off.js';
import { CredentialsError } from './credentials-error.js';
import { waited } from './waited.js';

interface Lease<T> {
  readonly value: T;
  /** Milliseconds since the epoch: from then on the value is invalid. */
  readonly expiresAt: number;
  /** From then on the first who asks begins a renewal. */
  readonly refreshAt: number;
}

interface RefreshOptions<T> {
  /** Rejects with a CredentialsError. */
  renew(signal: AbortSignal): Promise<Lease<T>>;
  readonly now: () => number;
  readonly backOff: BackOff;
  /** A value with less left is handed out only when no better one can be had. */
  readonly minimumLifeMilliseconds: number;
  failed(error: CredentialsError): void;
}

interface Refreshed<T> {
  get(signal?: AbortSignal): Promise<T>;
  /** The value is no good any more, whatever time it has left. */
  drop(isMeant: (value: T) => boolean): void;
  /** Nothing is handed out from now on. @param isCut ends a renewal that is under way; else it is waited for */
  close(isCut: boolean): Promise<void>;
}

/**
 * INVARIANT: at most one renewal is under way, and none runs but by a call of `get`: there is no timer.
 * A caller's signal ends his waiting, not the renewal, which others wait for.
 */
export function refreshed<T>(options: RefreshOptions<T>): Refreshed<T> {
  const { now, backOff } = options;
  const cut = new AbortController();
  let isClosed = false;
  const refuseClosed = (): void => {
    if (isClosed) throw disposedError();
  };
  let lease: Lease<T> | undefined;
  let renewal: Promise<T> | undefined;

  async function renew(): Promise<T> {
    try {
      lease = await options.renew(cut.signal);
      backOff.succeeded();
      return lease.value;
    } catch (error) {
      const failure = isClosed ? disposedError() : error instanceof CredentialsError ? error : new CredentialsError('source', 'the renewal broke off', {}, error);
      if (!isClosed) {
        backOff.failed(failure);
        options.failed(failure);
      }
      throw failure;
    } finally {
      renewal = undefined;
    }
  }

  function begin(): Promise<T> {
    const begun = renew();
    // Where nobody waits for it the error has been told by `failed`.
    begun.catch(() => undefined);
    return begun;
  }

  const valid = (life = 0): T | undefined => (lease !== undefined && now() + life < lease.expiresAt ? lease.value : undefined);

  return {
    async get(signal) {
      signal?.throwIfAborted();
      refuseClosed();
      if (lease !== undefined && now() < lease.refreshAt) return lease.value;
      const old = valid();
      const failure = backOff.error();
      if (renewal === undefined && failure !== undefined && !backOff.isDue(old === undefined)) {
        if (old !== undefined) return old;
        throw failure;
      }
      renewal ??= begin();
      const long = valid(options.minimumLifeMilliseconds);
      if (long !== undefined) return long;
      try {
        const value = await waited(renewal, signal);
        refuseClosed();
        return value;
      } catch (error) {
        signal?.throwIfAborted();
        refuseClosed();
        const last = valid();
        if (last === undefined) throw error;
        return last;
      }
    },
    drop(isMeant) {
      if (lease !== undefined && isMeant(lease.value)) lease = undefined;
    },
    async close(isCut) {
      isClosed = true;
      if (isCut) cut.abort(disposedError());
      await renewal?.catch(() => undefined);
      lease = undefined;
    },
  };
}

const disposedError = (): CredentialsError => new CredentialsError('disposed', 'the credential provider was disposed of');
