// A chain of agencies: what each hop asks for.
import type { AssumeInput } from '../client/assume-agency.js';

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
