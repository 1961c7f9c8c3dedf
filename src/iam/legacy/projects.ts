// Projects, the account as a domain, and regions: what the official SDKs ask for before they call anything else.
import { z } from 'zod';
import { ApiError } from '../../base/api-error.js';
import { entityId } from '../../directory/names.js';
import { projectAt, projectsOf, type AccountProject } from '../../directory/projects.js';
import type { Ground, Result } from '../account-call.js';
import { aBoolean, bothOrNeither, domainId, links, linksSchema, pageOfList, pages, refuseOtherDomain, selfLink } from './fields.js';

export const listProjectsQuery = z.object({
  domain_id: domainId.optional(), name: z.string().optional(), parent_id: z.string().optional(), enabled: aBoolean.optional(), is_domain: aBoolean.optional(), ...pages(5000),
}).refine(...bothOrNeither);
export const projectPath = z.object({ project_id: entityId });

const projectAnswerSchema = z.object({
  id: z.string(), name: z.string(), description: z.string(), enabled: z.boolean(), is_domain: z.literal(false), domain_id: z.string(), parent_id: z.string(), links: selfLink,
});
export const projectResponse = z.object({ project: projectAnswerSchema });
export const projectsResponse = z.object({ projects: z.array(projectAnswerSchema), links: linksSchema });

const projectAnswer = (accountId: string, { projectId, projectName, description, enabled, parentId }: AccountProject): z.infer<typeof projectAnswerSchema> =>
  ({ id: projectId, name: projectName, description, enabled, is_domain: false, domain_id: accountId, parent_id: parentId, links: { self: `/v3/projects/${projectId}` } });

/** In the order of their names. */
export function list({ account, services }: Ground, { query }: { readonly query: z.output<typeof listProjectsQuery> }): Result<z.infer<typeof projectsResponse>> {
  refuseOtherDomain(account, query.domain_id);
  const { name, parent_id: parentId, enabled, is_domain: isDomain } = query;
  const projects = projectsOf(account, services.settings.regions).filter((project) => isDomain !== true && (name === undefined || project.projectName === name)
    && (parentId === undefined || project.parentId === parentId) && (enabled === undefined || project.enabled === enabled));
  return { body: { projects: pageOfList(projects, query).map((project) => projectAnswer(account.accountId, project)), links: links('/v3/projects') } };
}

export function show({ account, services }: Ground, { path }: { readonly path: z.output<typeof projectPath> }): Result<z.infer<typeof projectResponse>> {
  const project = projectAt(account, services.settings.regions, path.project_id);
  if (project === undefined) throw new ApiError('entityNotFound', `the project \`${path.project_id}\` cannot be found`);
  return { body: { project: projectAnswer(account.accountId, project) } };
}

/** [choice] Every project of the account that is enabled, whoever asks: what the caller may do there, its roles say. */
export const listOwn = ({ account, services }: Ground): Result<z.infer<typeof projectsResponse>> =>
  ({ body: { projects: projectsOf(account, services.settings.regions).filter(({ enabled }) => enabled).map((project) => projectAnswer(account.accountId, project)), links: links('/v3/auth/projects') } });

export const domainsResponse = z.object({ domains: z.array(z.object({ id: z.string(), name: z.string(), description: z.string(), enabled: z.boolean(), links: selfLink })), links: linksSchema });

/** The one account that the caller's credentials are of: of a session that of its agency. */
export const listDomains = ({ account: { accountId, account } }: Ground): Result<z.infer<typeof domainsResponse>> =>
  ({ body: { domains: [{ id: accountId, name: account.accountName, description: '', enabled: true, links: { self: `/v3/domains/${accountId}` } }], links: links('/v3/auth/domains') } });

export const regionPath = z.object({ region_id: z.string().regex(/^[a-z0-9-]{1,64}$/, 'must be 1 to 64 lower-case letters, digits or -') });

const regionAnswerSchema = z.object({
  id: z.string(), type: z.literal('public'), description: z.string(), parent_region_id: z.null(), locales: z.object({ 'en-us': z.string(), 'zh-cn': z.string() }), links: selfLink,
});
export const regionResponse = z.object({ region: regionAnswerSchema });
export const regionsResponse = z.object({ regions: z.array(regionAnswerSchema), links: linksSchema });

const regionAnswer = (region: string): z.infer<typeof regionAnswerSchema> =>
  ({ id: region, type: 'public', description: '', parent_region_id: null, locales: { 'en-us': region, 'zh-cn': region }, links: { self: `/v3/regions/${region}` } });

export const listRegions = ({ services }: Ground): Result<z.infer<typeof regionsResponse>> => ({ body: { regions: services.settings.regions.map(regionAnswer), links: links('/v3/regions') } });

export function showRegion({ services }: Ground, { path }: { readonly path: z.output<typeof regionPath> }): Result<z.infer<typeof regionResponse>> {
  if (!services.settings.regions.includes(path.region_id)) throw new ApiError('entityNotFound', `the region \`${path.region_id}\` cannot be found`);
  return { body: { region: regionAnswer(path.region_id) } };
}
