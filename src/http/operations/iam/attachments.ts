// Attaching identity policies to agencies, groups and users, and who has which (IAM v5 API §4).
import type { z } from 'zod';
import * as attachments from '../../../iam/attachments.js';
import { policyPath } from '../../../iam/policies.js';
import { policyResource } from '../../../iam/policy-view.js';
import type { Operation } from '../../operation.js';
import { iamOperation } from './iam-operation.js';

/** The three operations of one kind of identity; `plural` stands in its paths and actions. */
function attachingTo<Named extends z.ZodType>(title: 'Agency' | 'Group' | 'User', plural: 'agencies' | 'groups' | 'users', identity: attachments.Attachable<Named>): readonly Operation[] {
  const { kind, named } = identity;
  return [
    iamOperation({
      name: `Attach${title}PolicyV5`, method: 'post', path: `/v5/policies/{policy_id}/attach-${kind}`, summary: `Attaches an identity policy to one ${kind}`,
      action: `iam:${plural}:attachPolicyV5`, resource: attachments.target(identity), outlasts: true, refusals: [400, 403, 404, 409],
      parameters: policyPath, body: named, status: 200, decide: attachments.attach(identity),
    }),
    iamOperation({
      name: `Detach${title}PolicyV5`, method: 'post', path: `/v5/policies/{policy_id}/detach-${kind}`, summary: `Detaches an identity policy from one ${kind}`,
      // Without a policy that denies, the identity may do more.
      action: `iam:${plural}:detachPolicyV5`, resource: attachments.target(identity), outlasts: true, refusals: [400, 403, 404],
      parameters: policyPath, body: named, status: 200, decide: attachments.detach(identity),
    }),
    iamOperation({
      name: `ListAttached${title}PoliciesV5`, method: 'get', path: `/v5/${plural}/{${kind}_id}/attached-policies`, summary: `Lists the identity policies attached to one ${kind}, in the order of attachment`,
      action: `iam:${plural}:listAttachedPoliciesV5`, resource: (account, { path }) => identity.resource(account, path), refusals: [400, 403, 404],
      parameters: named, query: attachments.listAttachedQuery, status: 200, response: attachments.attachedPoliciesResponse, decide: attachments.listAttached(identity),
    }),
  ];
}

export const attachmentOperations: readonly Operation[] = [
  ...attachingTo('Agency', 'agencies', attachments.agency),
  ...attachingTo('Group', 'groups', attachments.group),
  ...attachingTo('User', 'users', attachments.user),
  iamOperation({
    name: 'ListEntitiesForPolicyV5', method: 'get', path: '/v5/policies/{policy_id}/attached-entities', summary: 'Lists the agencies, groups and users that an identity policy is attached to',
    action: 'iam:policies:listEntitiesV5', resource: (account, { path }) => policyResource(account, path.policy_id), refusals: [400, 403, 404],
    parameters: policyPath, query: attachments.listEntitiesQuery, status: 200, response: attachments.entitiesResponse, decide: attachments.listEntities,
  }),
];
