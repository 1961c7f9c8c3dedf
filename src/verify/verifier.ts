// The verifier of a resource service: by itself (offline), or by asking the token service about each request (online).
import type { ReceivedRequest } from '../signing/index.js';
import { decide } from './decide.js';
import { keySet } from './key-set.js';
import { offlineAuthentication, type Authenticated } from './offline.js';
import { onlineDecisions } from './online.js';
import { setupOf, type VerifierOptions } from './options.js';
import { policyBundles } from './policy-bundle.js';
import { refuseForeign, type Accepted, type Answered, type Question } from './question.js';
import { refusal, Refused, type Refusal } from './refusal.js';
import { machineClock, remote } from './remote.js';
import { serviceCalls } from './service-calls.js';

export interface Verifier {
  /**
   * Who signed the request, and an answer to each question; a denial is an answer, not a refusal. Never rejects for
   * anything that a client sends; throws TypeError for questions that the service may not ask.
   * @param sourceIp address that the request came from
   */
  authorize(request: ReceivedRequest, sourceIp: string, questions: readonly Question[]): Promise<Answered | Refusal>;
}

export interface OfflineVerifier extends Verifier {
  /** Who signed the request; nothing about what he may do. */
  authenticate(request: ReceivedRequest, sourceIp: string): Promise<Accepted | Refusal>;
}

export interface OfflineOptions extends VerifierOptions {
  readonly mode: 'offline';
}

/** Online takes the access key of the registered service. */
export interface OnlineOptions extends VerifierOptions {
  readonly mode: 'online';
  readonly credentials: NonNullable<VerifierOptions['credentials']>;
}

/** Throws TypeError for options with which nothing could be verified. */
export function createVerifier(options: OfflineOptions): OfflineVerifier;
export function createVerifier(options: OfflineOptions | OnlineOptions): Verifier;
export function createVerifier(options: OfflineOptions | OnlineOptions): Verifier {
  const setup = setupOf(options);
  const { clock = machineClock, fetch = globalThis.fetch, timeoutMilliseconds = 3000 } = options;
  const { credentials, endpoint, issuer, service } = setup;
  const reach = remote(fetch, timeoutMilliseconds);
  const call = credentials === undefined ? undefined : serviceCalls(endpoint, credentials, reach, clock);

  if (options.mode === 'online') {
    if (call === undefined) throw new TypeError('`credentials`: online takes the access key of the registered service');
    const ask = onlineDecisions(setup, call, clock);
    return {
      authorize(request, sourceIp, questions) {
        refuseForeign(service, questions);
        return answered(() => ask(request, plainAddress(sourceIp), questions));
      },
    };
  }

  const keys = keySet(`${endpoint}/.well-known/jwks.json`, reach, clock);
  const authenticate = offlineAuthentication({ setup, keys, remote: reach, clock, call });
  const bundles = call === undefined ? undefined : policyBundles({ keys, issuer, service, call, clock });
  const bundleOf = async (request: ReceivedRequest, authenticated: Authenticated, sourceIp: string) => {
    if (bundles === undefined) throw new Refused('permission_unknown', 'offline what a principal may do is told to registered services only, and this verifier has no access key');
    return bundles.find(request, authenticated, sourceIp);
  };
  const offline: OfflineVerifier = {
    authenticate: (request, address) => answered(async () => ({ ok: true, principal: (await authenticate(request, plainAddress(address))).principal })),
    authorize(request, address, questions) {
      refuseForeign(service, questions);
      const sourceIp = plainAddress(address);
      return answered(async () => {
        const authenticated = await authenticate(request, sourceIp);
        const bundle = await bundleOf(request, authenticated, sourceIp);
        const asked = { signature: authenticated.signature, sourceIp, now: clock.now() };
        return { ok: true, principal: { ...authenticated.principal, tags: bundle.tags }, answers: questions.map((question) => decide(bundle, asked, question)) };
      });
    },
  };
  return offline;
}

/** IPv4 addresses of a dual-stack socket in their own form, as policies write them. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');

async function answered<Value>(work: () => Promise<Value>): Promise<Value | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    // INVARIANT: a mistake of our own accepts nothing.
    return refusal('service_unavailable', 'the request could not be verified');
  }
}
