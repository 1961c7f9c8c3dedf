// One account at one revision: immutable, indexed by id and by name, shared by all requests that read it.
import { parsePolicy, type NamedPolicy, type PolicyKind } from '../policy/index.js';
import type { AccessKey, Account, Agency, EntityKind, EntityKinds, Group, IdentityPolicy, MfaDevice, PolicyAttachment, RegisteredService, ServiceControlPolicy, User } from './entities.js';

/** The stored fields of an account, parsed: `<kind>:<id>` → entity. */
export type EntityField = `${EntityKind}:${string}`;
export type Entities = ReadonlyMap<EntityField, EntityKinds[EntityKind]>;

export interface Snapshot {
  readonly accountId: string;
  /** Compared for equality only. */
  readonly revision: string;
  readonly entities: Entities;
  readonly account: Account;
  readonly users: ReadonlyMap<string, User>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly policies: ReadonlyMap<string, IdentityPolicy>;
  readonly agencies: ReadonlyMap<string, Agency>;
  /** Agency by name; names are unique in an account across paths. */
  readonly agenciesByName: ReadonlyMap<string, Agency>;
  readonly accessKeys: ReadonlyMap<string, AccessKey>;
  readonly mfaDevices: ReadonlyMap<string, MfaDevice>;
  readonly serviceControlPolicies: readonly ServiceControlPolicy[];
  readonly services: ReadonlyMap<string, RegisteredService>;
}

export const entityField = (kind: EntityKind, id: string): EntityField => `${kind}:${id}`;

/** Builds the indexes; throws when the entities do not make an account. */
export function snapshotOf(accountId: string, revision: string, entities: Entities): Snapshot {
  const byKind = new Map<EntityKind, [string, EntityKinds[EntityKind]][]>();
  for (const [field, entity] of entities) {
    const colon = field.indexOf(':');
    // A field is `<kind>:<id>` by its type.
    const kind = field.slice(0, colon) as EntityKind;
    const list = byKind.get(kind);
    if (list === undefined) byKind.set(kind, [[field.slice(colon + 1), entity]]);
    else list.push([field.slice(colon + 1), entity]);
  }
  // The store writes an entity only under the kind it has.
  const all = <K extends EntityKind>(kind: K): Map<string, EntityKinds[K]> => new Map((byKind.get(kind) ?? []) as [string, EntityKinds[K]][]);
  const account = all('account').get(accountId);
  if (account === undefined) throw new Error(`account \`${accountId}\` has entities but no account record`);
  const agencies = all('agency');
  return {
    accountId,
    revision,
    entities,
    account,
    users: all('user'),
    groups: all('group'),
    policies: all('policy'),
    agencies,
    agenciesByName: new Map([...agencies.values()].map((agency) => [agency.agencyName, agency])),
    accessKeys: all('key'),
    mfaDevices: all('mfa'),
    serviceControlPolicies: [...all('scp').values()],
    services: all('service'),
  };
}

/** Policies that an identity has by these attachments, in their default versions; a deleted policy grants nothing. */
export function attachedPolicies(snapshot: Snapshot, attachments: readonly PolicyAttachment[]): readonly NamedPolicy[] {
  return attachments.flatMap(({ policyId }) => {
    const policy = snapshot.policies.get(policyId);
    return policy === undefined ? [] : [defaultVersion(policy)];
  });
}

/** A user's own policies and those of the user's groups. */
export function userPolicies(snapshot: Snapshot, user: Pick<User, 'attachedPolicies' | 'groupIds'>): readonly NamedPolicy[] {
  const ofGroups = user.groupIds.flatMap((groupId) => attachedPolicies(snapshot, snapshot.groups.get(groupId)?.attachedPolicies ?? []));
  return [...attachedPolicies(snapshot, user.attachedPolicies), ...ofGroups];
}

/** The SCPs that bind the account, or undefined outside of an organization. */
export function boundServiceControlPolicies(snapshot: Snapshot): readonly NamedPolicy[] | undefined {
  if (!snapshot.account.inOrganization) return undefined;
  return snapshot.serviceControlPolicies.map((policy) => compiled(policy, 'service-control', policy.name, policy.document));
}

export const trustPolicyOf = (agency: Agency): NamedPolicy => compiled(agency, 'trust', 'trust policy', agency.trustPolicy);

/** The policy's default version, compiled. */
export function defaultVersion(policy: IdentityPolicy): NamedPolicy {
  const version = policy.versions.find(({ versionId }) => versionId === policy.defaultVersionId);
  if (version === undefined) throw new Error(`policy \`${policy.policyId}\` lacks its default version`);
  return compiled(version, 'identity', policy.policyName, version.document);
}

const compiledPolicies = new WeakMap<object, NamedPolicy>();

/** Compiles a document once for as long as its entity lives: entities are immutable. */
function compiled(entity: object, kind: PolicyKind, name: string, document: string): NamedPolicy {
  let policy = compiledPolicies.get(entity);
  if (policy === undefined) {
    policy = { name, policy: parsePolicy(kind, document) };
    compiledPolicies.set(entity, policy);
  }
  return policy;
}
