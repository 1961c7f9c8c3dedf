// A call whose ground moves between its decision and its commit.
import { authenticator } from '../../src/sts/authenticate.js';
import type { Caller } from '../../src/sts/caller.js';
import type { CallContext, Outcome } from '../../src/sts/outcome.js';
import { perform } from '../../src/sts/perform.js';
import { signRequest } from '../../src/signing/index.js';
import type { Credentials, TestService } from './service.js';

/** Decides, and before the first decision is committed something happens. Gives the body that is answered, and how often it was decided. */
export async function decidedAround<Body>(
  service: TestService, credentials: Credentials, decide: (caller: Caller, call: CallContext) => Promise<Outcome<Body>>, happens: () => Promise<unknown>,
): Promise<{ body: Body; tries: number }> {
  const { services, store } = service.composition;
  const headers = signRequest({ method: 'POST', url: `${service.url}/moving`, headers: {}, ...credentials, date: new Date(service.clock.now()) });
  let tries = 0;
  const { body } = await perform(services, store, authenticator(services), {
    operation: 'Moving', family: 'sts', status: 200, writes: false, requestId: `moving-${service.clock.now()}`, sourceIp: '127.0.0.1',
    request: { method: 'POST', target: '/moving', rawHeaders: Object.entries(headers).flat(), body: Buffer.alloc(0) },
    admit: () => Promise.resolve(), recorded: () => undefined, refine: (_caller, error) => error,
    async decide(caller, call) {
      const outcome = await decide(caller, call);
      tries += 1;
      if (tries === 1) await happens();
      return outcome;
    },
  });
  return { body, tries };
}
