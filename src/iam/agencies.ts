// Trust agencies, and a look at those of the other kinds (IAM v5 API §2).
import { z } from 'zod';
import { ApiError } from '../base/api-error.js';
import { createAgency, deleteAgency, updateAgency } from '../directory/commands/agencies.js';
import { found } from '../directory/commands/rules.js';
import { sessionDuration, type Agency } from '../directory/entities.js';
import type { Snapshot } from '../directory/snapshot.js';
import { agencyName, entityId, path } from '../directory/names.js';
import type { Resource } from '../sts/own-action.js';
import { newEntityId } from '../urn/ids.js';
import { agencyUrn } from '../urn/urn.js';
import type { Ground, Result } from './account-call.js';
import { description, pathPrefix, policyDocument, tag, tagAnswer, timestamp } from './fields.js';
import { listingOf, pageInfo, pageOf, pageQuery } from './page.js';

const maxSessionDuration = z.int().min(sessionDuration.defaultSeconds).max(sessionDuration.maximumSeconds);

export const createAgencyBody = z.object({
  agency_name: agencyName, trust_policy: policyDocument('trust'), path: path.default(''), description: description.default(''),
  max_session_duration: maxSessionDuration.default(sessionDuration.defaultSeconds),
});
export const updateAgencyBody = z.object({ max_session_duration: maxSessionDuration.optional(), description: description.optional() });
export const updateTrustPolicyBody = z.object({ trust_policy: policyDocument('trust') });
export const listAgenciesQuery = z.object({ ...pageQuery, path_prefix: pathPrefix.default('') });
export const agencyPath = z.object({ agency_id: entityId });

/** `trust_policy` is of agencies that have one, `trust_domain_*` of legacy ones. */
const agencyAnswerSchema = z.object({
  urn: z.string(), agency_id: z.string(), agency_name: z.string(), path: z.string(), created_at: z.string(), max_session_duration: z.int(), description: z.string(),
  trust_policy: z.string().optional(), trust_domain_id: z.string().optional(), trust_domain_name: z.string().optional(),
});
export const agencyResponse = z.object({ agency: agencyAnswerSchema });
export const agencyWithTagsResponse = z.object({ agency: agencyAnswerSchema.extend({ tags: z.array(tag) }) });
export const agenciesResponse = z.object({ agencies: z.array(agencyAnswerSchema), page_info: pageInfo });

type AgencyAnswer = z.infer<typeof agencyAnswerSchema>;
type AgencyPath = z.infer<typeof agencyPath>;

export function agencyAnswer(accountId: string, agency: Agency): AgencyAnswer {
  const { agencyId, agencyName: name, path: at, createdAt, maxSessionDurationSeconds } = agency;
  return {
    urn: agencyUrn(accountId, at, name), agency_id: agencyId, agency_name: name, path: at, created_at: timestamp(createdAt),
    max_session_duration: maxSessionDurationSeconds, description: agency.description,
    ...(agency.kind === 'legacy' ? { trust_domain_id: agency.trustDomainId, trust_domain_name: agency.trustDomainName } : { trust_policy: agency.trustPolicy }),
  };
}

/** An agency that does not exist has its id in the place of its name. */
export function agencyResource(account: Snapshot, agencyId: string): Resource {
  const agency = account.agencies.get(agencyId);
  return agency === undefined
    ? { urn: agencyUrn(account.accountId, '', agencyId) }
    : { urn: agencyUrn(account.accountId, agency.path, agency.agencyName), tags: agency.tags };
}

export const newAgencyResource = (account: Snapshot, { body }: { readonly body: z.output<typeof createAgencyBody> }): Resource =>
  ({ urn: agencyUrn(account.accountId, body.path, body.agency_name) });

export const everyAgency = (account: Snapshot): Resource => ({ urn: agencyUrn(account.accountId, '', '*') });

export function create({ account, services, call }: Ground, { body }: { readonly body: z.output<typeof createAgencyBody> }): Result<{ agency: AgencyAnswer }> {
  if (services.catalogue.isReservedAgencyName(body.agency_name)) throw new ApiError('invalidAgencyName', `\`agency_name\`: \`${body.agency_name}\` is reserved for the service-linked agency of its service`);
  const change = createAgency(account, {
    agencyId: newEntityId(services.random), agencyName: body.agency_name, path: body.path, description: body.description,
    maxSessionDurationSeconds: body.max_session_duration, trustPolicy: body.trust_policy, createdAt: call.now,
  });
  return { body: { agency: agencyAnswer(account.accountId, change.entity) }, change };
}

export function list({ account }: Ground, { query }: { readonly query: z.output<typeof listAgenciesQuery> }): Result<z.infer<typeof agenciesResponse>> {
  const page = pageOf(listingOf('agencies', account.agencies), query, (agency) => agency.path.startsWith(query.path_prefix));
  return { body: { agencies: page.items.map((agency) => agencyAnswer(account.accountId, agency)), page_info: page.pageInfo } };
}

export function get({ account }: Ground, { path: { agency_id: id } }: { readonly path: AgencyPath }): Result<z.infer<typeof agencyWithTagsResponse>> {
  const agency = found(account.agencies, 'agency', id);
  return { body: { agency: { ...agencyAnswer(account.accountId, agency), tags: agency.tags.map(tagAnswer) } } };
}

export function update({ account }: Ground, { path: { agency_id: id }, body }: { readonly path: AgencyPath; readonly body: z.output<typeof updateAgencyBody> }): Result<undefined> {
  const { max_session_duration: maxSessionDurationSeconds, description: text } = body;
  const change = updateAgency(account, id, {
    ...(maxSessionDurationSeconds !== undefined && { maxSessionDurationSeconds }), ...(text !== undefined && { description: text }),
  });
  return { body: undefined, change };
}

export function updateTrustPolicy({ account }: Ground, { path: { agency_id: id }, body }: { readonly path: AgencyPath; readonly body: z.output<typeof updateTrustPolicyBody> }): Result<undefined> {
  return { body: undefined, change: updateAgency(account, id, { trustPolicy: body.trust_policy }) };
}

export const remove = ({ account }: Ground, { path: { agency_id: id } }: { readonly path: AgencyPath }): Result<undefined> =>
  ({ body: undefined, change: deleteAgency(account, id) });
