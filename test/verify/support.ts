// Requests to a resource service, and verifiers whose clock and way to the token service a test holds in its hands.
import type { ReceivedRequest } from '../../src/signing/index.js';
import { signRequest, type SigningInput } from '../../src/signing/index.js';
import type { Fetch, VerifierClock } from '../../src/verify/index.js';
import type { Credentials, TestService } from '../support/service.js';

export const issuer = 'https://sts.example.com';
/** Those that requests are signed for where nothing else is said. */
export const hosts = ['objects.example'];
export const clientAddress = '192.0.2.7';

export interface RequestOptions extends Partial<Pick<SigningInput, 'method' | 'url' | 'headers' | 'body' | 'algorithm' | 'region' | 'service'>> {
  readonly date?: number;
}

/** As a resource service receives it: signed, for object storage, with ECDSA if nothing else is said. */
export function received(service: TestService, credentials: Credentials, { date = service.clock.now(), ...options }: RequestOptions = {}): ReceivedRequest {
  const { method = 'GET', url = 'https://objects.example/bucket/key?versions=2', headers = {}, body, algorithm = 'SDK-ECDSA-P256-SHA256', region = 'globe', service: name = 'obs' } = options;
  const sent = signRequest({ method, url, headers, ...(body !== undefined && { body }), ...credentials, algorithm, region, service: name, date: new Date(date) });
  const { pathname, search } = new URL(url);
  return { method, target: pathname + search, rawHeaders: Object.entries(sent).flat(), body: Buffer.from(body ?? '') };
}

export interface Way {
  readonly fetch: Fetch;
  /** Paths that were asked for. */
  readonly asked: string[];
  /** What becomes of a request instead of going out; undefined: it goes out. */
  hold(instead: ((path: string) => Response | undefined | Promise<Response | undefined>) | undefined): void;
}

/** The way to the token service: real, counted, and cut where a test says so. */
export function way(): Way {
  const asked: string[] = [];
  let held: ((path: string) => Response | undefined | Promise<Response | undefined>) | undefined;
  return {
    asked,
    hold(instead) {
      held = instead;
    },
    fetch: async (input, init) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      asked.push(pathname);
      return (await held?.(pathname)) ?? globalThis.fetch(input, init);
    },
  };
}

export const cut = (): Promise<never> => Promise.reject(new TypeError('fetch failed'));

export const clockOf = (service: TestService): VerifierClock => ({ now: () => service.clock.now(), monotonic: () => service.clock.now() });

/** The request with something else in it than was signed. */
export const bent = (request: ReceivedRequest, change: Partial<ReceivedRequest>): ReceivedRequest => ({ ...request, ...change });

export function withHeader(request: ReceivedRequest, name: string, value: string): ReceivedRequest {
  const rawHeaders = request.rawHeaders.map((text, at) => (at % 2 === 1 && request.rawHeaders[at - 1]?.toLowerCase() === name ? value : text));
  return { ...request, rawHeaders };
}
