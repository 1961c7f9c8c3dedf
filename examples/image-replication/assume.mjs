// How the image service becomes a session of a customer's agency: by the older way in, or by that of today.
import { signedFetch } from 'agency-sts/client';

/** Longer than a copy takes, and no longer. */
const durationSeconds = 900;

/**
 * Both assume agencies of both kinds, but for the older one, which knows legacy agencies only. They answer credentials, or
 * nothing where the token service refuses.
 * @param credentials of the registered service @param now milliseconds since the epoch
 */
export function waysToAssume({ endpoint, credentials, now }) {
  const asService = signedFetch({ get: async () => credentials }, { now });
  const post = async (path, body, headers = {}) => {
    const answer = await asService(`${endpoint}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
    return answer.ok ? answer.json() : undefined;
  };
  return {
    async assumeRole({ accountId, agencyName }) {
      const identity = { methods: ['assume_role'], assume_role: { domain_id: accountId, agency_name: agencyName, duration_seconds: durationSeconds } };
      const answer = await post('/v3.0/OS-CREDENTIAL/securitytokens', { auth: { identity } });
      return answer && { accessKeyId: answer.credential.access, secretAccessKey: answer.credential.secret, securityToken: answer.credential.securitytoken };
    },
    async assumeAgency({ accountId, agencyName, job }) {
      const body = { agency_urn: `iam::${accountId}:agency:${agencyName}`, agency_session_name: `replication-${job}`, duration_seconds: durationSeconds };
      // For whom it asks: a trust policy may insist on it (g:SourceAccount).
      const answer = await post('/v5/agencies/assume', body, { 'x-source-account': accountId });
      return answer && { accessKeyId: answer.credentials.access_key_id, secretAccessKey: answer.credentials.secret_access_key, securityToken: answer.credentials.security_token };
    },
  };
}
