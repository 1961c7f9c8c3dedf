// AssumeAgency: its wire names and shapes (STS API §3.1).
import type { Connection } from './connection.js';
import { isDateTime, isObject, isWord } from './json.js';
import { callForJson, wrongAnswer, type CallContext } from './service-call.js';

export interface AssumeInput {
  readonly agencyUrn: string;
  readonly agencySessionName: string;
  readonly durationSeconds?: number | undefined;
  readonly externalId?: string | undefined;
  readonly policy?: string | undefined;
  readonly policyIds?: readonly string[] | undefined;
  readonly mfa?: { readonly serialNumber: string; readonly tokenCode: string } | undefined;
  readonly sourceIdentity?: string | undefined;
  readonly tags?: readonly { readonly key: string; readonly value: string }[] | undefined;
  readonly transitiveTagKeys?: readonly string[] | undefined;
}

export interface AssumeAnswer {
  readonly source_identity?: string;
  readonly assumed_agency: { readonly urn: string; readonly id: string };
  readonly credentials: {
    readonly access_key_id: string;
    readonly secret_access_key: string;
    readonly security_token: string;
    /** RFC 3339. */
    readonly expiration: string;
  };
}

/** Throws a CredentialsError. */
export async function assumeAgency(connection: Connection, input: AssumeInput, context: CallContext): Promise<AssumeAnswer> {
  // Members that are undefined do not reach the wire.
  const body = {
    agency_urn: input.agencyUrn,
    agency_session_name: input.agencySessionName,
    duration_seconds: input.durationSeconds,
    external_id: input.externalId,
    policy: input.policy,
    policy_ids: input.policyIds,
    serial_number: input.mfa?.serialNumber,
    token_code: input.mfa?.tokenCode,
    source_identity: input.sourceIdentity,
    tags: input.tags,
    transitive_tag_keys: input.transitiveTagKeys,
  };
  const answer = await callForJson(connection, { method: 'POST', path: '/v5/agencies/assume', body }, context);
  if (!isAssumeAnswer(answer)) throw wrongAnswer(connection, 'JSON that is not the answer of this call');
  return answer;
}

function isAssumeAnswer(json: unknown): json is AssumeAnswer {
  if (!isObject(json)) return false;
  const { source_identity: sourceIdentity, assumed_agency: agency, credentials } = json;
  if (!isObject(agency) || !isObject(credentials) || (sourceIdentity !== undefined && typeof sourceIdentity !== 'string')) return false;
  const { access_key_id: id, secret_access_key: secret, security_token: token, expiration } = credentials;
  return typeof agency['urn'] === 'string' && typeof agency['id'] === 'string'
    && typeof id === 'string' && /^[A-Za-z0-9]{8,40}$/.test(id) && isWord(secret) && isWord(token) && isDateTime(expiration);
}

/** What the next hop of a chain is signed with. */
export function connectionOf({ credentials }: AssumeAnswer, endpoint: URL): Connection {
  const { access_key_id: accessKeyId, secret_access_key: secretAccessKey, security_token: securityToken } = credentials;
  return { endpoint, credentials: { accessKeyId, secretAccessKey, securityToken } };
}
