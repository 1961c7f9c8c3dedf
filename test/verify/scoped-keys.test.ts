// Keys made from a token of the older system: what lies in the token's scope is allowed online, and nothing offline, where nobody knows it.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountA, accountB, keys } from '../support/accounts.js';
import type { Credentials, TestService } from '../support/service.js';
import { createVerifier } from '../../src/verify/index.js';
import { agencyToken, keysBody, keysOf, keysPath, olderService, operatorKey, tokenKeysBody, userToken, withToken } from '../sts/older/support.js';
import { clientAddress, clockOf, hosts, issuer, received } from './support.js';

let service: TestService;
beforeAll(async () => {
  service = await olderService({ STS_ISSUER: issuer });
});
afterAll(() => service.stop());

const domain = { domain: {} };
const project = { project: { name: 'cn-north-4' } };
const fromToken = async (token: string): Promise<Credentials> => keysOf(await withToken(service, token, 'post', keysPath, tokenKeysBody()));
const ofUser = async (scope: object): Promise<Credentials> => fromToken(await userToken(service, scope));
const ofAgency = async (scope: object): Promise<Credentials> => fromToken(await agencyToken(service, operatorKey, scope));
const unscoped = async (): Promise<Credentials> => keysOf(await service.call(operatorKey, 'POST', keysPath, keysBody()));

/** Of a request in no region, in the region of the project, and in another one. */
it.each<readonly [string, string, () => Promise<Credentials>, readonly boolean[], readonly boolean[] | 'security_token_invalid']>([
  ['a user\'s token for the domain', accountA, () => ofUser(domain), [true, false, false], 'security_token_invalid'],
  ['a user\'s token for a project', accountA, () => ofUser(project), [false, true, false], 'security_token_invalid'],
  ['an agency\'s token for the domain', accountB, () => ofAgency(domain), [true, false, false], [false, false, false]],
  ['an agency\'s token for a project', accountB, () => ofAgency(project), [false, true, false], [false, false, false]],
  ['no token', accountB, unscoped, [true, true, true], [true, true, true]],
])('of %s', async (_what, account, make, online, offline) => {
  const request = received(service, await make(), { algorithm: 'V11-HMAC-SHA256' });
  const questions = ['', 'cn-north-4', 'cn-east-3'].map((region) => ({ action: 'obs:object:GetObject', resource: `obs:${region}:${account}:object:x` }));
  const decided = await Promise.all((['online', 'offline'] as const).map(async (mode) => {
    const verifier = createVerifier({ mode, issuer, endpoint: service.url, service: 'obs', hosts, clock: clockOf(service), credentials: keys.service, permanentKeys: true });
    const answer = await verifier.authorize(request, clientAddress, questions);
    return answer.ok ? answer.answers.map(({ allowed }) => allowed) : answer.reason;
  }));
  expect(decided).toEqual([online, offline]);
});
