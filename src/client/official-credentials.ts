// Credentials for the official Node SDK that are always those of now: its own object signs, this one fills it for each request.
import { formatSdkDate } from '../signing/index.js';
import type { CredentialProvider } from './provider.js';

/** What is used of `BasicCredentials` and `GlobalCredentials`; the SDK itself is not imported. */
export interface OfficialCredentials {
  ak?: string | undefined;
  sk?: string | undefined;
  securityToken?: string | undefined;
  // Their parameters are types of the SDK: `never` fits every one.
  processAuthRequest(client: never, request: never): Promise<unknown>;
  processAuthParams(client: never, region: never): Promise<unknown>;
}

interface SignedRequest {
  headers?: Record<string, unknown>;
}

/**
 * For `withCredential` of any client of the SDK.
 * @param template an object of the SDK without a key, such as `new GlobalCredentials().withDomainId(...)`; it is not changed
 */
export function officialCredentials<Official extends OfficialCredentials>(provider: CredentialProvider & { now?(): number }, template: Official): Official {
  // What inherits from the template is an instance of its class, which the SDK's builder asks for.
  const credentials = Object.create(template) as Official;

  /** One object per request: two that share one would sign with the key of the one and send the token of the other. */
  async function current(): Promise<Official> {
    const { accessKeyId, secretAccessKey, securityToken } = await provider.get();
    const members = { ak: accessKeyId, sk: secretAccessKey, securityToken };
    // For a second endpoint the SDK signs again, with what it finds here.
    Object.assign(credentials, members);
    return Object.assign(Object.create(credentials) as Official, members);
  }

  const methods: Pick<OfficialCredentials, 'processAuthRequest' | 'processAuthParams'> = {
    async processAuthRequest(client, request: SignedRequest) {
      const signing = await current();
      if (provider.now !== undefined) request.headers = { 'X-Sdk-Date': formatSdkDate(provider.now()), ...request.headers };
      return await template.processAuthRequest.call(signing, client, request as never); // As it came.
    },
    async processAuthParams(client, region) {
      const signing = await current();
      // It looks the project or domain up, and notes it on the object it is called on.
      await template.processAuthParams.call(signing, client, region);
      const { ak: _ak, sk: _sk, securityToken: _token, ...noted } = signing;
      return Object.assign(credentials, noted);
    },
  };
  return Object.assign(credentials, methods);
}
