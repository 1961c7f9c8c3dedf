// Collects what a bootstrap file changes in one account: only entities that are not so already.
import { isDeepStrictEqual } from 'node:util';
import type { Catalogue } from '../catalogue/index.js';
import { accountChange } from './commands/change.js';
import { BootstrapError } from './bootstrap-file.js';
import type { EntityKind, EntityKinds } from './entities.js';
import { maximumOf, type QuotaName } from './quotas.js';
import { entityAt, entityField, type EntityField, type Snapshot } from './snapshot.js';
import type { AccountChange } from './store.js';

/** What a file may name beside its own entities. */
export type BootstrapCatalogue = Pick<Catalogue, 'systemPolicies' | 'systemRoles' | 'serviceLinkedAgency' | 'isReservedAgencyName'>;

/** What planning takes from outside: time, the catalogue, fresh ids and keys, and the sealing of secrets. */
export interface BootstrapTools {
  readonly now: number;
  readonly catalogue: BootstrapCatalogue;
  /** Those that the service has; undefined: not known, so that every name of a region will do. */
  readonly regions: readonly string[] | undefined;
  newId(): string;
  newAccessKey(): { readonly accessKeyId: string; readonly secretAccessKey: string };
  sealAccessKey(accountId: string, ownerId: string, accessKeyId: string, secret: string): string;
  /** True when the sealed value holds this secret. */
  holdsAccessKey(accountId: string, ownerId: string, accessKeyId: string, sealed: string, secret: string): boolean;
  sealMfaSeed(accountId: string, userId: string, serialNumber: string, seed: string): string;
  holdsMfaSeed(accountId: string, userId: string, serialNumber: string, sealed: string, seed: string): boolean;
  hashPassword(password: string): string;
  isPassword(hash: string, password: string): boolean;
}

/** An access key that the file left to be made; the only time its secret is seen. */
export interface GeneratedKey {
  readonly accountName: string;
  readonly ownerName: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What the plans of all accounts of one file share. */
export interface SharedPlan {
  readonly tools: BootstrapTools;
  /** Of every account that exists or is in the file, by id. */
  readonly accountNames: ReadonlyMap<string, string>;
  readonly accessKeyIds: Set<string>;
  /** Names of the users to whom the file gives MFA devices, by serial number. */
  readonly deviceOwners: Map<string, string>;
  readonly generatedKeys: GeneratedKey[];
}

/** Kinds of which an account holds a limited number, by the quota that limits them. */
const limitedKinds = { users: 'user', groups: 'group', policies: 'policy', agencies: 'agency' } as const satisfies Partial<Record<QuotaName, EntityKind>>;

export interface AccountWriter {
  readonly accountId: string;
  readonly accountName: string;
  readonly now: number;
  readonly catalogue: BootstrapCatalogue;
  readonly current: Snapshot | undefined;
  readonly shared: SharedPlan;
  newId(): string;
  put<K extends EntityKind>(kind: K, id: string, entity: EntityKinds[K]): void;
  remove(kind: EntityKind, id: string): void;
  /** Refuses more than the quota's maximum, which is all that binds a file: what the account has, and what it gets. */
  refuseOverMaximum(quota: keyof typeof limitedKinds, place: string): void;
  change(): AccountChange;
}

export function accountWriter(accountId: string, accountName: string, current: Snapshot | undefined, shared: SharedPlan): AccountWriter {
  const { tools } = shared;
  const changed = new Map<EntityField, EntityKinds[EntityKind]>();
  const removed: EntityField[] = [];
  return {
    accountId,
    accountName,
    now: tools.now,
    catalogue: tools.catalogue,
    current,
    shared,
    newId: () => tools.newId(),
    put(kind, id, entity) {
      const field = entityField(kind, id);
      if (!isDeepStrictEqual(current && entityAt(current, field), entity)) changed.set(field, entity);
    },
    remove(kind, id) {
      const field = entityField(kind, id);
      if (current !== undefined && entityAt(current, field) !== undefined) removed.push(field);
    },
    refuseOverMaximum(quota, place) {
      const kind = limitedKinds[quota];
      const made = [...changed.keys()].filter((field) => field.startsWith(`${kind}:`) && (current === undefined || entityAt(current, field) === undefined)).length;
      const held = made + (current?.[quota].size ?? 0);
      if (made > 0 && held > maximumOf(quota)) throw new BootstrapError(place, `would make it ${held} ${quota} of the account, ${maximumOf(quota)} at most`);
    },

    change: () => {
      const change = { put: [...changed], remove: removed };
      return current === undefined ? { accountId, expectedRevision: undefined, ...change } : accountChange(current, change);
    },
  };
}
