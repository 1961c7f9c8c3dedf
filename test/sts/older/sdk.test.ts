// The official IAM SDK of the older API, unmodified, logs in, switches and takes temporary keys; services are presented what came of it.
import { GlobalCredentials } from '@huaweicloud/huaweicloud-sdk-core';
import { UserOptions } from '@huaweicloud/huaweicloud-sdk-core/UserOptions.js';
import { Logger4jInstance } from '@huaweicloud/huaweicloud-sdk-core/logger/log4jLogger.js';
import { IamClient } from '@huaweicloud/huaweicloud-sdk-iam/v3/IamClient.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountA, accountB, keys } from '../../support/accounts.js';
import type { TestService } from '../../support/service.js';
import { agencyToken, agencyTokenBody, keysBody, loginBody, olderService, operatorKey, tokenKeysBody, userToken } from './support.js';

Logger4jInstance.level = 'off';

let service: TestService;
let client: IamClient;
beforeAll(async () => {
  service = await olderService();
  // The SDK signs with the time of the machine.
  service.clock.set(Date.now());
  const options = new UserOptions();
  options.customUserAgent = 'agency-sts-tests';
  const credentials = new GlobalCredentials().withAk(operatorKey.accessKeyId).withSk(operatorKey.secretAccessKey).withDomainId(accountA);
  client = IamClient.newBuilder().withCredential(credentials).withEndpoint(service.url).withOptions(options).build();
});
afterAll(() => service.stop());

/** The SDK takes plain objects with the members of its requests. */
const asRequest = (body: object, more: object = {}): never => ({ body, ...more }) as never;

interface Credential {
  readonly credential?: { readonly access: string; readonly secret: string; readonly securitytoken: string };
}
const principalOf = async ({ credential }: Credential): Promise<string | undefined> =>
  (await service.identity({ accessKeyId: credential?.access ?? '', secretAccessKey: credential?.secret ?? '', securityToken: credential?.securitytoken ?? '' })).body.principal_urn;

it('createTemporaryAccessKeyByAgency and ...ByToken give keys that sign', async () => {
  const byAgency: unknown = await client.createTemporaryAccessKeyByAgency(asRequest(keysBody()));
  expect(await principalOf(byAgency as Credential)).toBe(`sts::${accountB}:assumed-agency:to-a/otto`);
  const byToken: unknown = await client.createTemporaryAccessKeyByToken(asRequest(tokenKeysBody({ id: await userToken(service) })));
  expect(await principalOf(byToken as Credential)).toBe(`iam::${accountA}:user:paul`);
});

it('keystoneCreateAgencyToken, ...UserTokenByPassword and keystoneValidateToken are answered with tokens', async () => {
  const agency: unknown = await client.keystoneCreateAgencyToken(asRequest(agencyTokenBody('to-a', { project: { name: 'cn-north-4' } }), { nocatalog: 'any' }));
  expect(agency).toMatchObject({ token: { methods: ['assume_role'], project: { name: 'cn-north-4' } } });
  const user: unknown = await client.keystoneCreateUserTokenByPassword(asRequest(loginBody()));
  expect(user).toMatchObject({ token: { methods: ['password'], user: { name: 'paul' } } });
  const seen: unknown = await client.keystoneValidateToken({ 'X-Subject-Token': await agencyToken(service) } as never);
  expect(seen).toMatchObject({ token: { user: { name: 'account-b/to-a' } } });
});

it('a service that is presented a request with a token is told whose it is; a bent or foreign token is nobody\'s', async () => {
  const [agency, user] = [await agencyToken(service), await userToken(service)];
  const ask = async (token: string, more: readonly (readonly [string, string])[] = []) => (await service.call(keys.service, 'POST', '/v1/authorize', {
    requests: [{ method: 'GET', target: '/bucket', headers: [['host', 'obs.example.com'], ['X-Auth-Token', token], ...more], source_ip: '192.0.2.1', questions: [{ action: 'obs:bucket:ListBucket' }] }],
  })).body['results'];
  expect(await ask(agency)).toMatchObject([{ principal: { urn: `sts::${accountB}:assumed-agency:to-a/otto`, account_id: accountB } }]);
  expect(await ask(user)).toMatchObject([{ principal: { urn: `iam::${accountA}:user:paul`, chain_depth: 0 } }]);
  const nobody = [{ decisions: [{ decision: 'unauthenticated' }] }];
  for (const token of [`${agency}x`, agency.slice(0, -4), 'nonsense', '']) expect(await ask(token)).toEqual(nobody);
  expect(await ask(agency, [['x-auth-token', user]])).toEqual(nobody);
});

it('introspection knows the tokens that are good, and no others', async () => {
  const asked = async (token: string) => (await service.call(keys.service, 'POST', '/oauth2/introspect', `token=${token}`, { headers: { 'content-type': 'application/x-www-form-urlencoded' } })).body;
  expect(await asked(await agencyToken(service))).toMatchObject({ active: true, sub: `sts::${accountB}:assumed-agency:to-a/otto`, client_id: `iam::${accountA}:user:otto` });
  expect(await asked(await userToken(service))).toMatchObject({ active: true, sub: `iam::${accountA}:user:paul` });
  expect(await asked('nonsense')).toEqual({ active: false });
});
