// What the caller's account holds, and how much it may hold (IAM v5 API §9).
import { z } from 'zod';
import { policySize, quotaOf, type QuotaName } from '../directory/quotas.js';
import type { Ground, Result } from './account-call.js';

const count = z.int();

export const accountSummaryResponse = z.object({
  agencies: count, agencies_quota: count, users: count.describe('the root user included'), users_quota: count, groups: count, groups_quota: count,
  policies: count.describe('custom ones'), policies_quota: count, policy_size_quota: count, versions_per_policy_quota: count,
  attached_policies_per_agency_quota: count, attached_policies_per_group_quota: count, attached_policies_per_user_quota: count,
  root_user_mfa_enabled: count.describe('1: the root user has an MFA device that is enabled; else 0'),
  oidc_provider: count, oidc_provider_quota: count, saml_provider: count, saml_provider_quota: count,
});

export function summarize({ account: snapshot }: Ground): Result<z.infer<typeof accountSummaryResponse>> {
  const { account, users, groups, policies, agencies, mfaDevices } = snapshot;
  const quota = (name: QuotaName): number => quotaOf(account, name);
  const rootHasMfa = mfaDevices.values().some(({ userId, enabled }) => enabled && userId === account.rootUserId);
  return {
    body: {
      agencies: agencies.size, agencies_quota: quota('agencies'), users: users.size, users_quota: quota('users'), groups: groups.size, groups_quota: quota('groups'),
      policies: policies.size, policies_quota: quota('policies'), policy_size_quota: policySize, versions_per_policy_quota: quota('versionsPerPolicy'),
      attached_policies_per_agency_quota: quota('policiesPerAgency'), attached_policies_per_group_quota: quota('policiesPerGroup'),
      attached_policies_per_user_quota: quota('policiesPerUser'), root_user_mfa_enabled: rootHasMfa ? 1 : 0,
      // [choice] No quota of identity providers is published, and there is no way to make one here.
      oidc_provider: 0, oidc_provider_quota: 0, saml_provider: 0, saml_provider_quota: 0,
    },
  };
}
