// Quotas of the model's account, small enough to be met all the time.
export const smallQuotas = {
  users: 5, groups: 4, groups_per_user: 2, agencies: 3, policies: 4, policies_per_user: 2, policies_per_group: 2, policies_per_agency: 2, versions_per_policy: 3,
} as const;

export type QuotaName = keyof typeof smallQuotas;
export type ModelQuotas = Readonly<Record<QuotaName, number>>;

// The keys of a constant.
export const quotaNames = Object.keys(smallQuotas) as readonly QuotaName[];

export const accountSummaryQuotas = (quotas: ModelQuotas): Readonly<Record<string, number>> => ({
  agencies_quota: quotas.agencies, users_quota: quotas.users, groups_quota: quotas.groups, policies_quota: quotas.policies, versions_per_policy_quota: quotas.versions_per_policy,
  attached_policies_per_agency_quota: quotas.policies_per_agency, attached_policies_per_group_quota: quotas.policies_per_group, attached_policies_per_user_quota: quotas.policies_per_user,
});
