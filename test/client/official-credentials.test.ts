// Unmodified clients of the official SDK sign with credentials that are renewed under them.
import { BasicCredentials, GlobalCredentials } from '@huaweicloud/huaweicloud-sdk-core';
import { HcClient } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js';
import { UserOptions } from '@huaweicloud/huaweicloud-sdk-core/UserOptions.js';
import { DefaultHttpClient } from '@huaweicloud/huaweicloud-sdk-core/http/DefaultHttpClient.js';
import { Logger4jInstance } from '@huaweicloud/huaweicloud-sdk-core/logger/log4jLogger.js';
import { Region } from '@huaweicloud/huaweicloud-sdk-core/region/region.js';
import { IamClient } from '@huaweicloud/huaweicloud-sdk-iam/v5/IamClient.js';
import { ListUsersV5Request } from '@huaweicloud/huaweicloud-sdk-iam/v5/model/ListUsersV5Request.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { officialCredentials, type AgencyCredentials } from '../../src/client/index.js';
import { accountA, accountsPlus, agencies, allow, policy, trust } from '../support/accounts.js';
import type { AnswerBody } from '../support/service.js';
import { assumes, gatedService, type GatedService } from './support.js';

Logger4jInstance.level = 'off';

const reader = `iam::${accountA}:agency:reader`;
let gated: GatedService;
beforeAll(async () => {
  gated = await gatedService(accountsPlus({
    [accountA]: {
      agencies: [{ agency_name: 'reader', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['list-users'] }],
      policies: [{ policy_name: 'list-users', policy_document: policy(allow('iam:users:listUsersV5')) }],
    },
  }));
});
afterAll(() => gated.stop());
beforeEach(() => gated.reached());

const identity = { method: 'GET', url: '/v5/caller-identity', contentType: 'application/json', queryParams: {}, pathParams: {}, headers: {} };
const coreClient = (provider: AgencyCredentials): HcClient =>
  new HcClient(new DefaultHttpClient({}, [gated.service.url])).withEndpoints([gated.service.url]).withCredential(officialCredentials(provider, new GlobalCredentials().withDomainId(accountA)));
// The SDK leaves the type of an answer to its models.
const whoami = async (client: HcClient) => (await client.sendRequest({ ...identity, headers: {} })) as AnswerBody;

describe('a client of the core package', () => {
  it('goes on across renewals, and many requests around one cause one chain of calls', async () => {
    const client = coreClient(gated.provider());
    for (let round = 0; round < 3; round += 1) {
      gated.reached();
      const answers = await Promise.all(Array.from({ length: 50 }, () => whoami(client)));
      expect(new Set(answers.map((answer) => answer.principal_urn)).size).toBe(1);
      expect(answers[0]?.principal_urn).toContain(':assumed-agency:third/agency-sts-client');
      expect(gated.reached().filter((path) => path === '/v5/agencies/assume')).toEqual(assumes(3));
      gated.service.clock.advance(3600);
    }
  });

  it('never mixes two sessions: each request has the token and the signature of one', async () => {
    const sessions = await Promise.all([gated.provider().get(), gated.provider({ agencies: [agencies.first] }).get()]);
    let asked = 0;
    const client = coreClient({ get: () => Promise.resolve(sessions[asked++ % 2]), now: () => gated.service.clock.now() } as AgencyCredentials); // All that is used of it.
    const answers = await Promise.all(Array.from({ length: 40 }, () => whoami(client)));
    expect(new Set(answers.map((answer) => answer.principal_urn))).toEqual(new Set(sessions.map(({ sessionUrn }) => sessionUrn)));
  });

  it('gets the error that names the hop', async () => {
    await expect(coreClient(gated.provider({ agencies: [agencies.first, agencies.untrusting] })).sendRequest(identity)).rejects.toMatchObject({ name: 'CredentialsError', hopIndex: 1, agencyUrn: agencies.untrusting });
  });
});

describe('the IAM client', () => {
  it('takes the credentials from its builder, and goes on across a renewal', async () => {
    const template = new GlobalCredentials().withDomainId(accountA);
    const credentials = officialCredentials(gated.provider({ agencies: [reader] }), template);
    expect(credentials).toBeInstanceOf(GlobalCredentials);
    const options = new UserOptions();
    options.customUserAgent = 'agency-sts-tests';
    const client = IamClient.newBuilder().withCredential(credentials).withEndpoint(gated.service.url).withOptions(options).build();
    for (let round = 0; round < 2; round += 1) {
      expect((await client.listUsersV5(new ListUsersV5Request())).users?.length).toBeGreaterThan(3);
      gated.service.clock.advance(3600);
    }
    expect([template.getAk(), template.getSk(), template.getSecurityToken()]).toEqual([undefined, undefined, undefined]);
  });
});

describe('what the SDK looks up by itself', () => {
  it('is asked for with credentials of the provider, and stays with the object', async () => {
    const credentials = officialCredentials(gated.provider(), Object.assign(new BasicCredentials(), {
      // In place of a call to the cloud.
      getAuthParamFromIam(this: BasicCredentials, _client: HcClient, region: string) {
        return Promise.resolve(`${region} for ${this.getAk() ?? 'nobody'}`);
      },
    }));
    const client = new HcClient(new DefaultHttpClient({}, [gated.service.url])).withEndpoints([gated.service.url]).withCredential(credentials).withRegion(new Region('globe', gated.service.url));
    expect((await whoami(client)).principal_urn).toContain(':third/');
    expect(credentials.getPathParams()).toEqual({ project_id: `globe for ${credentials.getAk() ?? ''}` });
    expect(credentials.getAk()).toMatch(/^HST/);
  });
});
