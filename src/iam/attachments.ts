// Which agencies, groups and users have which policies (IAM v5 API §4).
import { z } from 'zod';
import { attachedEntities, type AttachedEntity, type IdentityKind } from '../directory/attached-entities.js';
import { attachmentsOf, attachPolicy, detachPolicy } from '../directory/commands/attachments.js';
import type { PolicyAttachment } from '../directory/entities.js';
import type { Snapshot } from '../directory/snapshot.js';
import { entityId } from '../directory/names.js';
import { placeInTime } from '../directory/table.js';
import type { Resource } from '../sts/own-action.js';
import type { Ground, Result } from './account-call.js';
import { agencyResource } from './agencies.js';
import { timestamp } from './fields.js';
import { groupResource } from './groups.js';
import { listingBy, pageInfo, pageOf, pageQuery } from './page.js';
import type { policyPath } from './policies.js';
import { foundPolicy, policyView, urnOfPolicy } from './policy-view.js';
import { userResource } from './users.js';

/** How one kind of identity is named in requests: in the body of attach and detach, in the path of its list. */
export interface Attachable<Named extends z.ZodType> {
  readonly kind: IdentityKind;
  readonly named: Named;
  readonly id: (named: z.output<Named>) => string;
  /** An entity that does not exist has its id in the place of its name. */
  readonly resource: (account: Snapshot, named: z.output<Named>) => Resource;
}

const attachable = <Named extends z.ZodType>(value: Attachable<Named>): Attachable<Named> => value;

export const agency = attachable({
  kind: 'agency', named: z.object({ agency_id: entityId }), id: (named) => named.agency_id, resource: (account, named) => agencyResource(account, named.agency_id),
});
export const group = attachable({
  kind: 'group', named: z.object({ group_id: entityId }), id: (named) => named.group_id, resource: (account, named) => groupResource(account, { path: named }),
});
export const user = attachable({
  kind: 'user', named: z.object({ user_id: entityId }), id: (named) => named.user_id, resource: (account, named) => userResource(account, { path: named }),
});

interface Asked<Named> {
  readonly path: z.infer<typeof policyPath>;
  readonly body: Named;
}

/** The identity that gets or loses a policy; which one, `iam:PolicyURN` tells. */
export const target = <Named extends z.ZodType>({ resource }: Attachable<Named>) => (account: Snapshot, { path, body }: Asked<z.output<Named>>): Resource => {
  const identity = resource(account, body);
  return { ...identity, conditions: [...(identity.conditions ?? []), ['iam:PolicyURN', urnOfPolicy(account, path.policy_id)]] };
};

export const attach = <Named extends z.ZodType>({ kind, id }: Attachable<Named>) => ({ account, call }: Ground, { path, body }: Asked<z.output<Named>>): Result<undefined> => {
  const change = attachPolicy(account, kind, id(body), { policyId: path.policy_id, attachedAt: call.now });
  return { body: undefined, ...(change !== undefined && { change }) };
};

export const detach = <Named extends z.ZodType>({ kind, id }: Attachable<Named>) => ({ account }: Ground, { path, body }: Asked<z.output<Named>>): Result<undefined> =>
  ({ body: undefined, change: detachPolicy(account, kind, id(body), path.policy_id) });

export const listAttachedQuery = z.object(pageQuery);
export const attachedPoliciesResponse = z.object({
  attached_policies: z.array(z.object({ policy_name: z.string(), policy_id: z.string(), urn: z.string(), attached_at: z.string() })), page_info: pageInfo,
});

interface ListAttached<Named> {
  readonly path: Named;
  readonly query: z.output<typeof listAttachedQuery>;
}

export const listAttached = <Named extends z.ZodType>({ kind, id }: Attachable<Named>) => ({ account }: Ground, { path, query }: ListAttached<z.output<Named>>): Result<z.infer<typeof attachedPoliciesResponse>> => {
  const place = ({ attachedAt, policyId }: PolicyAttachment): string => placeInTime(attachedAt, policyId);
  const page = pageOf(listingBy(`${kind}-policies:${id(path)}`, attachmentsOf(account, kind, id(path)), place), query);
  // A system policy that the catalogue no longer has is told by its id: it counts, and can be detached.
  const policies = page.items.map(({ policyId, attachedAt }) => ({
    policy_name: policyView(account, policyId)?.policyName ?? policyId, policy_id: policyId, urn: urnOfPolicy(account, policyId), attached_at: timestamp(attachedAt),
  }));
  return { body: { attached_policies: policies, page_info: page.pageInfo } };
};

export const listEntitiesQuery = z.object({ ...pageQuery, entity_type: z.enum(['user', 'group', 'agency']).optional() });
export const entitiesResponse = z.object({
  policy_agencies: z.array(z.object({ agency_id: z.string(), attached_at: z.string() })),
  policy_groups: z.array(z.object({ group_id: z.string(), attached_at: z.string() })),
  policy_users: z.array(z.object({ user_id: z.string(), attached_at: z.string() })),
  page_info: pageInfo,
});

/** Agencies, then groups, then users, and each kind in the order in which they got the policy. */
export function listEntities({ account }: Ground, { path, query }: { readonly path: z.infer<typeof policyPath>; readonly query: z.output<typeof listEntitiesQuery> }): Result<z.infer<typeof entitiesResponse>> {
  const { policyId } = foundPolicy(account, path.policy_id);
  const holders = attachedEntities(account, policyId).filter(({ kind }) => query.entity_type === undefined || kind === query.entity_type);
  const place = ({ kind, attachedAt, id }: AttachedEntity): string => `${kind}:${placeInTime(attachedAt, id)}`;
  const { items, pageInfo: info } = pageOf(listingBy(`policy-entities:${policyId}:${query.entity_type ?? 'all'}`, holders, place), query);
  const ofKind = (wanted: IdentityKind) => items.filter(({ kind }) => kind === wanted);
  return {
    body: {
      policy_agencies: ofKind('agency').map(({ id, attachedAt }) => ({ agency_id: id, attached_at: timestamp(attachedAt) })),
      policy_groups: ofKind('group').map(({ id, attachedAt }) => ({ group_id: id, attached_at: timestamp(attachedAt) })),
      policy_users: ofKind('user').map(({ id, attachedAt }) => ({ user_id: id, attached_at: timestamp(attachedAt) })),
      page_info: info,
    },
  };
}
