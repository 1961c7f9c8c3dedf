// Service-linked agencies: made by the account's principals or by the service, from the template in the catalogue (IAM v5 API §3).
import { z } from 'zod';
import { ApiError } from '../base/api-error.js';
import type { Catalogue } from '../catalogue/index.js';
import { createServiceLinkedAgency, noSuchAgency, ownServiceLinkedAgency, serviceLinkedAgencyOf, serviceLinkedPathOf, setUsage } from '../directory/commands/service-linked-agencies.js';
import { servicePrincipal } from '../directory/names.js';
import type { Snapshot } from '../directory/snapshot.js';
import { foldAscii } from '../policy/index.js';
import { characters } from '../base/characters.js';
import type { Caller } from '../sts/caller.js';
import type { CallContext, Outcome } from '../sts/outcome.js';
import type { Resource } from '../sts/own-action.js';
import type { Services } from '../sts/services.js';
import { newEntityId } from '../urn/ids.js';
import { agencyUrn, parseUrn } from '../urn/urn.js';
import { callOnAccount, type Ground, type Result } from './account-call.js';
import { agencyAnswer, agencyResource, type agencyPath, type agencyResponse } from './agencies.js';
import type { OperationInput } from './audited-input.js';
import { strictDescription } from './fields.js';
import { callOnNamedAccount, refusedToUsers, type ServiceGround } from './service-call.js';

export const createAction = 'iam:agencies:createServiceLinkedAgencyV5';
/** [choice] What the service says of usage decides about deletion, so it is part of that action. */
export const deleteAction = 'iam:agencies:deleteServiceLinkedAgencyV5';

const mostRegions = 20;
const mostResources = 100;

export const createBody = z.object({
  service_principal: servicePrincipal, description: strictDescription(1000).optional(),
});
const usageUrn = characters(1, 1500).refine((text) => parseUrn(text) !== undefined, 'must be a URN of five segments');
export const usageBody = z.object({
  usage: z.array(z.object({
    region: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -'), resources: z.array(usageUrn).min(1).max(mostResources),
  })).max(mostRegions),
});

interface Creation extends OperationInput {
  readonly body: z.output<typeof createBody>;
}
interface UsageReport extends OperationInput {
  readonly path: z.output<typeof agencyPath>;
  readonly body: z.output<typeof usageBody>;
}
type AgencyBody = z.input<typeof agencyResponse>;

export function create(services: Services, caller: Caller, input: Creation, call: CallContext): Promise<Outcome<AgencyBody>> {
  const { catalogue } = services;
  if (caller.kind !== 'service') {
    const resource = (account: Snapshot): Resource => newResource(catalogue, account, input);
    return callOnAccount({ action: createAction, resource, outlasts: true, decide: createdIn }, services, caller, input, call);
  }
  return callOnNamedAccount({
    resource: (account) => newResource(catalogue, account, input).urn,
    absent: () => new ApiError('entityNotFound', 'the account that `X-Source-Account` names cannot be found'),
    decide: createdByService,
  }, services, caller, input, call);
}

/** The agency to be; that of a service without a template has the service's name. */
function newResource(catalogue: Catalogue, account: Snapshot, { body: { service_principal: wanted } }: Creation): Resource {
  const { servicePrincipal, agencyName } = catalogue.serviceLinkedAgency(wanted) ?? { servicePrincipal: wanted, agencyName: wanted };
  return { urn: agencyUrn(account.accountId, serviceLinkedPathOf(servicePrincipal), agencyName), conditions: [['iam:ServicePrincipal', servicePrincipal]] };
}

/** [choice] Asked for again, the agency that there is is the answer, and nothing of it changes. */
function createdIn({ services, account, call }: Pick<Ground, 'services' | 'account' | 'call'>, { body }: Creation): Result<AgencyBody> {
  const template = services.catalogue.serviceLinkedAgency(body.service_principal);
  if (template === undefined) throw new ApiError('serviceNotLinked', `\`service_principal\`: \`${body.service_principal}\` is no service that has a service-linked agency`);
  const existing = serviceLinkedAgencyOf(account, template.servicePrincipal);
  if (existing !== undefined) return { body: { agency: agencyAnswer(account.accountId, existing) } };
  const change = createServiceLinkedAgency(account, template, { agencyId: newEntityId(services.random), description: body.description, createdAt: call.now });
  return { body: { agency: agencyAnswer(account.accountId, change.entity) }, change };
}

function createdByService(ground: ServiceGround, input: Creation): Result<AgencyBody> {
  const { service_principal: wanted } = input.body;
  if (foldAscii(wanted) !== foldAscii(ground.servicePrincipal)) throw new ApiError('accessDenied', `\`service_principal\`: \`${ground.servicePrincipal}\` may make only its own agency, not that of \`${wanted}\``);
  return createdIn(ground, input);
}

/** What still needs the agency is known to its service alone. */
export function reportUsage(services: Services, caller: Caller, input: UsageReport, call: CallContext): Promise<Outcome<undefined>> {
  const { path: { agency_id: id }, body: { usage } } = input;
  if (caller.kind !== 'service') return Promise.resolve(refusedToUsers(input, agencyResource(caller.snapshot, id).urn));
  return callOnNamedAccount({
    resource: (account) => agencyResource(account, id).urn,
    absent: () => noSuchAgency(caller.servicePrincipal, id),
    decide: ({ account, servicePrincipal }) => ({ body: undefined, change: setUsage(ownServiceLinkedAgency(account, servicePrincipal, id), usage) }),
  }, services, caller, input, call);
}
