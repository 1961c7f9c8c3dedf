// A chain of agencies: what each hop asks for, and running the hops one after the other.
import { callService } from './call.js';
import { CommandError } from './command-error.js';
import type { Connection } from './connection.js';
import { assumeAgency, type AssumeInput, type SessionAnswer } from './operations.js';
import { printable } from './text.js';

/** What is asked for, over the whole chain. */
export interface ChainRequest extends Omit<AssumeInput, 'agencyUrn'> {
  /** In the order of the hops; at least one. */
  readonly agencyUrns: readonly string[];
}

/**
 * Gives each hop its part. To the first belongs what the caller brings: tags and source identity (what is transitive
 * travels on by itself), and the MFA code (only a user has a device). To the last belongs what shapes the session
 * that is handed out: duration, session policies, and the external id, since it is the far end that asks for one.
 */
export function planChain(request: ChainRequest): readonly AssumeInput[] {
  const { agencyUrns, agencySessionName, mfa, sourceIdentity, tags, transitiveTagKeys, durationSeconds, externalId, policy, policyIds } = request;
  return agencyUrns.map((agencyUrn, index) => ({
    agencyUrn,
    agencySessionName,
    ...(index === 0 && { mfa, sourceIdentity, tags, transitiveTagKeys }),
    ...(index === agencyUrns.length - 1 && { durationSeconds, externalId, policy, policyIds }),
  }));
}

/**
 * One answer per hop, the session of the last hop last. Each hop is signed with the session of the hop before it.
 * A failure names its hop, and the sessions obtained until then are dropped.
 */
export async function runChain(start: Connection, hops: readonly AssumeInput[], now: () => Date): Promise<readonly SessionAnswer[]> {
  const answers: SessionAnswer[] = [];
  let connection = start;
  for (const [index, hop] of hops.entries()) {
    const answer = await assumeHop(connection, hop, `hop ${index + 1} of ${hops.length}`, now());
    const { access_key_id: accessKeyId, secret_access_key: secretAccessKey, security_token: securityToken } = answer.credentials;
    connection = { endpoint: start.endpoint, credentials: { accessKeyId, secretAccessKey, securityToken } };
    answers.push(answer);
  }
  return answers;
}

async function assumeHop(connection: Connection, hop: AssumeInput, place: string, now: Date): Promise<SessionAnswer> {
  try {
    return await callService(connection, assumeAgency(hop), now);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(error.exitCode, `${place}, assuming ${printable(hop.agencyUrn)}: ${error.message}`);
  }
}
