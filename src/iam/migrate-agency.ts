// Migrating a legacy agency to a trust agency: what would become of it, or all of it in one step.
import { z } from 'zod';
import { ApiError } from '../base/api-error.js';
import { legacyAgencyToMigrate, migrateAgency } from '../directory/commands/migrate-agency.js';
import type { LegacyAgency, RoleScope } from '../directory/entities.js';
import { migrationPlan, type MigrationGround } from '../directory/migration/plan.js';
import { agencyName, entityId } from '../directory/names.js';
import { projectAt } from '../directory/projects.js';
import { roleAt } from '../directory/roles.js';
import type { Snapshot } from '../directory/snapshot.js';
import type { Resource } from '../sts/own-action.js';
import type { Services } from '../sts/services.js';
import { newEntityId } from '../urn/ids.js';
import { agencyUrn, policyUrn } from '../urn/urn.js';
import type { Ground, Result } from './account-call.js';
import { agencyAnswer, agencyResource, agencyResponse } from './agencies.js';
import { authorize } from './authorize.js';
import { adviceOf } from './legacy/advice.js';
import { rolesOf } from './legacy/role-answer.js';
import { urnOfPolicy } from './policy-view.js';

export const migrateBody = z.strictObject({
  name: agencyName.optional().describe('of the trust agency, which is made beside the legacy one; absent: it takes its name and its place'),
  dry_run: z.boolean().describe('true: only tells what would become of it'),
});
export const migratePath = z.object({ agency_id: entityId });

const agency = agencyResponse.shape.agency;
export const migrateResponse = z.object({
  dry_run: z.boolean(),
  legacy_agency: agency,
  agency: agency.partial({ agency_id: true }).describe('the trust agency; without its id where it was not made'),
  policies: z.array(z.object({ policy_id: z.string().optional(), policy_name: z.string(), description: z.string(), policy_document: z.string() })).describe('identity policies that are made of roles, and attached'),
  attached_policies: z.array(z.object({ policy_id: z.string(), urn: z.string() })).describe('identity policies that stay attached'),
  not_carried_over: z.array(z.object({ about: z.string(), text: z.string() })),
  advice: z.array(z.string()).describe('roles that grant the agency more than it needs, and what to take instead: their policies do, too'),
});

interface Input {
  readonly path: z.output<typeof migratePath>;
  readonly body: z.output<typeof migrateBody>;
}

/** The trust agency to be. A legacy agency that does not exist has its id in the place of its name. */
export const migratedResource = (account: Snapshot, { path, body: { name } }: Input): Resource =>
  (name === undefined ? agencyResource(account, path.agency_id) : { urn: agencyUrn(account.accountId, account.agencies.get(path.agency_id)?.path ?? '', name) });

export function migrate({ account, services, caller, call }: Ground, { path, body }: Input): Result<z.infer<typeof migrateResponse>> {
  const legacy = legacyAgencyToMigrate(account, path.agency_id);
  for (const [action, resource] of readings(account, legacy)) authorize(services, caller, { action, resource, outlasts: false }, call.now);
  const name = nameOf(services, legacy, body.name);
  const urn = agencyUrn(account.accountId, legacy.path, name);
  const plan = migrationPlan(legacy, { agencyName: name, agencyUrn: urn }, groundOf(services, account));
  const change = migrateAgency(account, legacy, plan, { agencyName: name, agencyId: newEntityId(services.random), createdAt: call.now, newPolicyId: () => newEntityId(services.random) });

  // What each step needs by itself is needed here, so that nobody gets further with all of them than with one after the other.
  const needed = (action: string, resource: Resource): void => authorize(services, caller, { action, resource, outlasts: true }, call.now);
  const policyUrns = change.policies.map(({ policyName }) => policyUrn(account.accountId, '', policyName));
  if (change.remove.length > 0) needed('iam:agencies:deleteAgency', agencyResource(account, legacy.agencyId));
  for (const policy of policyUrns) needed('iam:policies:createV5', { urn: policy });
  for (const policy of [...legacy.attachedPolicies.map(({ policyId }) => urnOfPolicy(account, policyId)), ...policyUrns]) {
    needed('iam:agencies:attachPolicyV5', { urn, tags: legacy.tags, conditions: [['iam:PolicyURN', policy]] });
  }

  const { agency_id: id, ...made } = agencyAnswer(account.accountId, change.agency);
  return {
    body: {
      dry_run: body.dry_run, legacy_agency: agencyAnswer(account.accountId, legacy), agency: body.dry_run ? made : { ...made, agency_id: id },
      policies: change.policies.map(({ policyId, policyName, description }, index) => ({
        ...(!body.dry_run && { policy_id: policyId }), policy_name: policyName, description, policy_document: plan.policies[index]?.document ?? '',
      })),
      attached_policies: legacy.attachedPolicies.map(({ policyId }) => ({ policy_id: policyId, urn: urnOfPolicy(account, policyId) })),
      not_carried_over: [...plan.leftOver], advice: [...adviceOf(services, rolesOf(account, legacy.roleGrants))],
    },
    audited: { policies: change.policies.map(({ policyName }) => policyName), replaces: change.remove.length > 0 },
    ...(!body.dry_run && { change }),
  };
}

/** The answer shows the agency, its grants and what its custom roles say: to nobody who could not look at them otherwise. */
function readings(account: Snapshot, { agencyId, roleGrants }: LegacyAgency): readonly (readonly [action: string, resource: Resource | undefined])[] {
  const agency = agencyResource(account, agencyId);
  const scopes = new Set(roleGrants.map(({ scope }) => scope.kind));
  return [
    ['iam:agencies:getV5', agency], ['iam:agencies:listAttachedPoliciesV5', agency],
    ...[...scopes].map((scope) => [listingAction[scope], scope === 'enterprise-project' ? undefined : agency] as const),
    ...(roleGrants.some(({ roleId }) => account.roles.get(roleId) !== undefined) ? [['iam:roles:getRole', undefined] as const] : []),
  ];
}

/** As the operations that list grants need them: that of enterprise projects lists all of the account. */
const listingAction: Readonly<Record<RoleScope['kind'], string>> = {
  domain: 'iam:permissions:listRolesForAgencyOnDomain', project: 'iam:permissions:listRolesForAgencyOnProject', 'all-projects': 'iam:permissions:listRolesForAgency', 'enterprise-project': 'iam:permissions:listRoleAssignments',
};

/** Older names have signs that those of trust agencies have not. */
function nameOf({ catalogue }: Services, legacy: LegacyAgency, wanted: string | undefined): string {
  const name = wanted ?? legacy.agencyName;
  if (!agencyName.safeParse(name).success) throw new ApiError('invalidAgencyName', `no trust agency can be called \`${name}\`: give another \`name\``);
  if (wanted !== undefined && wanted !== legacy.agencyName && catalogue.isReservedAgencyName(wanted)) throw new ApiError('invalidAgencyName', `\`name\`: \`${wanted}\` is reserved for the service-linked agency of its service`);
  return name;
}

const groundOf = ({ catalogue, settings: { regions } }: Services, account: Snapshot): MigrationGround => ({
  role: (roleId) => roleAt(account, roleId),
  projectName: (projectId) => projectAt(account, regions, projectId)?.projectName,
  trustedService: (name) => catalogue.trustedService(name),
});
