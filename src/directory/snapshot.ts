// One account at one revision: immutable, looked up by id and by name, shared by all requests that read it.
import type { SystemPolicy, SystemRole } from '../catalogue/index.js';
import type { Account, EntityKind, EntityKinds } from './entities.js';
import { Table, type TableKeys, type Tables } from './table.js';

/** The stored fields of an account, parsed: `<kind>:<id>` → entity. */
export type EntityField = `${EntityKind}:${string}`;
export type EntityEntry = readonly [EntityField, EntityKinds[EntityKind]];

/** Policies that every account has, by id. */
export type SystemPolicies = ReadonlyMap<string, SystemPolicy>;

/** Roles and policies of the older system that every account has, by id. */
export type SystemRoles = ReadonlyMap<string, SystemRole>;

/** What every account has without having it stored. */
export interface Provided {
  readonly systemPolicies: SystemPolicies;
  readonly systemRoles: SystemRoles;
}

export interface Snapshot extends Provided {
  readonly accountId: string;
  /** Compared for equality only. */
  readonly revision: string;
  readonly account: Account;
  readonly users: Tables['user'];
  readonly groups: Tables['group'];
  readonly policies: Tables['policy'];
  readonly agencies: Tables['agency'];
  readonly accessKeys: Tables['key'];
  readonly mfaDevices: Tables['mfa'];
  readonly serviceControlPolicies: Tables['scp'];
  readonly services: Tables['service'];
  readonly deletionTasks: Tables['deletion'];
  readonly roles: Tables['role'];
  readonly projects: Tables['project'];
  readonly enterpriseProjects: Tables['enterprise-project'];
}

const keys: { readonly [Kind in EntityKind]: TableKeys<EntityKinds[Kind]> } = {
  account: { id: ({ accountId }) => accountId, createdAt: ({ createdAt }) => createdAt },
  user: { id: ({ userId }) => userId, name: ({ userName }) => userName, createdAt: ({ createdAt }) => createdAt },
  group: { id: ({ groupId }) => groupId, name: ({ groupName }) => groupName, createdAt: ({ createdAt }) => createdAt },
  policy: { id: ({ policyId }) => policyId, name: ({ policyName }) => policyName, createdAt: ({ createdAt }) => createdAt },
  agency: { id: ({ agencyId }) => agencyId, name: ({ agencyName }) => agencyName, createdAt: ({ createdAt }) => createdAt },
  key: { id: ({ accessKeyId }) => accessKeyId, createdAt: ({ createdAt }) => createdAt },
  mfa: { id: ({ serialNumber }) => serialNumber, createdAt: ({ createdAt }) => createdAt },
  // In the order of their names: they have no time.
  scp: { id: ({ name }) => name, createdAt: () => 0 },
  service: { id: ({ servicePrincipal }) => servicePrincipal, createdAt: ({ createdAt }) => createdAt },
  deletion: { id: ({ taskId }) => taskId, createdAt: ({ createdAt }) => createdAt },
  role: { id: ({ roleId }) => roleId, name: ({ displayName }) => displayName, createdAt: ({ createdAt }) => createdAt },
  project: { id: ({ projectId }) => projectId, name: ({ projectName }) => projectName, createdAt: ({ createdAt }) => createdAt },
  'enterprise-project': { id: ({ enterpriseProjectId }) => enterpriseProjectId, name: ({ enterpriseProjectName }) => enterpriseProjectName, createdAt: ({ createdAt }) => createdAt },
};

export const entityField = (kind: EntityKind, id: string): EntityField => `${kind}:${id}`;

/** Builds the tables; throws when the entities do not make an account. */
export function snapshotOf(accountId: string, revision: string, entities: Iterable<EntityEntry>, { systemPolicies, systemRoles }: Provided): Snapshot {
  const byKind = new Map<EntityKind, EntityKinds[EntityKind][]>();
  for (const [field, entity] of entities) {
    const kind = kindOf(field);
    const list = byKind.get(kind);
    if (list === undefined) byKind.set(kind, [entity]);
    else list.push(entity);
  }
  // The store writes an entity only under the kind it has.
  const table = <Kind extends EntityKind>(kind: Kind): Table<EntityKinds[Kind]> => Table.of(keys[kind], (byKind.get(kind) ?? []) as EntityKinds[Kind][]);
  const account = table('account').get(accountId);
  if (account === undefined) throw new Error(`account \`${accountId}\` has entities but no account record`);
  return {
    accountId, revision, account, systemPolicies, systemRoles,
    users: table('user'), groups: table('group'), policies: table('policy'), agencies: table('agency'), accessKeys: table('key'),
    mfaDevices: table('mfa'), serviceControlPolicies: table('scp'), services: table('service'), deletionTasks: table('deletion'),
    roles: table('role'), projects: table('project'), enterpriseProjects: table('enterprise-project'),
  };
}

/** The account at another revision; it shares with this one what did not change. Undefined when the account's own record is gone. */
export function changedSnapshot(snapshot: Snapshot, revision: string, put: readonly EntityEntry[], remove: readonly EntityField[]): Snapshot | undefined {
  // The store writes an entity only under the kind it has.
  const entities = <Kind extends EntityKind>(kind: Kind) => put.flatMap(([field, entity]) => (kindOf(field) === kind ? [entity as EntityKinds[Kind]] : []));
  const removed = (kind: EntityKind) => remove.flatMap((field) => (kindOf(field) === kind ? [idOf(field)] : []));
  if (removed('account').includes(snapshot.accountId)) return undefined;
  const changed = <Kind extends EntityKind>(kind: Kind, table: Table<EntityKinds[Kind]>) => table.with(removed(kind), entities(kind));
  return {
    ...snapshot,
    revision,
    account: entities('account')[0] ?? snapshot.account,
    users: changed('user', snapshot.users), groups: changed('group', snapshot.groups), policies: changed('policy', snapshot.policies),
    agencies: changed('agency', snapshot.agencies), accessKeys: changed('key', snapshot.accessKeys), mfaDevices: changed('mfa', snapshot.mfaDevices),
    serviceControlPolicies: changed('scp', snapshot.serviceControlPolicies), services: changed('service', snapshot.services),
    deletionTasks: changed('deletion', snapshot.deletionTasks), roles: changed('role', snapshot.roles), projects: changed('project', snapshot.projects),
    enterpriseProjects: changed('enterprise-project', snapshot.enterpriseProjects),
  };
}

/** The entity in a field of the account. */
export function entityAt(snapshot: Snapshot, field: EntityField): EntityKinds[EntityKind] | undefined {
  return tableOf(snapshot, kindOf(field)).get(idOf(field));
}

/** Every field that the account has, with its entity. */
export function entriesOf(snapshot: Snapshot): readonly EntityEntry[] {
  // The table has an entry for each kind.
  const kinds = Object.keys(keys) as EntityKind[];
  return kinds.flatMap((kind) => {
    const table = tableOf(snapshot, kind);
    return table.ids().flatMap((id): EntityEntry[] => {
      const entity = table.get(id);
      return entity === undefined ? [] : [[entityField(kind, id), entity]];
    });
  });
}

interface AnyTable {
  get(id: string): EntityKinds[EntityKind] | undefined;
  ids(): readonly string[];
}

function tableOf(snapshot: Snapshot, kind: EntityKind): AnyTable {
  const { account, users, groups, policies, agencies, accessKeys, mfaDevices, serviceControlPolicies, services, deletionTasks, roles, projects, enterpriseProjects } = snapshot;
  const tables: Readonly<Record<EntityKind, AnyTable>> = {
    account: { get: (id) => (id === account.accountId ? account : undefined), ids: () => [account.accountId] },
    user: users, group: groups, policy: policies, agency: agencies, key: accessKeys, mfa: mfaDevices, scp: serviceControlPolicies, service: services, deletion: deletionTasks,
    role: roles, project: projects, 'enterprise-project': enterpriseProjects,
  };
  return tables[kind];
}

// A field is `<kind>:<id>` by its type.
const kindOf = (field: EntityField): EntityKind => field.slice(0, field.indexOf(':')) as EntityKind;
const idOf = (field: EntityField): string => field.slice(field.indexOf(':') + 1);
