// The official Node SDK's client with thin request definitions for the STS calls.
import { GlobalCredentials } from '@huaweicloud/huaweicloud-sdk-core';
import { HcClient } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js';
import { DefaultHttpClient } from '@huaweicloud/huaweicloud-sdk-core/http/DefaultHttpClient.js';
import type { AnswerBody, Credentials } from './service.js';

export interface SdkClient {
  assume(body: object): Promise<AnswerBody>;
  identity(): Promise<AnswerBody>;
}

export function sdkClient(endpoint: string, credentials: Credentials, domainId: string): SdkClient {
  const signing = new GlobalCredentials().withAk(credentials.accessKeyId).withSk(credentials.secretAccessKey).withDomainId(domainId);
  if (credentials.securityToken !== undefined) signing.withSecurityToken(credentials.securityToken);
  const client = new HcClient(new DefaultHttpClient({}, [endpoint]));
  client.withEndpoints([endpoint]).withCredential(signing);
  const request = (method: string, url: string, data?: object) => ({
    method, url, contentType: 'application/json', queryParams: {}, pathParams: {}, headers: {}, ...(data !== undefined && { data }),
  });
  return {
    // The SDK leaves the type of an answer to its models.
    assume: async (body) => (await client.sendRequest(request('POST', '/v5/agencies/assume', body))) as AnswerBody,
    identity: async () => (await client.sendRequest(request('GET', '/v5/caller-identity'))) as AnswerBody,
  };
}
