// What a session of a legacy agency cannot carry: there is no trust policy that could allow session tags or a source identity (STS API §8.1).
import { ApiError } from '../base/api-error.js';
import type { Session } from '../sessions/session.js';

export interface CarriedOver {
  readonly requested: { readonly tags: readonly unknown[]; readonly sourceIdentity: string | undefined };
  /** Of the new session, what is inherited included. */
  readonly tags: Session['tags'];
  readonly sourceIdentity: string | undefined;
}

/** What is passed is a mistake of the call; what the chain carries would be lost, which it promises not to be: both are refused [choice]. */
export function legacySessionRefusal({ requested, tags, sourceIdentity }: CarriedOver): ApiError | undefined {
  if (requested.tags.length > 0) return new ApiError('invalidField', '`tags`: a session of a legacy agency has no session tags');
  if (requested.sourceIdentity !== undefined) return new ApiError('invalidField', '`source_identity`: a session of a legacy agency has no source identity');
  if (tags.length > 0) return new ApiError('accessDenied', 'the chain carries session tags, which a session of a legacy agency cannot have');
  if (sourceIdentity !== undefined) return new ApiError('accessDenied', 'the chain carries a source identity, which a session of a legacy agency cannot have');
  return undefined;
}
