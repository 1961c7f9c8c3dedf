// Projects, domains, regions, enterprise projects and quotas: what clients of the older API look up.
import * as enterpriseProjects from '../../../iam/legacy/enterprise-projects.js';
import * as projects from '../../../iam/legacy/projects.js';
import * as quotas from '../../../iam/legacy/quotas.js';
import type { Operation } from '../../operation.js';
import { legacyOperation } from './legacy-operation.js';

export const projectOperations: readonly Operation[] = [
  legacyOperation({
    name: 'KeystoneListProjects', method: 'get', path: '/v3/projects', summary: 'Lists the projects of the account, in the order of their names',
    action: 'iam:projects:listProjects', refusals: [400, 403], query: projects.listProjectsQuery, status: 200, response: projects.projectsResponse, decide: projects.list,
  }),
  legacyOperation({
    name: 'KeystoneShowProject', method: 'get', path: '/v3/projects/{project_id}', summary: 'Shows a project',
    action: 'iam:projects:getProject', refusals: [400, 403, 404], parameters: projects.projectPath, status: 200, response: projects.projectResponse, decide: projects.show,
  }),
  legacyOperation({
    name: 'KeystoneListAuthProjects', method: 'get', path: '/v3/auth/projects', summary: 'Lists the projects of the account that are enabled',
    action: null, refusals: [403], status: 200, response: projects.projectsResponse, decide: projects.listOwn,
  }),
  legacyOperation({
    name: 'KeystoneListAuthDomains', method: 'get', path: '/v3/auth/domains', summary: 'Lists the one account that the caller belongs to',
    action: null, refusals: [403], status: 200, response: projects.domainsResponse, decide: projects.listDomains,
  }),
  legacyOperation({
    name: 'KeystoneListRegions', method: 'get', path: '/v3/regions', summary: 'Lists the regions',
    action: null, refusals: [403], status: 200, response: projects.regionsResponse, decide: projects.listRegions,
  }),
  legacyOperation({
    name: 'KeystoneShowRegion', method: 'get', path: '/v3/regions/{region_id}', summary: 'Shows a region',
    action: null, refusals: [400, 403, 404], parameters: projects.regionPath, status: 200, response: projects.regionResponse, decide: projects.showRegion,
  }),
  legacyOperation({
    name: 'ShowDomainQuota', method: 'get', path: '/v3.0/OS-QUOTA/domains/{domain_id}', summary: 'Shows what the account holds and may hold',
    action: 'iam:quotas:listQuotas', refusals: [400, 403], parameters: quotas.domainPath, query: quotas.quotaQuery, status: 200, response: quotas.quotasResponse, decide: quotas.show,
  }),
  legacyOperation({
    name: 'ListEnterpriseProject', method: 'get', path: '/v1.0/enterprise-projects', summary: 'Lists the enterprise projects of the account',
    action: 'eps:enterpriseProjects:list', refusals: [400, 403], query: enterpriseProjects.listQuery, status: 200, response: enterpriseProjects.enterpriseProjectsResponse, decide: enterpriseProjects.list,
  }),
  legacyOperation({
    name: 'ShowEnterpriseProject', method: 'get', path: '/v1.0/enterprise-projects/{enterprise_project_id}', summary: 'Shows an enterprise project',
    action: 'eps:enterpriseProjects:get', refusals: [400, 403, 404], parameters: enterpriseProjects.enterpriseProjectPath, status: 200, response: enterpriseProjects.enterpriseProjectResponse, decide: enterpriseProjects.show,
  }),
];
