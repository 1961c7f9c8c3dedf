// A policy of either type in one form, as it is read: custom ones of the account, system ones of the catalogue.
import { ApiError } from '../base/api-error.js';
import type { SystemPolicy, Texts } from '../catalogue/index.js';
import type { IdentityPolicy } from '../directory/entities.js';
import type { Snapshot } from '../directory/snapshot.js';
import type { Resource } from '../sts/own-action.js';
import { policyUrn } from '../urn/urn.js';

export interface PolicyView extends Pick<IdentityPolicy, 'policyId' | 'policyName' | 'path' | 'versions' | 'defaultVersionId' | 'createdAt' | 'updatedAt'> {
  readonly type: 'custom' | 'system';
  readonly urn: string;
  readonly description: Texts;
}

export function customView(accountId: string, policy: IdentityPolicy): PolicyView {
  const { description, ...read } = policy;
  return { ...read, type: 'custom', urn: policyUrn(accountId, policy.path, policy.policyName), description: { enUs: description, zhCn: description } };
}

/** [choice] The catalogue tells no times: system policies have been there since before everything else. */
const systemPoliciesSince = Date.UTC(2023, 0, 1);

/** Of one version, which never changes. */
export function systemView({ policyId, policyName, urn, description, document }: SystemPolicy): PolicyView {
  const time = systemPoliciesSince;
  return {
    type: 'system', policyId, policyName, urn, description, path: '', versions: [{ versionId: 'v1', document, createdAt: time }], defaultVersionId: 'v1', createdAt: time, updatedAt: time,
  };
}

/** Undefined when the account has no such policy. */
export function policyView({ accountId, policies, systemPolicies }: Snapshot, policyId: string): PolicyView | undefined {
  const custom = policies.get(policyId);
  if (custom !== undefined) return customView(accountId, custom);
  const system = systemPolicies.get(policyId);
  return system === undefined ? undefined : systemView(system);
}

/** Throws the 404. */
export function foundPolicy(account: Snapshot, policyId: string): PolicyView {
  const policy = policyView(account, policyId);
  if (policy === undefined) throw new ApiError('entityNotFound', `the policy \`${policyId}\` cannot be found`);
  return policy;
}

/** A policy that does not exist has its id in the place of its name. */
export const urnOfPolicy = (account: Snapshot, policyId: string): string => policyView(account, policyId)?.urn ?? policyUrn(account.accountId, '', policyId);

export const policyResource = (account: Snapshot, policyId: string): Resource => ({ urn: urnOfPolicy(account, policyId) });
