// The body of AssumeAgency: fields, limits and patterns of STS API §2.3, §2.4 and §3.1.
import { z } from 'zod';
import { characters } from '../base/characters.js';
import { sessionDuration } from '../directory/entities.js';
import { isPlainTagKey, plainTagKeyRule } from '../directory/tag-key.js';
import { refuseMalformedPolicy } from './session-policy.js';

const tagKey = characters(1, 128).regex(/^(?!_[Ss][Yy][Ss]_)[\p{L}\p{Z}\p{N}_.:=+\-@]*$/u, 'must hold only letters, digits, blanks and _.:=+-@ and not begin with _sys_')
  .refine(isPlainTagKey, plainTagKeyRule);
const tagValue = characters(0, 255).regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u, 'must hold only letters, digits, blanks and _.:/=+-@');

const maximumTags = 20;
const maximumPolicyIds = 10;

export const assumeAgencyBody = z.object({
  agency_urn: characters(1, 1500),
  agency_session_name: characters(2, 128).regex(/^[\w+=,.@-]*$/, 'must hold only letters, digits and _+=,.@-'),
  duration_seconds: z.int().min(sessionDuration.minimumSeconds).max(sessionDuration.maximumSeconds).optional(),
  external_id: characters(2, 1224).regex(/^[\w+=,.@:/-]*$/, 'must hold only letters, digits and _+=,.@:/-').optional(),
  policy: characters(2, 2048).optional(),
  policy_ids: z.array(characters(1, 64).regex(/^[\w-]+$/, 'must hold only letters, digits, _ and -')).max(maximumPolicyIds).optional(),
  serial_number: characters(9, 256).regex(/^[\w+=/:,.@-]*$/, 'must hold only letters, digits and _+=/:,.@-').optional(),
  token_code: z.string().regex(/^\d{6}$/, 'must be six digits').optional(),
  source_identity: characters(2, 64).regex(/^[\w+=,.@-]*$/, 'must hold only letters, digits and _+=,.@-').optional(),
  tags: z.array(z.object({ key: tagKey, value: tagValue })).max(maximumTags).optional(),
  transitive_tag_keys: z.array(tagKey).max(maximumTags).optional(),
});

export interface AssumeAgencyInput {
  readonly agencyUrn: string;
  readonly agencySessionName: string;
  readonly durationSeconds: number | undefined;
  readonly externalId: string | undefined;
  readonly policy: string | undefined;
  readonly policyIds: readonly string[];
  readonly serialNumber: string | undefined;
  readonly tokenCode: string | undefined;
  readonly sourceIdentity: string | undefined;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly transitiveTagKeys: readonly string[];
}

/** Wire names end here. Throws a 400 for a session policy that is none. */
export function assumeAgencyInput(body: z.infer<typeof assumeAgencyBody>): AssumeAgencyInput {
  refuseMalformedPolicy('policy', body.policy);
  return {
    agencyUrn: body.agency_urn,
    agencySessionName: body.agency_session_name,
    durationSeconds: body.duration_seconds,
    externalId: body.external_id,
    policy: body.policy,
    policyIds: body.policy_ids ?? [],
    serialNumber: body.serial_number,
    tokenCode: body.token_code,
    sourceIdentity: body.source_identity,
    tags: body.tags ?? [],
    transitiveTagKeys: body.transitive_tag_keys ?? [],
  };
}
