// With STS_REJECT_REPLAYS=1 a request is accepted once, whichever service presents it.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { authenticator } from '../../src/sts/authenticate.js';
import { authorizeRequests } from '../../src/sts/authorize.js';
import { authorizeAnswer } from '../../src/sts/authorize-answer.js';
import type { ForwardedRequest } from '../../src/sts/authorize-input.js';
import type { CallContext } from '../../src/sts/outcome.js';
import { accessKey, accounts, bootstrapKey, keys } from '../support/accounts.js';
import { forwarded, startRelyingParty, type Received, type RelyingParty } from '../support/relying-party.js';
import { startService, type Credentials, type TestService } from '../support/service.js';

const evs = accessKey('serviceevs');

let service: TestService;
let party: RelyingParty;
beforeAll(async () => {
  party = await startRelyingParty();
  service = await startService({ ...accounts, services: [...accounts.services, { service_principal: 'service.EVS', access_keys: [bootstrapKey(evs)] }] }, { STS_REJECT_REPLAYS: '1' });
  service.clock.set(Date.now());
});
afterAll(async () => {
  await party.stop();
  await service.stop();
});

const received = (): Promise<Received> => {
  service.clock.advance(1);
  return party.signed(keys.rootA, service.clock.now());
};
const decided = async (requests: readonly Received[], credentials: Credentials = keys.service, code = 'obs', questions = 1): Promise<readonly string[]> => {
  const question = { action: `${code}:object:GetObject` };
  service.clock.advance(1);
  const { body } = await service.call(credentials, 'POST', '/v1/authorize', { requests: requests.map((request) => forwarded(request, Array.from({ length: questions }, () => question))) });
  return authorizeAnswer.parse(body).results.flatMap(({ decisions }) => decisions.map(({ decision }) => decision));
};

it('the second presentation is that of nobody, in another call or in the same one', async () => {
  const request = await received();
  expect(await decided([request])).toEqual(['allow']);
  expect(await decided([request])).toEqual(['unauthenticated']);
  const other = await received();
  expect(await decided([other, other, await received()])).toEqual(['allow', 'unauthenticated', 'allow']);
});

it('of two services the first one has it', async () => {
  const request = await received();
  expect(await decided([request], evs, 'evs')).toEqual(['allow']);
  expect(await decided([request])).toEqual(['unauthenticated']);
});

it('all questions about a request are one presentation', async () => {
  expect(await decided([await received()], keys.service, 'obs', 3)).toEqual(['allow', 'allow', 'allow']);
});

it('a call that is decided again, since an account changed meanwhile, has presented it once', async () => {
  const { services } = service.composition;
  const { method, target, headers, body } = await received();
  const request: ForwardedRequest = {
    received: { method, target, rawHeaders: headers.flat(), body }, sourceIp: '192.0.2.1',
    questions: [{ action: 'obs:object:GetObject', resource: undefined, resourceTags: [], requestTags: [], context: {}, scope: undefined, operationId: undefined, resourcePolicyAllows: false }],
  };
  const own = await party.signed(keys.service, service.clock.now());
  const caller = await authenticator(services)({ method: own.method, target: own.target, rawHeaders: own.headers.flat(), body: own.body }, '127.0.0.1', service.clock.now());
  const newCall = (): CallContext => ({ now: service.clock.now(), reads: services, countedMfaCodes: new Set(), presentedRequests: new Set() });
  const decidedIn = async (call: CallContext): Promise<unknown> => {
    const outcome = await authorizeRequests(services, caller, [request], call);
    return outcome.ok ? outcome.body.results[0]?.decisions[0]?.decision : outcome.error;
  };
  const call = newCall();
  expect([await decidedIn(call), await decidedIn(call), await decidedIn(newCall())]).toEqual(['allow', 'allow', 'unauthenticated']);
});
