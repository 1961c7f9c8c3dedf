// The last session of a chain in the forms that commands give it: JSON, variables and shell exports, a profile.
import { jsonLine } from '../base/json-line.js';
import type { AssumeAnswer } from '../client/assume-agency.js';
import { endpointVariable, sdkVariables, type Connection } from './connection.js';
import type { Profile } from './profile-file.js';
import { shellQuote } from './text.js';

/** The answer's own members, and `chain`: the URNs of all sessions in order. */
export function sessionJson(session: AssumeAnswer, chain: readonly AssumeAnswer[]): string {
  return `${JSON.stringify({ ...session, chain: chain.map((answer) => answer.assumed_agency.urn) }, undefined, 2)}\n`;
}

/** The form of `credential_process` of the AWS tools, with the names that Huawei Cloud gives the parts [choice]. */
export function sessionProcessJson({ credentials }: AssumeAnswer): string {
  const { access_key_id: AccessKeyId, secret_access_key: SecretAccessKey, security_token: SecurityToken, expiration: Expiration } = credentials;
  return `${jsonLine({ Version: 1, AccessKeyId, SecretAccessKey, SecurityToken, Expiration })}\n`;
}

/** The variables of the official SDKs, and the endpoint for these commands. */
export function sessionVariables({ credentials }: AssumeAnswer, { endpoint }: Connection): Readonly<Record<string, string>> {
  return {
    [sdkVariables.accessKeyId]: credentials.access_key_id,
    [sdkVariables.secretAccessKey]: credentials.secret_access_key,
    [sdkVariables.securityToken]: credentials.security_token,
    [endpointVariable]: endpoint.origin,
  };
}

/** Lines for `eval` of a POSIX shell. */
export const sessionExports = (session: AssumeAnswer, connection: Connection): string =>
  Object.entries(sessionVariables(session, connection)).map(([name, value]) => `export ${name}=${shellQuote(value)}\n`).join('');

export function sessionProfile({ credentials }: AssumeAnswer, { endpoint }: Connection): Profile {
  return {
    accessKeyId: credentials.access_key_id,
    secretAccessKey: credentials.secret_access_key,
    securityToken: credentials.security_token,
    expiresAt: credentials.expiration,
    endpoint: endpoint.origin,
  };
}
