// The projects and enterprise projects of an account in a bootstrap file, and how grants name them.
import { BootstrapError, type BootstrapAccount } from './bootstrap-file.js';
import { byId, refuseRepeated, resolve } from './bootstrap-names.js';
import type { AccountWriter } from './bootstrap-writer.js';
import { defaultEnterpriseProject, mainProjectId, regionOfProject } from './projects.js';
import { Table } from './table.js';
import type { Project } from './entities.js';

/** Ids by name; undefined for a name of none. An id of the account's own stands for itself. */
export interface NamedProjects {
  readonly project: (name: string) => string | undefined;
  readonly enterpriseProject: (name: string) => string | undefined;
}

export function planProjects(writer: AccountWriter, account: BootstrapAccount, place: string): NamedProjects {
  const { current, now, accountId, shared: { tools: { regions } } } = writer;
  const isRegion = (name: string): boolean => regions === undefined || regions.includes(name);
  const projects = new Map((current?.projects.values() ?? []).map((project) => [project.projectId, project]));
  const resolved = resolve({
    entries: account.projects, place: `${place}/projects`, nameField: 'project_name', idField: 'project_id', name: (entry) => entry.project_name, givenId: (entry) => entry.project_id,
    existing: byId(current?.projects), existingName: ({ projectName }) => projectName, newId: () => writer.newId(),
  });
  for (const { entry, place: at, id, old } of resolved) {
    if (!isRegion(regionOfProject(entry.project_name))) throw new BootstrapError(`${at}/project_name`, `\`${regionOfProject(entry.project_name)}\` is no region of this service`);
    const project: Project = {
      projectId: id, projectName: entry.project_name, description: entry.description ?? old?.description ?? '', enabled: entry.enabled ?? old?.enabled ?? true, createdAt: old?.createdAt ?? now,
    };
    projects.set(id, project);
    writer.put('project', id, project);
  }
  const table = { accountId, projects: Table.of({ id: ({ projectId }: Project) => projectId, name: ({ projectName }) => projectName, createdAt: ({ createdAt }) => createdAt }, [...projects.values()]) };
  const enterpriseProjects = planEnterpriseProjects(writer, account, place);
  return {
    project: (name) => {
      if (projects.has(name)) return name;
      return table.projects.named(name)?.projectId ?? (name === regionOfProject(name) && isRegion(name) ? mainProjectId(table, name) : undefined);
    },
    enterpriseProject: (name) => enterpriseProjects.get(name) ?? ([...enterpriseProjects.values()].includes(name) ? name : undefined),
  };
}

/** Ids by name. */
function planEnterpriseProjects(writer: AccountWriter, account: BootstrapAccount, place: string): ReadonlyMap<string, string> {
  const { current, now } = writer;
  const { enterpriseProjectId: defaultId, enterpriseProjectName: defaultName } = defaultEnterpriseProject;
  const ids = new Map([[defaultName, defaultId], ...(current?.enterpriseProjects.values() ?? []).map((one) => [one.enterpriseProjectName, one.enterpriseProjectId] as const)]);
  const names = new Set([defaultName]);
  const resolved = resolve({
    entries: account.enterprise_projects, place: `${place}/enterprise_projects`, nameField: 'enterprise_project_name', idField: 'enterprise_project_id',
    name: (entry) => entry.enterprise_project_name, givenId: (entry) => entry.enterprise_project_id,
    existing: byId(current?.enterpriseProjects), existingName: ({ enterpriseProjectName }) => enterpriseProjectName, newId: () => writer.newId(),
  });
  for (const { entry, place: at, id, old } of resolved) {
    // [choice] Every account has the default one, and none changes it.
    if (id === defaultId) throw new BootstrapError(`${at}/enterprise_project_id`, `\`${defaultId}\` is the default enterprise project`);
    refuseRepeated(names, entry.enterprise_project_name, `${at}/enterprise_project_name`);
    ids.set(entry.enterprise_project_name, id);
    writer.put('enterprise-project', id, {
      enterpriseProjectId: id, enterpriseProjectName: entry.enterprise_project_name, description: entry.description ?? old?.description ?? '', createdAt: old?.createdAt ?? now,
    });
  }
  return ids;
}
