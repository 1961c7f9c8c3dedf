// The scopes of a granted role as conditions of Version 5.0: where a grant counts, a statement with them does, and nowhere else.
import type { SystemRole } from '../../catalogue/index.js';
import type { RoleScope } from '../entities.js';
import type { Clause, Said } from './statement.js';

/** Condition keys that requests have which belong to a project, or name an enterprise project. */
export const projectNameKey = 'g:ProjectName';
export const enterpriseProjectIdKey = 'g:EnterpriseProjectId';

export interface ScopeNames {
  /** Undefined: the account has no such project. */
  readonly projectName: (projectId: string) => string | undefined;
}

/** One list of clauses per statement that is needed: any of them is enough, and all clauses of one must hold. */
type Alternatives = readonly (readonly Clause[])[];

const noProject: Clause = { operator: 'Null', key: projectNameKey, values: 'true' };
const anyProject: Clause = { operator: 'Null', key: projectNameKey, values: 'false' };

/** @param scopes of all grants of one role @param type where the role counts: in other scopes it grants nothing */
export function scopesInVersion5(scopes: readonly RoleScope[], type: SystemRole['type'], { projectName }: ScopeNames): Said<Alternatives> {
  const inDomain = type === 'AX' || type === 'AA';
  const inProjects = type === 'XA' || type === 'AA';
  const lost: string[] = [];
  const projects: string[] = [];
  const enterpriseProjects: string[] = [];
  let [domain, allProjects] = [false, false];
  for (const scope of scopes) {
    switch (scope.kind) {
      case 'domain':
        if (inDomain) domain = true;
        else lost.push('granted on the domain, where it does not count');
        break;
      case 'all-projects':
        if (inProjects) allProjects = true;
        else lost.push('granted on all projects, where it does not count');
        break;
      case 'project': {
        const name = projectName(scope.projectId);
        if (!inProjects) lost.push(`granted on the project \`${name ?? scope.projectId}\`, where it does not count`);
        else if (name === undefined) lost.push(`granted on the project \`${scope.projectId}\`, which does not exist`);
        else projects.push(name);
        break;
      }
      case 'enterprise-project':
        if (type === 'XX') lost.push(`granted on the enterprise project \`${scope.enterpriseProjectId}\`, where it does not count`);
        else enterpriseProjects.push(scope.enterpriseProjectId);
    }
  }
  if (allProjects) lost.push('granted on all projects: services that accept grants on the very project only will not tell the difference any more');
  if (domain && allProjects) return { said: [[]], lost };
  return {
    said: [
      ...(domain ? [[noProject]] : []),
      ...(allProjects ? [[anyProject]] : projects.length > 0 ? [[equals(projectNameKey, projects)]] : []),
      ...(enterpriseProjects.length > 0 ? [[equals(enterpriseProjectIdKey, enterpriseProjects)]] : []),
    ],
    lost,
  };
}

const equals = (key: string, values: readonly string[]): Clause => ({ operator: 'StringEquals', key, values: [...new Set(values)].sort() });
