// The official IAM SDK's client of the older API, built as its users build it: it looks up account and project by itself.
import { BasicCredentials, GlobalCredentials } from '@huaweicloud/huaweicloud-sdk-core';
import { Region } from '@huaweicloud/huaweicloud-sdk-core/region/region.js';
import { UserOptions } from '@huaweicloud/huaweicloud-sdk-core/UserOptions.js';
import { Logger4jInstance } from '@huaweicloud/huaweicloud-sdk-core/logger/log4jLogger.js';
import { IamClient } from '@huaweicloud/huaweicloud-sdk-iam/v3/IamClient.js';
import type { Credentials } from './service.js';

// It prints every refusal with all its headers.
Logger4jInstance.level = 'off';

/** @param kind `global`: of the account, which the SDK asks for; `basic`: of the project of the region, which it asks for, too */
export function iamV3Client(endpoint: string, { accessKeyId, secretAccessKey, securityToken }: Credentials, kind: 'global' | 'basic' = 'global', region = 'cn-north-4'): IamClient {
  const credentials = (kind === 'global' ? new GlobalCredentials() : new BasicCredentials()).withAk(accessKeyId).withSk(secretAccessKey).withIamEndpoint(endpoint);
  if (securityToken !== undefined) credentials.withSecurityToken(securityToken);
  const options = new UserOptions();
  // Without a name the SDK makes up an id of its user and writes it into the home folder.
  options.customUserAgent = 'agency-sts-tests';
  return IamClient.newBuilder().withCredential(credentials).withRegion(new Region(region, endpoint)).withOptions(options).build();
}
