// Deletion of service-linked agencies: by the service, or by a session that it has of the agency; users may watch (IAM v5 API §3).
import { z } from 'zod';
import { ApiError } from '../base/api-error.js';
import { deleteServiceLinkedAgency, noSuchAgency, noSuchTask, ownDeletionTask, ownServiceLinkedAgency, serviceLinkedPathOf } from '../directory/commands/service-linked-agencies.js';
import { accountChange } from '../directory/commands/change.js';
import { found } from '../directory/commands/rules.js';
import type { DeletionTask, ServiceLinkedAgency } from '../directory/entities.js';
import type { Snapshot } from '../directory/snapshot.js';
import { entityId } from '../directory/names.js';
import { contextOf, decideCaller, describe, parsePolicy, type NamedPolicy } from '../policy/index.js';
import { callerPolicies, principalIdentity } from '../sts/actor.js';
import { callerConditions, requestFacts, resourceConditions } from '../sts/call-conditions.js';
import type { Caller, SessionCaller } from '../sts/caller.js';
import type { CallContext, Outcome } from '../sts/outcome.js';
import type { Resource } from '../sts/own-action.js';
import type { Services } from '../sts/services.js';
import { newEntityId } from '../urn/ids.js';
import { agencyUrn, serviceLinkedPath } from '../urn/urn.js';
import { callOnAccount, type Result } from './account-call.js';
import { agencyResource, type agencyPath } from './agencies.js';
import { auditedInput, type OperationInput } from './audited-input.js';
import { callOnNamedAccount, refusedToUsers } from './service-call.js';
import { deleteAction } from './service-linked-agencies.js';

export const statusAction = 'iam:agencies:getServiceLinkedAgencyDeletionStatusV5';

export const deletionResponse = z.object({ deletion_task_id: z.string() });
export const taskPath = z.object({ deletion_task_id: entityId });
export const statusResponse = z.object({
  status: z.enum(['not_started', 'in_progress', 'succeeded', 'failed']), reason: z.string().optional(),
  agency_usage_list: z.array(z.object({ region: z.string(), resources: z.array(z.string()).readonly() })).readonly().optional(),
});

interface Deletion extends OperationInput {
  readonly path: z.output<typeof agencyPath>;
}
interface StatusQuestion extends OperationInput {
  readonly path: z.output<typeof taskPath>;
}
type DeletionAnswer = z.input<typeof deletionResponse>;
type StatusAnswer = z.input<typeof statusResponse>;

export function remove(services: Services, caller: Caller, input: Deletion, call: CallContext): Promise<Outcome<DeletionAnswer>> {
  const { path: { agency_id: id } } = input;
  if (caller.kind !== 'service') return Promise.resolve(removeByItsSession(services, caller, input, call));
  return callOnNamedAccount({
    resource: (account) => agencyResource(account, id).urn,
    absent: () => noSuchAgency(caller.servicePrincipal, id),
    decide: ({ account, servicePrincipal }) => removed(services, account, ownServiceLinkedAgency(account, servicePrincipal, id), call),
  }, services, caller, input, call);
}

/** The agency trusts its service alone, so whoever is its session is the service; but that is not to shed its session policies. */
function removeByItsSession(services: Services, caller: Exclude<Caller, { kind: 'service' }>, input: Deletion, call: CallContext): Outcome<DeletionAnswer> {
  const { snapshot } = caller;
  const resource = agencyResource(snapshot, input.path.agency_id).urn;
  const agency = caller.kind === 'agency-session' && caller.agency.agencyId === input.path.agency_id ? caller.agency : undefined;
  if (caller.kind !== 'agency-session' || agency?.kind !== 'service-linked') return refusedToUsers(input, resource);
  const details = { request: auditedInput(input), resource };
  const narrowed = narrowedRefusal(caller, agency, resource, call);
  if (narrowed !== undefined) return { ok: false, error: narrowed, guards: [], details: { ...details, decision: narrowed.message } };
  const { body, change } = removed(services, snapshot, agency, call);
  const changes = change === undefined ? [] : [accountChange(snapshot, change)];
  return { ok: true, body, guards: [], details: { ...details, decision: 'allowed' }, changes };
}

/** In the place of an identity policy: that the session is the agency's own is the permission. */
const asTheServiceItself: NamedPolicy = { name: 'the agency\'s own service', policy: parsePolicy('identity', JSON.stringify({ Version: '5.0', Statement: [{ Effect: 'Allow', Action: [deleteAction] }] })) };

function narrowedRefusal(caller: SessionCaller, agency: ServiceLinkedAgency, resource: string, { now }: CallContext): ApiError | undefined {
  const context = contextOf([
    ...callerConditions(caller, requestFacts(caller, now)), ...resourceConditions(agency.tags), ['iam:ServicePrincipal', agency.servicePrincipal],
  ]);
  const policies = callerPolicies(caller);
  const decision = decideCaller({
    principal: principalIdentity(caller), action: deleteAction, resource, context, ...policies, identityPolicies: [...policies.identityPolicies, asTheServiceItself],
  });
  if (decision.allowed) return undefined;
  return new ApiError('accessDenied', `access denied: \`${caller.principalUrn}\` is not authorized to perform \`${deleteAction}\` on \`${resource}\`: ${describe(decision)}`);
}

function removed(services: Services, account: Snapshot, agency: ServiceLinkedAgency, call: CallContext): Result<DeletionAnswer> {
  const change = deleteServiceLinkedAgency(account, agency, { taskId: newEntityId(services.random), createdAt: call.now });
  return { body: { deletion_task_id: change.entity.taskId }, change };
}

export function getStatus(services: Services, caller: Caller, input: StatusQuestion, call: CallContext): Promise<Outcome<StatusAnswer>> {
  const { path: { deletion_task_id: id } } = input;
  if (caller.kind !== 'service') {
    const resource = (account: Snapshot): Resource => ({ urn: taskUrn(account, id) });
    return callOnAccount({ action: statusAction, resource, decide: ({ account }) => ({ body: statusAnswer(found(account.deletionTasks, 'deletion task', id)) }) }, services, caller, input, call);
  }
  return callOnNamedAccount({
    resource: (account) => taskUrn(account, id),
    absent: () => noSuchTask(caller.servicePrincipal, id),
    decide: ({ account, servicePrincipal }) => ({ body: statusAnswer(ownDeletionTask(account, servicePrincipal, id)) }),
  }, services, caller, input, call);
}

/** A task has no URN of its own: it is that of its agency, which may be gone, with its id in the place of its name. */
function taskUrn(account: Snapshot, taskId: string): string {
  const task = account.deletionTasks.get(taskId);
  if (task === undefined) return agencyUrn(account.accountId, serviceLinkedPath, taskId);
  return account.agencies.has(task.agencyId) ? agencyResource(account, task.agencyId).urn : agencyUrn(account.accountId, serviceLinkedPathOf(task.servicePrincipal), task.agencyId);
}

const statusAnswer = ({ status, reason, usage }: DeletionTask): StatusAnswer => (status === 'failed' ? { status, reason, agency_usage_list: usage } : { status });
