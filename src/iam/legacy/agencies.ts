// Agencies of the older system (legacy agencies §2).
import { z } from 'zod';
import { ApiError } from '../../base/api-error.js';
import { createLegacyAgency, deleteLegacyAgency, legacyAgency, updateLegacyAgency } from '../../directory/commands/legacy-agencies.js';
import type { LegacyAgency } from '../../directory/entities.js';
import { agencyName, entityId } from '../../directory/names.js';
import type { Snapshot } from '../../directory/snapshot.js';
import { duration, durationText } from '../../directory/validity.js';
import type { Resource } from '../../sts/own-action.js';
import { newEntityId } from '../../urn/ids.js';
import { agencyUrn } from '../../urn/urn.js';
import type { Ground, Result } from '../account-call.js';
import { agencyResource } from '../agencies.js';
import { bothOrNeither, description, domainId, pageOfList, pages, refuseOtherDomain, timeWithoutZone } from './fields.js';
import { trustedDomain, trustedDomainFields, type GivenDomain } from './trusted-domain.js';

const missing = (what: string) => ({ error: what, params: { cause: 'missingField' } });
const isAnyGiven = (fields: object): boolean => Object.values(fields).some((value) => value !== undefined);

/** Members that are not known are not looked at, as in all bodies here: clients send some of their own. */
export const createAgencyBody = z.object({
  agency: z.object({ name: agencyName, domain_id: domainId, ...trustedDomainFields, description: description.default(''), duration: duration.default(null) })
    .refine(({ trust_domain_id: id, trust_domain_name: name }) => isAnyGiven({ id, name }), missing('needs `trust_domain_name` or `trust_domain_id`')),
});
export const updateAgencyBody = z.object({
  agency: z.object({ name: z.string().optional(), ...trustedDomainFields, description: description.optional(), duration: duration.optional() })
    .refine(({ name: _name, ...changes }) => isAnyGiven(changes), missing('needs one of `trust_domain_id`, `trust_domain_name`, `description` and `duration`')),
});
export const listAgenciesQuery = z.object({ domain_id: domainId.optional(), name: z.string().optional(), trust_domain_id: z.string().optional(), ...pages(500) }).refine(...bothOrNeither);
export const agencyPath = z.object({ agency_id: entityId });

const newAgencyAnswerSchema = z.object({
  id: z.string(), name: z.string(), domain_id: z.string(), trust_domain_id: z.string().describe('empty: a cloud service'), description: z.string(),
  duration: z.string().describe('hours, or FOREVER'), create_time: z.string(), expire_time: z.string().nullable(), agency_urn: z.string(),
});
const agencyAnswerSchema = newAgencyAnswerSchema.extend({ trust_domain_name: z.string() });
export const newAgencyResponse = z.object({ agency: newAgencyAnswerSchema });
export const agencyResponse = z.object({ agency: agencyAnswerSchema });
export const agenciesResponse = z.object({ agencies: z.array(agencyAnswerSchema) });

type NewAgencyAnswer = z.infer<typeof newAgencyAnswerSchema>;
type AgencyAnswer = z.infer<typeof agencyAnswerSchema>;
interface OfAgency {
  readonly path: z.output<typeof agencyPath>;
}

function newAgencyAnswer(accountId: string, agency: LegacyAgency): NewAgencyAnswer {
  return {
    id: agency.agencyId, name: agency.agencyName, domain_id: accountId, trust_domain_id: agency.trustDomainId, description: agency.description, duration: durationText(agency),
    create_time: timeWithoutZone(agency.createdAt), expire_time: agency.expiresAt === undefined ? null : timeWithoutZone(agency.expiresAt), agency_urn: agencyUrn(accountId, agency.path, agency.agencyName),
  };
}

const agencyAnswer = (accountId: string, agency: LegacyAgency): AgencyAnswer => ({ ...newAgencyAnswer(accountId, agency), trust_domain_name: agency.trustDomainName });

export const newAgencyResource = (account: Snapshot, { body }: { readonly body: z.output<typeof createAgencyBody> }): Resource => ({ urn: agencyUrn(account.accountId, '', body.agency.name) });
export const namedAgency = (account: Snapshot, { path }: OfAgency): Resource => agencyResource(account, path.agency_id);

export async function create({ account, services, call }: Ground, { body: { agency } }: { readonly body: z.output<typeof createAgencyBody> }): Promise<Result<{ agency: NewAgencyAnswer }>> {
  refuseOtherDomain(account, agency.domain_id, 'agency.domain_id');
  if (services.catalogue.isReservedAgencyName(agency.name)) throw new ApiError('invalidAgencyName', `\`agency.name\`: \`${agency.name}\` is reserved for the service-linked agency of its service`);
  const change = createLegacyAgency(account, {
    ...await trustedDomain(services, agency), agencyId: newEntityId(services.random), agencyName: agency.name, description: agency.description, duration: agency.duration, createdAt: call.now,
  });
  return { body: { agency: newAgencyAnswer(account.accountId, change.entity) }, change };
}

/** In the order of their creation; agencies of the other kinds are none of this API. */
export function list({ account }: Ground, { query }: { readonly query: z.output<typeof listAgenciesQuery> }): Result<z.infer<typeof agenciesResponse>> {
  refuseOtherDomain(account, query.domain_id);
  const agencies = account.agencies.values().flatMap((agency) => (agency.kind === 'legacy' ? [agency] : []))
    .filter((agency) => (query.name === undefined || agency.agencyName === query.name) && (query.trust_domain_id === undefined || agency.trustDomainId === query.trust_domain_id));
  return { body: { agencies: pageOfList(agencies, query).map((agency) => agencyAnswer(account.accountId, agency)) } };
}

export const show = ({ account }: Ground, { path }: OfAgency): Result<z.infer<typeof agencyResponse>> => ({ body: { agency: agencyAnswer(account.accountId, legacyAgency(account, path.agency_id)) } });

export async function update({ account, services, call }: Ground, { path, body: { agency } }: OfAgency & { readonly body: z.output<typeof updateAgencyBody> }): Promise<Result<z.infer<typeof agencyResponse>>> {
  const { agencyName: current } = legacyAgency(account, path.agency_id);
  if (agency.name !== undefined && agency.name !== current) throw new ApiError('invalidField', '`agency.name`: the name of an agency cannot be changed');
  const change = updateLegacyAgency(account, path.agency_id, {
    ...(isTrustGiven(agency) && { trust: await trustedDomain(services, agency) }), ...(agency.description !== undefined && { description: agency.description }),
    ...(agency.duration !== undefined && { duration: agency.duration }),
  }, { now: call.now, serviceAgencies: services.settings.serviceAgencyUpdates });
  return { body: { agency: agencyAnswer(account.accountId, change.entity) }, change };
}

const isTrustGiven = ({ trust_domain_id: id, trust_domain_name: name }: GivenDomain): boolean => id !== undefined || name !== undefined;

export const remove = ({ account }: Ground, { path }: OfAgency): Result<undefined> => ({ body: undefined, change: deleteLegacyAgency(account, path.agency_id) });
