// The question that a simulation answers, as it comes in: fields, limits and patterns.
import { z } from 'zod';
import { characters } from '../base/characters.js';
import type { ConditionValue } from '../policy/index.js';
import { assumeAgencyBody } from './assume-agency-input.js';
import { givenScope, scopeFields } from './authorize-input.js';
import type { GivenScope } from './request-scope.js';

const mostContextKeys = 100;
const contextValue = characters(0, 2048);
const { agency_session_name: sessionName, external_id: externalId, source_identity: sourceIdentity, tags, transitive_tag_keys: transitiveTagKeys, policy, policy_ids: policyIds } = assumeAgencyBody.shape;

const session = z.object({
  name: sessionName.optional().describe('name of the session, where the principal is the URN of an agency'),
  tags: tags.describe('session tags that the session has'),
  transitive_tag_keys: transitiveTagKeys.describe('those of the tags that are transitive'),
  source_identity: sourceIdentity,
  policy: policy.describe('inline session policy'),
  policy_ids: policyIds,
  mfa_age_seconds: z.int().min(0).max(43_200).optional().describe('present: the session was obtained with an MFA code, so many seconds ago'),
}).strict();

const request = z.object({
  agency_session_name: sessionName.optional(), external_id: externalId, source_identity: sourceIdentity, tags, transitive_tag_keys: transitiveTagKeys,
  mfa: z.boolean().optional().describe('the call carries a valid MFA code'),
}).strict();

/** [choice] Unknown members are refused, unlike those of the cloud's own operations: a misspelt one would change the answer. */
export const simulateBody = z.object({
  principal: characters(1, 1500).describe('URN of a user, a root user (iam::ACCOUNT:root), an agency (any session of it) or a session, or service.X'),
  action: z.string().max(256).regex(/^[\w-]+:[\w-]*:[\w-]+$/, 'must look like service:resourceType:operation, the middle part may be empty'),
  resource: characters(1, 1500).optional().describe('URN; absent for an action without resource type'),
  context: z.record(characters(1, 256), z.union([contextValue, z.array(contextValue).max(50)]))
    .refine((context) => Object.keys(context).length <= mostContextKeys, `must have at most ${mostContextKeys} keys`).optional()
    .describe('condition keys and their values; they override what the simulation knows'),
  session: session.optional().describe('the session in which the principal acts'),
  request: request.optional().describe('what a call of AssumeAgency asks for'),
  ...scopeFields,
}).strict();

export type SimulateBody = z.infer<typeof simulateBody>;

/** What a simulated session is known to be. */
export interface SimulatedSession {
  readonly name: string | undefined;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly transitiveTagKeys: readonly string[];
  readonly sourceIdentity: string | undefined;
  readonly policy: string | undefined;
  readonly policyIds: readonly string[];
  readonly mfaAgeSeconds: number | undefined;
}

export interface SimulatedRequest {
  readonly agencySessionName: string | undefined;
  readonly externalId: string | undefined;
  readonly sourceIdentity: string | undefined;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly transitiveTagKeys: readonly string[];
  readonly mfa: boolean;
}

export interface SimulationQuestion {
  readonly principal: string;
  readonly action: string;
  readonly resource: string | undefined;
  readonly context: Readonly<Record<string, ConditionValue>>;
  readonly session: SimulatedSession | undefined;
  readonly request: SimulatedRequest | undefined;
  readonly scope: GivenScope | undefined;
  readonly operationId: string | undefined;
}

/** Wire names end here. */
export function simulationQuestion({ principal, action, resource, context, session, request, scope, operation_id: operationId }: SimulateBody): SimulationQuestion {
  return {
    principal, action, resource, context: context ?? {}, scope: givenScope(scope), operationId,
    session: session && {
      name: session.name, tags: session.tags ?? [], transitiveTagKeys: session.transitive_tag_keys ?? [], sourceIdentity: session.source_identity,
      policy: session.policy, policyIds: session.policy_ids ?? [], mfaAgeSeconds: session.mfa_age_seconds,
    },
    request: request && {
      agencySessionName: request.agency_session_name, externalId: request.external_id, sourceIdentity: request.source_identity,
      tags: request.tags ?? [], transitiveTagKeys: request.transitive_tag_keys ?? [], mfa: request.mfa ?? false,
    },
  };
}
