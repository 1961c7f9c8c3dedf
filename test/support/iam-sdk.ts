// The official IAM SDK's client, built as its users build it, and a note of which of its methods were answered.
import { GlobalCredentials } from '@huaweicloud/huaweicloud-sdk-core';
import { UserOptions } from '@huaweicloud/huaweicloud-sdk-core/UserOptions.js';
import { Logger4jInstance } from '@huaweicloud/huaweicloud-sdk-core/logger/log4jLogger.js';
import { IamClient } from '@huaweicloud/huaweicloud-sdk-iam/v5/IamClient.js';
import type { Credentials } from './service.js';

// It prints every refusal with all its headers.
Logger4jInstance.level = 'off';

export function iamClient(endpoint: string, credentials: Credentials, domainId: string): IamClient {
  const signing = new GlobalCredentials().withAk(credentials.accessKeyId).withSk(credentials.secretAccessKey).withDomainId(domainId);
  if (credentials.securityToken !== undefined) signing.withSecurityToken(credentials.securityToken);
  const options = new UserOptions();
  // Without a name the SDK makes up an id of its user and writes it into the home folder.
  options.customUserAgent = 'agency-sts-tests';
  return IamClient.newBuilder().withCredential(signing).withEndpoint(endpoint).withOptions(options).build();
}

/** Names of the client's methods that call an API. */
export const apiMethods: readonly string[] = Object.getOwnPropertyNames(IamClient.prototype).filter((name) => !['constructor', 'getPath'].includes(name));

/** The same client; the name of each method that a success answers gets into `answered`. */
export const noting = (answered: Set<string>, client: IamClient): IamClient => new Proxy(client, {
  get(target, name) {
    const member: unknown = Reflect.get(target, name);
    if (typeof member !== 'function' || typeof name !== 'string' || !apiMethods.includes(name)) return member;
    return async (request: unknown): Promise<unknown> => {
      const answer: unknown = await Reflect.apply(member, target, [request]);
      answered.add(name);
      return answer;
    };
  },
});
