// Identity policies: custom ones of the account, and the system policies that every account has (IAM v5 API §4).
import { z } from 'zod';
import { attachmentCount } from '../directory/attached-entities.js';
import { createPolicy, deletePolicy } from '../directory/commands/policies.js';
import type { Snapshot } from '../directory/snapshot.js';
import { entityId, path, policyName } from '../directory/names.js';
import type { Resource } from '../sts/own-action.js';
import { newEntityId } from '../urn/ids.js';
import { policyUrn } from '../urn/urn.js';
import type { Ground, Result } from './account-call.js';
import { description, pathPrefix, policyDocument, timestamp } from './fields.js';
import { inLanguageOf } from './language.js';
import { pageInfo, pageOf, pageQuery, type Listing } from './page.js';
import { customView, foundPolicy, systemView, type PolicyView } from './policy-view.js';

export const createPolicyBody = z.object({
  policy_name: policyName,
  // [choice] As long as that of an agency: the API states no limit for policies.
  policy_document: policyDocument('identity'), path: path.default(''), description: description.default(''),
});
export const listPoliciesQuery = z.object({
  ...pageQuery, policy_type: z.enum(['custom', 'system']).optional(), path_prefix: pathPrefix.default(''),
  only_attached: z.stringbool({ truthy: ['true'], falsy: ['false'] }).default(false),
});
export const policyPath = z.object({ policy_id: entityId });

const policyAnswerSchema = z.object({
  policy_type: z.enum(['custom', 'system']), policy_name: z.string(), policy_id: z.string(), urn: z.string(), path: z.string(), default_version_id: z.string(),
  attachment_count: z.int(), description: z.string(), created_at: z.string(), updated_at: z.string(),
});
export const policyResponse = z.object({ policy: policyAnswerSchema });
export const policiesResponse = z.object({ policies: z.array(policyAnswerSchema), page_info: pageInfo });

type PolicyAnswer = z.infer<typeof policyAnswerSchema>;
type PolicyPath = z.infer<typeof policyPath>;

function policyAnswer(ground: Ground, policy: PolicyView): PolicyAnswer {
  return {
    policy_type: policy.type, policy_name: policy.policyName, policy_id: policy.policyId, urn: policy.urn, path: policy.path, default_version_id: policy.defaultVersionId,
    attachment_count: attachmentCount(ground.account, policy.policyId), description: inLanguageOf(ground, policy.description), created_at: timestamp(policy.createdAt), updated_at: timestamp(policy.updatedAt),
  };
}

export const newPolicyResource = (account: Snapshot, { body }: { readonly body: z.output<typeof createPolicyBody> }): Resource =>
  ({ urn: policyUrn(account.accountId, body.path, body.policy_name) });

export const everyPolicy = (account: Snapshot): Resource => ({ urn: policyUrn(account.accountId, '', '*') });

export function create(ground: Ground, { body }: { readonly body: z.output<typeof createPolicyBody> }): Result<{ policy: PolicyAnswer }> {
  const { account, services, call } = ground;
  const change = createPolicy(account, {
    policyId: newEntityId(services.random), policyName: body.policy_name, path: body.path, description: body.description, document: body.policy_document, createdAt: call.now,
  });
  return { body: { policy: policyAnswer(ground, customView(account.accountId, change.entity)) }, change };
}

export function list(ground: Ground, { query }: { readonly query: z.output<typeof listPoliciesQuery> }): Result<z.infer<typeof policiesResponse>> {
  const { account } = ground;
  const page = pageOf(allPolicies(account), query, (policy) =>
    (query.policy_type === undefined || policy.type === query.policy_type) && policy.path.startsWith(query.path_prefix) && (!query.only_attached || attachmentCount(account, policy.policyId) > 0));
  return { body: { policies: page.items.map((policy) => policyAnswer(ground, policy)), page_info: page.pageInfo } };
}

export function get(ground: Ground, { path: { policy_id: id } }: { readonly path: PolicyPath }): Result<z.infer<typeof policyResponse>> {
  return { body: { policy: policyAnswer(ground, foundPolicy(ground.account, id)) } };
}

export const remove = ({ account }: Ground, { path: { policy_id: id } }: { readonly path: PolicyPath }): Result<undefined> =>
  ({ body: undefined, change: deletePolicy(account, id) });

/** Custom policies in the order of their creation, and behind them the system policies by name. */
function allPolicies({ accountId, policies, systemPolicies }: Snapshot): Listing<PolicyView> {
  const position = (policy: PolicyView): string => {
    const custom = policies.get(policy.policyId);
    return custom === undefined ? `${systemPlace}${policy.policyName}` : `${customPlace}${policies.position(custom)}`;
  };
  return {
    name: 'policies', position,
    * after(place) {
      if (!place.startsWith(systemPlace)) for (const policy of policies.after(place.slice(customPlace.length))) yield customView(accountId, policy);
      const system = [...systemPolicies.values()].sort((one, other) => (one.policyName < other.policyName ? -1 : 1));
      for (const policy of system) if (`${systemPlace}${policy.policyName}` > place) yield systemView(policy);
    },
  };
}

const customPlace = 'custom:';
const systemPlace = 'system:';
