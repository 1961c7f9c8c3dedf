// What a token of the older system is for: the account's domain, or one of its projects (legacy agencies §4a).
import { z } from 'zod';
import { ApiError } from '../../base/api-error.js';
import { characters } from '../../base/characters.js';
import { projectAt, projectNamed, type AccountProject } from '../../directory/projects.js';
import type { Snapshot } from '../../directory/snapshot.js';
import type { TokenScope } from '../../sessions/session.js';

const idOrName = z.object({ id: characters(1, 64).optional(), name: characters(1, 64).optional() });
export const scopeField = z.object({ project: idOrName.optional(), domain: idOrName.optional() }).optional().describe('a project or the domain of the account; both: the project; absent or empty: the domain');
type GivenScope = z.output<typeof scopeField>;

/** Throws the 400 for a project or domain that is not the account's. @param regions that the service has */
export function tokenScope(account: Snapshot, regions: readonly string[], scope: GivenScope): TokenScope {
  const { project, domain } = scope ?? {};
  if (isNamed(project)) return { kind: 'project', projectId: scopedProject(account, regions, project).projectId };
  if (domain === undefined || (isSame(domain.id, account.accountId) && isSame(domain.name, account.account.accountName))) return { kind: 'domain' };
  throw new ApiError('invalidField', '`auth.scope.domain`: is not the account that the token is of');
}

type Named = z.output<typeof idOrName>;

const isNamed = (project: Named | undefined): project is Named => project?.id !== undefined || project?.name !== undefined;
const isSame = (given: string | undefined, own: string): boolean => given === undefined || given === own;

function scopedProject(account: Snapshot, regions: readonly string[], { id, name }: Named): AccountProject {
  const project = id === undefined ? projectNamed(account, regions, name ?? '') : projectAt(account, regions, id);
  if (project?.enabled !== true || !isSame(name, project.projectName)) throw new ApiError('invalidField', '`auth.scope.project`: the account that the token is of has no such project');
  return project;
}

/** For the events. */
export const auditedScope = (scope: TokenScope): string => (scope.kind === 'domain' ? 'domain' : `project ${scope.projectId}`);
