// Where the request lies that a question is about: its project, and the enterprise project where that counts.
import type { Catalogue, CatalogueOperation } from '../catalogue/index.js';
import { mainProjectId, projectAt } from '../directory/projects.js';
import type { RequestScope } from '../directory/role-policies.js';
import type { Snapshot } from '../directory/snapshot.js';
import { parseUrn } from '../urn/urn.js';
import type { ConditionEntry } from './call-conditions.js';

/** What a question says of it. */
export interface GivenScope {
  readonly projectId: string | undefined;
  readonly enterpriseProjectId: string | undefined;
  readonly direct: boolean;
}

export interface ScopedQuestion {
  readonly action: string;
  /** A URN. */
  readonly resource: string | undefined;
  readonly scope: GivenScope | undefined;
}

/**
 * [choice] Where no project is named, the region of the resource names the account's main project there, and a resource
 * without a region, or none, lies at the domain.
 */
export function requestScope(account: Snapshot, catalogue: Pick<Catalogue, 'countsForEnterpriseProject'>, { action, resource, scope }: ScopedQuestion, operation: CatalogueOperation | undefined): RequestScope {
  const region = regionOf(resource);
  const enterpriseProjectId = scope?.enterpriseProjectId;
  return {
    projectId: scope?.projectId ?? (region === '' ? undefined : mainProjectId(account, region)),
    enterpriseProjectId: enterpriseProjectId !== undefined && catalogue.countsForEnterpriseProject(enterpriseProjectId, action, operation) ? enterpriseProjectId : undefined,
    direct: scope?.direct === true,
  };
}

/**
 * `g:ProjectName` and `g:EnterpriseProjectId` of the request: what they say and what roles count by is the same. [choice] A
 * project that the account does not have has a name that no project has, and an enterprise project that does not count
 * for what is asked is not there.
 * @param scope of the same question @param regions those that the service has; undefined: not known
 */
export function scopeConditions(account: Snapshot, { resource, scope: given }: Omit<ScopedQuestion, 'action'>, scope: RequestScope, regions: readonly string[] | undefined): readonly ConditionEntry[] {
  const region = regionOf(resource);
  const places = regions ?? (region === '' ? [] : [region]);
  const projectId = given?.projectId;
  const name = projectId === undefined ? region || undefined : (projectAt(account, places, projectId)?.projectName ?? `:${projectId}`);
  return [['g:ProjectName', name], ['g:EnterpriseProjectId', scope.enterpriseProjectId]];
}

/**
 * [choice] What an account's policies and roles say counts in its own projects: in one of another account, or of none, it
 * gives nothing away. The region of the resource has its main project, whether the service knows the region or not.
 */
export function foreignProject(account: Snapshot, { resource, scope }: Omit<ScopedQuestion, 'action'>, regions: readonly string[]): string | undefined {
  const region = regionOf(resource);
  const known = scope?.projectId === undefined || projectAt(account, region === '' ? regions : [...regions, region], scope.projectId) !== undefined;
  return known ? undefined : 'the project is none of the account\'s';
}

const regionOf = (resource: string | undefined): string => parseUrn(resource ?? '')?.region ?? '';
