// Commands that attach policies to agencies, groups and users, and detach them (IAM v5 API §4).
import { ApiError } from '../../base/api-error.js';
import type { IdentityKind } from '../attached-entities.js';
import { hasPolicy } from '../compiled-policies.js';
import type { PolicyAttachment, User } from '../entities.js';
import { quotaOf, type QuotaName } from '../quotas.js';
import type { Snapshot } from '../snapshot.js';
import { putting, type Change } from './change.js';
import { found, refuseServiceLinked } from './rules.js';

/** [choice] Undefined: the policy is attached already, and stays so since when it was. */
export function attachPolicy(account: Snapshot, kind: IdentityKind, id: string, { policyId, attachedAt }: PolicyAttachment): Change | undefined {
  const { name, attachments, quota, withAttachments } = changeable(account, kind, id);
  if (!hasPolicy(account, policyId)) throw new ApiError('entityNotFound', `the policy \`${policyId}\` cannot be found`);
  if (attachments.some((attachment) => attachment.policyId === policyId)) return undefined;
  const most = quotaOf(account.account, quota);
  if (attachments.length >= most) {
    throw new ApiError('attachedPoliciesQuota', `the quota is reached: policies attached to a single ${kind} ${most} at most, and the ${kind} \`${name}\` has ${attachments.length}`);
  }
  return withAttachments([...attachments, { policyId, attachedAt }]);
}

/** What is attached can be detached, also a system policy that the catalogue no longer has. */
export function detachPolicy(account: Snapshot, kind: IdentityKind, id: string, policyId: string): Change {
  const { name, attachments, withAttachments } = changeable(account, kind, id);
  const others = attachments.filter((attachment) => attachment.policyId !== policyId);
  if (others.length === attachments.length) throw new ApiError('entityNotFound', `the policy \`${policyId}\` is not attached to the ${kind} \`${name}\``);
  return withAttachments(others);
}

/** In the order in which they were attached. */
export function attachmentsOf({ agencies, groups, users }: Snapshot, kind: IdentityKind, id: string): readonly PolicyAttachment[] {
  switch (kind) {
    case 'agency':
      return found(agencies, kind, id).attachedPolicies;
    case 'group':
      return found(groups, kind, id).attachedPolicies;
    case 'user':
      return found(users, kind, id).attachedPolicies;
  }
}

/** An agency, group or user whose policies users may change. */
interface Identity {
  readonly name: string;
  readonly attachments: readonly PolicyAttachment[];
  readonly quota: QuotaName;
  readonly withAttachments: (attachedPolicies: readonly PolicyAttachment[]) => Change;
}

function changeable({ agencies, groups, users }: Snapshot, kind: IdentityKind, id: string): Identity {
  switch (kind) {
    case 'agency': {
      const agency = refuseServiceLinked(found(agencies, kind, id));
      const withAttachments = (attachedPolicies: readonly PolicyAttachment[]): Change => putting(kind, id, { ...agency, attachedPolicies });
      return { name: agency.agencyName, attachments: agency.attachedPolicies, quota: 'policiesPerAgency', withAttachments };
    }
    case 'group': {
      const group = found(groups, kind, id);
      const withAttachments = (attachedPolicies: readonly PolicyAttachment[]): Change => putting(kind, id, { ...group, attachedPolicies });
      return { name: group.groupName, attachments: group.attachedPolicies, quota: 'policiesPerGroup', withAttachments };
    }
    case 'user': {
      const user = refuseRoot(found(users, kind, id));
      const withAttachments = (attachedPolicies: readonly PolicyAttachment[]): Change => putting(kind, id, { ...user, attachedPolicies });
      return { name: user.userName, attachments: user.attachedPolicies, quota: 'policiesPerUser', withAttachments };
    }
  }
}

function refuseRoot(user: User): User {
  if (user.isRootUser) throw new ApiError('accessDenied', 'the root user cannot be given policies: it needs none');
  return user;
}
