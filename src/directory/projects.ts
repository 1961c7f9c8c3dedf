// The projects of an account: one main project of each region without its being stored, and those that are stored.
import { createHash } from 'node:crypto';
import { defaultEnterpriseProjectId } from '../catalogue/index.js';
import type { EnterpriseProject, Project } from './entities.js';
import type { Snapshot } from './snapshot.js';

/** Ids of regions of the cloud; the setting `STS_REGIONS` takes their place. */
export const defaultRegions: readonly string[] = ['cn-north-1', 'cn-north-4', 'cn-north-9', 'cn-east-2', 'cn-east-3', 'cn-south-1', 'cn-southwest-2', 'ap-southeast-1', 'ap-southeast-3'];

export const regionPattern = /^[a-z][a-z0-9]*(-[a-z0-9]+){0,5}$/;

type Projects = Pick<Snapshot, 'accountId' | 'projects'>;

/** A project as it counts, stored or not. */
export interface AccountProject extends Pick<Project, 'projectId' | 'projectName' | 'description' | 'enabled'> {
  readonly region: string;
  /** The main project of the region; of a main project, the account. */
  readonly parentId: string;
}

/** Id of the project that is named like the region: that of the stored one, else the first 32 digits of SHA-256 of `project:<account>:<region>`. */
export const mainProjectId = ({ accountId, projects }: Projects, region: string): string =>
  projects.named(region)?.projectId ?? createHash('sha256').update(`project:${accountId}:${region}`).digest('hex').slice(0, 32);

/** The region of a project by its name: all of it, or what is before the first `_`. */
export const regionOfProject = (projectName: string): string => projectName.split('_', 1)[0] ?? '';

/** In the order of their names. @param regions those that the service has; a stored project may be in another one */
export function projectsOf(account: Projects, regions: readonly string[]): readonly AccountProject[] {
  const main = regions.filter((region) => account.projects.named(region) === undefined).map((region) => unstored(account, region));
  return [...main, ...account.projects.values().map((project) => stored(account, project))].sort((one, other) => (one.projectName < other.projectName ? -1 : 1));
}

/** The account's project of this id; undefined for one of another account, too. */
export function projectAt(account: Projects, regions: readonly string[], projectId: string): AccountProject | undefined {
  const project = account.projects.get(projectId);
  if (project !== undefined) return stored(account, project);
  const region = regions.find((one) => mainProjectId(account, one) === projectId);
  return region === undefined ? undefined : unstored(account, region);
}

export function projectNamed(account: Projects, regions: readonly string[], projectName: string): AccountProject | undefined {
  const project = account.projects.named(projectName);
  if (project !== undefined) return stored(account, project);
  return regions.includes(projectName) ? unstored(account, projectName) : undefined;
}

const unstored = (account: Projects, region: string): AccountProject =>
  ({ projectId: mainProjectId(account, region), projectName: region, description: '', enabled: true, region, parentId: account.accountId });

function stored(account: Projects, { projectId, projectName, description, enabled }: Project): AccountProject {
  const region = regionOfProject(projectName);
  return { projectId, projectName, description, enabled, region, parentId: projectName === region ? account.accountId : mainProjectId(account, region) };
}

/** The enterprise project that every account has without its being stored. */
export const defaultEnterpriseProject: EnterpriseProject = { enterpriseProjectId: defaultEnterpriseProjectId, enterpriseProjectName: 'default', description: '', createdAt: Date.UTC(2023, 0, 1) };

type EnterpriseProjects = Pick<Snapshot, 'enterpriseProjects'>;

export const enterpriseProjectsOf = ({ enterpriseProjects }: EnterpriseProjects): readonly EnterpriseProject[] => [defaultEnterpriseProject, ...enterpriseProjects.values()];

export const enterpriseProjectAt = ({ enterpriseProjects }: EnterpriseProjects, id: string): EnterpriseProject | undefined =>
  (id === defaultEnterpriseProject.enterpriseProjectId ? defaultEnterpriseProject : enterpriseProjects.get(id));
