// Where granted roles count, and the same as conditions of Version 5.0: a statement with them counts there, and nowhere else.
import type { SystemRole } from '../../catalogue/index.js';
import type { RoleScope } from '../entities.js';
import { countsIn } from '../roles.js';
import type { Clause, Said } from './statement.js';

/** Condition keys that requests have which belong to a project, or name an enterprise project. */
const projectNameKey = 'g:ProjectName';
const enterpriseProjectIdKey = 'g:EnterpriseProjectId';

export interface ScopeNames {
  /** Undefined: the account has no such project. */
  readonly projectName: (projectId: string) => string | undefined;
}

/** Requests of some kind: both members must hold. */
export interface Area {
  /** `no`: without a project; `some`: in whatever project; else in one of these, by name. */
  readonly project: 'any' | 'no' | 'some' | ReadonlySet<string>;
  /** Undefined: whatever enterprise project, or none. */
  readonly enterpriseProject: ReadonlySet<string> | undefined;
}

/** Requests that are in any of the areas. */
export type Areas = readonly Area[];

/** @param scopes of all grants of one role @param type where the role counts: in other scopes it grants nothing */
export function areasOf(scopes: readonly RoleScope[], type: SystemRole['type'], { projectName }: ScopeNames): Said<Areas> {
  const lost: string[] = [];
  const projects = new Set<string>();
  const enterpriseProjects = new Set<string>();
  let [domain, allProjects] = [false, false];
  for (const scope of scopes) {
    const nowhere = whyNowhere(scope, type, scope.kind === 'project' ? projectName(scope.projectId) : undefined);
    if (nowhere !== undefined) lost.push(nowhere);
    else if (scope.kind === 'enterprise-project') enterpriseProjects.add(scope.enterpriseProjectId);
    else if (scope.kind === 'project') projects.add(projectName(scope.projectId) ?? '');
    else if (scope.kind === 'domain') domain = true;
    else allProjects = true;
  }
  if (allProjects) lost.push('granted on all projects: its policy counts where services accept grants on the very project alone (`direct`), too, and so allows more there');
  const inThem: Areas = allProjects ? [{ project: 'some', enterpriseProject: undefined }] : projects.size > 0 ? [{ project: projects, enterpriseProject: undefined }] : [];
  return {
    said: domain && allProjects ? [{ project: 'any', enterpriseProject: undefined }] : [
      ...(domain ? [{ project: 'no' as const, enterpriseProject: undefined }] : []), ...inThem, ...(enterpriseProjects.size > 0 ? [{ project: 'any' as const, enterpriseProject: enterpriseProjects }] : []),
    ],
    lost,
  };
}

/** @param name of the project that the scope is */
function whyNowhere(scope: RoleScope, type: SystemRole['type'], name: string | undefined): string | undefined {
  if (!countsIn(type, scope.kind)) return `granted on ${scopeText(scope, name)}, where it does not count`;
  return scope.kind === 'project' && name === undefined ? `granted on ${scopeText(scope, name)}, which does not exist` : undefined;
}

function scopeText(scope: RoleScope, projectName: string | undefined): string {
  switch (scope.kind) {
    case 'domain':
      return 'the domain';
    case 'all-projects':
      return 'all projects';
    case 'project':
      return `the project \`${projectName ?? scope.projectId}\``;
    case 'enterprise-project':
      return `the enterprise project \`${scope.enterpriseProjectId}\``;
  }
}

/** Requests that are in both. */
export const overlap = (some: Areas, others: Areas): Areas => some.flatMap((one) => others.flatMap((other) => meeting(one, other) ?? []));

function meeting(one: Area, other: Area): Area | undefined {
  const project = common(one.project, other.project);
  const enterpriseProject = one.enterpriseProject === undefined || other.enterpriseProject === undefined
    ? one.enterpriseProject ?? other.enterpriseProject : both(one.enterpriseProject, other.enterpriseProject);
  return project === undefined || enterpriseProject?.size === 0 ? undefined : { project, enterpriseProject };
}

function common(one: Area['project'], other: Area['project']): Area['project'] | undefined {
  if (one === other || other === 'any') return one;
  if (one === 'any') return other;
  if (one === 'no' || other === 'no') return undefined;
  if (one === 'some') return other;
  if (other === 'some') return one;
  const names = both(one, other);
  return names.size === 0 ? undefined : names;
}

const both = (one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> => new Set([...one].filter((item) => other.has(item)));

/** All of them must hold. */
export const clausesOf = ({ project, enterpriseProject }: Area): readonly Clause[] => [
  ...(project === 'any' ? [] : typeof project === 'object' ? [equals(projectNameKey, project)] : [{ operator: 'Null', key: projectNameKey, values: project === 'no' ? 'true' : 'false' }]),
  ...(enterpriseProject === undefined ? [] : [equals(enterpriseProjectIdKey, enterpriseProject)]),
];

const equals = (key: string, values: ReadonlySet<string>): Clause => ({ operator: 'StringEquals', key, values: [...values].sort() });
