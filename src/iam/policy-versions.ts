// Versions of identity policies, and which one is the default (IAM v5 API §4).
import { z } from 'zod';
import { createPolicyVersion, deletePolicyVersion, setDefaultPolicyVersion, versionOf } from '../directory/commands/policies.js';
import type { PolicyVersion } from '../directory/entities.js';
import { entityId } from '../directory/names.js';
import type { Ground, Result } from './account-call.js';
import { policyDocument, timestamp } from './fields.js';
import { pageInfo, pageOf, pageQuery, type Listing } from './page.js';
import type { policyPath } from './policies.js';
import { foundPolicy, type PolicyView } from './policy-view.js';

export const createVersionBody = z.object({ policy_document: policyDocument('identity'), set_as_default: z.boolean().default(false) });
export const listVersionsQuery = z.object(pageQuery);
export const versionPath = z.object({ policy_id: entityId, version_id: z.string().regex(/^v\d{1,10}$/, 'must be v and a number') });

const versionAnswerSchema = z.object({ document: z.string(), version_id: z.string(), is_default: z.boolean(), created_at: z.string() });
export const versionResponse = z.object({ policy_version: versionAnswerSchema });
export const versionsResponse = z.object({ versions: z.array(versionAnswerSchema), page_info: pageInfo });

type VersionPath = z.infer<typeof versionPath>;

const versionAnswer = ({ versionId, document, createdAt }: PolicyVersion, isDefault: boolean): z.infer<typeof versionAnswerSchema> =>
  ({ document, version_id: versionId, is_default: isDefault, created_at: timestamp(createdAt) });

export function create({ account, call }: Ground, { path: { policy_id: id }, body }: { readonly path: z.infer<typeof policyPath>; readonly body: z.output<typeof createVersionBody> }): Result<z.infer<typeof versionResponse>> {
  const change = createPolicyVersion(account, id, { document: body.policy_document, setAsDefault: body.set_as_default, createdAt: call.now });
  return { body: { policy_version: versionAnswer(change.entity, body.set_as_default) }, change };
}

export function list({ account }: Ground, { path: { policy_id: id }, query }: { readonly path: z.infer<typeof policyPath>; readonly query: z.output<typeof listVersionsQuery> }): Result<z.infer<typeof versionsResponse>> {
  const policy = foundPolicy(account, id);
  const page = pageOf(newestFirst(policy), query);
  return { body: { versions: page.items.map((version) => versionAnswer(version, version.versionId === policy.defaultVersionId)), page_info: page.pageInfo } };
}

export function get({ account }: Ground, { path: { policy_id: id, version_id: versionId } }: { readonly path: VersionPath }): Result<z.infer<typeof versionResponse>> {
  const policy = foundPolicy(account, id);
  return { body: { policy_version: versionAnswer(versionOf(policy, versionId), versionId === policy.defaultVersionId) } };
}

export const remove = ({ account }: Ground, { path: { policy_id: id, version_id: versionId } }: { readonly path: VersionPath }): Result<undefined> =>
  ({ body: undefined, change: deletePolicyVersion(account, id, versionId) });

export function setDefault({ account, call }: Ground, { path: { policy_id: id, version_id: versionId } }: { readonly path: VersionPath }): Result<undefined> {
  const change = setDefaultPolicyVersion(account, id, versionId, call.now);
  return { body: undefined, ...(change !== undefined && { change }) };
}

/** Places are the numbers of versions, which are never used again. */
function newestFirst({ policyId, versions }: PolicyView): Listing<PolicyVersion> {
  const number = ({ versionId }: PolicyVersion): number => Number(versionId.slice(1));
  const sorted = [...versions].sort((one, other) => number(other) - number(one));
  return { name: `policy-versions:${policyId}`, position: (version) => String(number(version)), after: (place) => sorted.filter((version) => place === '' || number(version) < Number(place)) };
}
