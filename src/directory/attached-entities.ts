// Who has a policy: the agencies, groups and users of an account, by the policies attached to them.
import type { Account, Agency, Group, PolicyAttachment, User } from './entities.js';
import type { Snapshot } from './snapshot.js';

/** Kinds of entities that policies can be attached to. */
export type IdentityKind = 'agency' | 'group' | 'user';

export interface AttachedEntity {
  readonly kind: IdentityKind;
  readonly id: string;
  readonly attachedAt: number;
}

/** In no order. */
export function attachedEntities(snapshot: Snapshot, policyId: string): readonly AttachedEntity[] {
  const ofKind = (kind: IdentityKind, holders: Holders) => [...holders].map(([id, attachedAt]) => ({ kind, id, attachedAt }));
  const { agencies, groups, users } = holdersOf(snapshot, policyId);
  return [...ofKind('agency', agencies), ...ofKind('group', groups), ...ofKind('user', users)];
}

export function attachmentCount(snapshot: Snapshot, policyId: string): number {
  const { agencies, groups, users } = holdersOf(snapshot, policyId);
  return agencies.size + groups.size + users.size;
}

/** Id of an entity → when it got the policy. */
type Holders = ReadonlyMap<string, number>;
const nobody: Holders = new Map();

function holdersOf({ account, agencies, groups, users }: Snapshot, policyId: string): { readonly agencies: Holders; readonly groups: Holders; readonly users: Holders } {
  const indexes = indexesOf(account);
  return {
    agencies: indexes.agencies.holders(agencies.values(), policyId), groups: indexes.groups.holders(groups.values(), policyId), users: indexes.users.holders(users.values(), policyId),
  };
}

interface Indexes {
  readonly agencies: AttachmentIndex<Agency>;
  readonly groups: AttachmentIndex<Group>;
  readonly users: AttachmentIndex<User>;
}

/** By the account's own record, which the snapshots of the account have in common as long as it stays. */
const known = new WeakMap<Account, Indexes>();

function indexesOf(account: Account): Indexes {
  let indexes = known.get(account);
  if (indexes === undefined) {
    indexes = {
      agencies: new AttachmentIndex(({ agencyId }) => agencyId),
      groups: new AttachmentIndex(({ groupId }) => groupId),
      users: new AttachmentIndex(({ userId }) => userId),
    };
    known.set(account, indexes);
  }
  return indexes;
}

/**
 * Policy → the entities of one kind that have it. It follows the revision that it is asked about, in either direction:
 * a step between two that are near costs a comparison of references, where a new index of 5,000 agencies takes tens of milliseconds.
 */
class AttachmentIndex<Entity extends { readonly attachedPolicies: readonly PolicyAttachment[] }> {
  readonly #idOf: (entity: Entity) => string;
  readonly #byPolicy = new Map<string, Map<string, number>>();
  /** INVARIANT: the index tells of exactly these. */
  #entities: readonly Entity[] = [];

  constructor(idOf: (entity: Entity) => string) {
    this.#idOf = idOf;
  }

  /** @param entities all of the kind, in the order of their table */
  holders(entities: readonly Entity[], policyId: string): Holders {
    if (entities !== this.#entities) this.#follow(entities);
    return this.#byPolicy.get(policyId) ?? nobody;
  }

  #follow(entities: readonly Entity[]): void {
    const old = this.#entities;
    const most = Math.min(old.length, entities.length);
    let before = 0;
    while (before < most && old[before] === entities[before]) before += 1;
    let behind = 0;
    while (behind < most - before && old[old.length - 1 - behind] === entities[entities.length - 1 - behind]) behind += 1;
    for (const entity of old.slice(before, old.length - behind)) this.#remove(entity);
    for (const entity of entities.slice(before, entities.length - behind)) this.#add(entity);
    this.#entities = entities;
  }

  #add(entity: Entity): void {
    const id = this.#idOf(entity);
    for (const { policyId, attachedAt } of entity.attachedPolicies) {
      const holders = this.#byPolicy.get(policyId) ?? new Map<string, number>();
      this.#byPolicy.set(policyId, holders.set(id, attachedAt));
    }
  }

  #remove(entity: Entity): void {
    for (const { policyId } of entity.attachedPolicies) {
      const holders = this.#byPolicy.get(policyId);
      holders?.delete(this.#idOf(entity));
      if (holders?.size === 0) this.#byPolicy.delete(policyId);
    }
  }
}
