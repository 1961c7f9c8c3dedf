// The last session of a chain in the forms that `agency-sts assume` can give it: JSON, shell exports, a profile.
import { endpointVariable, sdkVariables, type Connection } from './connection.js';
import type { SessionAnswer } from './operations.js';
import type { Profile } from './profile-file.js';
import { shellQuote } from './text.js';

/** The answer's own members, and `chain`: the URNs of all sessions in order. */
export function sessionJson(session: SessionAnswer, chain: readonly SessionAnswer[]): string {
  return `${JSON.stringify({ ...session, chain: chain.map((answer) => answer.assumed_agency.urn) }, undefined, 2)}\n`;
}

/** Lines for `eval` of a POSIX shell: the variables of the official SDKs, and the endpoint for this command. */
export function sessionExports({ credentials }: SessionAnswer, { endpoint }: Connection): string {
  const variables = {
    [sdkVariables.accessKeyId]: credentials.access_key_id,
    [sdkVariables.secretAccessKey]: credentials.secret_access_key,
    [sdkVariables.securityToken]: credentials.security_token,
    [endpointVariable]: endpoint.origin,
  };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${shellQuote(value)}\n`)
    .join('');
}

export function sessionProfile({ credentials }: SessionAnswer, { endpoint }: Connection): Profile {
  return {
    accessKeyId: credentials.access_key_id,
    secretAccessKey: credentials.secret_access_key,
    securityToken: credentials.security_token,
    expiresAt: credentials.expiration,
    endpoint: endpoint.origin,
  };
}
