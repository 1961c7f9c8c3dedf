// A service and a reader of descriptions with the official SDK's core: the headers that count are signed by it.
import { GlobalCredentials } from '@huaweicloud/huaweicloud-sdk-core';
import { HcClient } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js';
import { DefaultHttpClient } from '@huaweicloud/huaweicloud-sdk-core/http/DefaultHttpClient.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accessKey, accountA, accounts, bootstrapKey, keys } from '../support/accounts.js';
import { startService, type AnswerBody, type Credentials, type TestService } from '../support/service.js';

const backup = accessKey('backup');
let service: TestService;
beforeAll(async () => {
  service = await startService({ ...accounts, services: [...accounts.services, { service_principal: 'service.CBR', access_keys: [bootstrapKey(backup)] }] });
  // The SDK signs with the machine's time.
  service.clock.set(Date.now());
});
afterAll(() => service.stop());

/** As the documentation shows it. */
async function send({ accessKeyId, secretAccessKey }: Credentials, method: string, path: string, headers: Record<string, string>, data?: object): Promise<AnswerBody> {
  const credentials = new GlobalCredentials().withAk(accessKeyId).withSk(secretAccessKey).withDomainId(accountA);
  const client = new HcClient(new DefaultHttpClient({}, [service.url]));
  client.withEndpoints([service.url]).withCredential(credentials);
  const request = { method, url: path, contentType: 'application/json', queryParams: {}, pathParams: {}, headers, ...(data !== undefined && { data }) };
  // The SDK leaves the type of an answer to its models.
  return (await client.sendRequest(request)) as AnswerBody;
}

it('a service makes its agency in the account that `X-Source-Account` names', async () => {
  const { agency } = await send(backup, 'PUT', '/v5/service-linked-agencies', { 'X-Source-Account': accountA }, { service_principal: 'service.CBR' });
  expect(agency).toMatchObject({ urn: expect.stringContaining(`iam::${accountA}:agency:service-linked-agency/service.CBR/`) as string });
});

it('descriptions are in the language that `X-Language` names', async () => {
  const descriptions = async (headers: Record<string, string>): Promise<string> => JSON.stringify((await send(keys.rootA, 'GET', '/v5/service-principals', headers)).service_principals);
  expect(await descriptions({ 'X-Language': 'en-us' })).not.toMatch(/\p{Script=Han}/u);
  expect(await descriptions({})).toMatch(/\p{Script=Han}/u);
});
