// Commands on service-linked agencies: create from the template, say what needs one, delete (IAM v5 API §3).
import type { ServiceLinkedAgencyTemplate } from '../../catalogue/index.js';
import { ApiError } from '../../base/api-error.js';
import { foldAscii } from '../../policy/index.js';
import { serviceLinkedPath } from '../../urn/urn.js';
import type { AgencyUsage, DeletionTask, ServiceLinkedAgency } from '../entities.js';
import { entityField, type Snapshot } from '../snapshot.js';
import { putting, type Change, type Changed } from './change.js';
import { refuseOverQuota, refuseUsedName } from './rules.js';

/** [choice] The older ones are forgotten: a task is over when it is stored, and tells only what came of it. */
export const keptDeletionTasks = 100;

export const serviceLinkedPathOf = (servicePrincipal: string): string => `${serviceLinkedPath}${servicePrincipal}/`;

/** However the service is capitalized, as policies compare it (policy language §3). */
const isOf = (servicePrincipal: string) => (one: { readonly servicePrincipal: string }): boolean => foldAscii(one.servicePrincipal) === foldAscii(servicePrincipal);

/** The one agency that the account has for a service. */
export function serviceLinkedAgencyOf(account: Snapshot, servicePrincipal: string): ServiceLinkedAgency | undefined {
  return account.agencies.values().filter((agency) => agency.kind === 'service-linked').find(isOf(servicePrincipal));
}

export interface NewServiceLinkedAgency {
  readonly agencyId: string;
  /** Undefined: the template's own. */
  readonly description: string | undefined;
  readonly createdAt: number;
}

/** The 409 of a name that an agency of another kind has comes before that of the quota. */
export function createServiceLinkedAgency(account: Snapshot, template: ServiceLinkedAgencyTemplate, { agencyId, description, createdAt }: NewServiceLinkedAgency): Changed<ServiceLinkedAgency> {
  const { servicePrincipal, agencyName, maxSessionDurationSeconds, trustPolicy, policyIds } = template;
  refuseUsedName(account.agencies, 'agency', agencyName);
  refuseOverQuota(account, 'agencies', account.agencies.size, 'agencies');
  const created: ServiceLinkedAgency = {
    kind: 'service-linked', agencyId, agencyName, path: serviceLinkedPathOf(servicePrincipal), description: description ?? template.description, maxSessionDurationSeconds,
    servicePrincipal, trustPolicy, usage: [], tags: [], attachedPolicies: policyIds.map((policyId) => ({ policyId, attachedAt: createdAt })), createdAt,
  };
  return { ...putting('agency', agencyId, created), entity: created };
}

/** One text for what does not exist and for what is not the service's: the account's other agencies are none of its business. */
export const noSuchAgency = (servicePrincipal: string, agencyId: string): ApiError =>
  new ApiError('entityNotFound', `the service-linked agency \`${agencyId}\` of \`${servicePrincipal}\` cannot be found`);

export const noSuchTask = (servicePrincipal: string, taskId: string): ApiError =>
  new ApiError('entityNotFound', `the deletion task \`${taskId}\` of \`${servicePrincipal}\` cannot be found`);

/** Throws the 404 for any but an agency of this service. */
export function ownServiceLinkedAgency(account: Snapshot, servicePrincipal: string, agencyId: string): ServiceLinkedAgency {
  const agency = account.agencies.get(agencyId);
  if (agency?.kind !== 'service-linked' || !isOf(servicePrincipal)(agency)) throw noSuchAgency(servicePrincipal, agencyId);
  return agency;
}

/** Throws the 404 for any but a task of this service. */
export function ownDeletionTask(account: Snapshot, servicePrincipal: string, taskId: string): DeletionTask {
  const task = account.deletionTasks.get(taskId);
  if (task === undefined || !isOf(servicePrincipal)(task)) throw noSuchTask(servicePrincipal, taskId);
  return task;
}

export const setUsage = (agency: ServiceLinkedAgency, usage: readonly AgencyUsage[]): Change => putting('agency', agency.agencyId, { ...agency, usage });

/** The agency goes in the same change as its task succeeds; what is still needed stays, and the task says for what. */
export function deleteServiceLinkedAgency(account: Snapshot, agency: ServiceLinkedAgency, task: Pick<DeletionTask, 'taskId' | 'createdAt'>): Changed<DeletionTask> {
  const { agencyId, servicePrincipal, usage } = agency;
  const isNeeded = usage.length > 0;
  const entity: DeletionTask = { ...task, agencyId, servicePrincipal, usage, ...(isNeeded ? { status: 'failed', reason: 'resources of the service still use the agency' } : { status: 'succeeded', reason: '' }) };
  const forgotten = account.deletionTasks.values().slice(0, Math.max(0, account.deletionTasks.size + 1 - keptDeletionTasks));
  return {
    ...putting('deletion', entity.taskId, entity),
    remove: [...forgotten.map(({ taskId }) => entityField('deletion', taskId)), ...(isNeeded ? [] : [entityField('agency', agencyId)])],
    entity,
  };
}
