// Collects what a bootstrap file changes in one account: only entities that are not so already.
import { isDeepStrictEqual } from 'node:util';
import { mfaSerialNumber } from '../urn/urn.js';
import type { Catalogue } from '../catalogue/index.js';
import { BootstrapError, type BootstrapAccessKey, type BootstrapMfaDevice } from './bootstrap-file.js';
import { refuseRepeated } from './bootstrap-names.js';
import { systemAccountId, type EntityKind, type EntityKinds } from './entities.js';
import { accessKeysPerUser, maximumOf, mfaDevicesPerUser, type QuotaName } from './quotas.js';
import { entityAt, entityField, type EntityField, type Snapshot } from './snapshot.js';
import type { AccountChange } from './store.js';

/** What a file may name beside its own entities. */
export type BootstrapCatalogue = Pick<Catalogue, 'systemPolicies' | 'serviceLinkedAgency'>;

/** What planning takes from outside: time, the catalogue, fresh ids and keys, and the sealing of secrets. */
export interface BootstrapTools {
  readonly now: number;
  readonly catalogue: BootstrapCatalogue;
  newId(): string;
  newAccessKey(): { readonly accessKeyId: string; readonly secretAccessKey: string };
  sealAccessKey(accountId: string, ownerId: string, accessKeyId: string, secret: string): string;
  /** True when the sealed value holds this secret. */
  holdsAccessKey(accountId: string, ownerId: string, accessKeyId: string, sealed: string, secret: string): boolean;
  sealMfaSeed(accountId: string, userId: string, serialNumber: string, seed: string): string;
  holdsMfaSeed(accountId: string, userId: string, serialNumber: string, sealed: string, seed: string): boolean;
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
  readonly accessKeyIds: Set<string>;
  readonly generatedKeys: GeneratedKey[];
}

export interface KeyOwner {
  readonly kind: 'user' | 'service';
  readonly id: string;
  readonly name: string;
}

/** Kinds of which an account holds a limited number, by the quota that limits them. */
const limitedKinds = { users: 'user', groups: 'group', policies: 'policy', agencies: 'agency' } as const satisfies Partial<Record<QuotaName, EntityKind>>;

export interface AccountWriter {
  readonly accountId: string;
  readonly now: number;
  readonly catalogue: BootstrapCatalogue;
  readonly current: Snapshot | undefined;
  newId(): string;
  put<K extends EntityKind>(kind: K, id: string, entity: EntityKinds[K]): void;
  remove(kind: EntityKind, id: string): void;
  accessKeys(owner: KeyOwner, keys: readonly BootstrapAccessKey[], place: string): void;
  mfaDevices(userId: string, devices: readonly BootstrapMfaDevice[], place: string): void;
  /** Refuses more than the quota's maximum, which is all that binds a file: what the account has, and what it gets. */
  refuseOverMaximum(quota: keyof typeof limitedKinds, place: string): void;
  change(): AccountChange;
}

export function accountWriter(accountId: string, accountName: string, current: Snapshot | undefined, { tools, accessKeyIds, generatedKeys }: SharedPlan): AccountWriter {
  const changed = new Map<EntityField, EntityKinds[EntityKind]>();
  const removed: EntityField[] = [];
  const serialNumbers = new Set<string>();

  const put: AccountWriter['put'] = (kind, id, entity) => {
    const field = entityField(kind, id);
    if (!isDeepStrictEqual(current && entityAt(current, field), entity)) changed.set(field, entity);
  };

  function putAccessKey(owner: KeyOwner, accessKeyId: string, secret: string, active: boolean): void {
    const old = current?.accessKeys.get(accessKeyId);
    const same = old?.owner.id === owner.id && tools.holdsAccessKey(accountId, owner.id, accessKeyId, old.sealedSecret, secret);
    put('key', accessKeyId, {
      accessKeyId, owner: { kind: owner.kind, id: owner.id }, active,
      sealedSecret: same ? old.sealedSecret : tools.sealAccessKey(accountId, owner.id, accessKeyId, secret),
      createdAt: old?.createdAt ?? tools.now,
    });
  }

  return {
    accountId,
    now: tools.now,
    catalogue: tools.catalogue,
    current,
    newId: () => tools.newId(),
    put,
    remove(kind, id) {
      const field = entityField(kind, id);
      if (current !== undefined && entityAt(current, field) !== undefined) removed.push(field);
    },

    accessKeys(owner, keys, place) {
      const named = new Set(keys.map((key) => key.access_key_id));
      // A key that was generated the last time stands for an entry that leaves it to be generated.
      let present = (current?.accessKeys.values() ?? []).filter((key) => key.owner.kind === owner.kind && key.owner.id === owner.id && !named.has(key.accessKeyId)).length;
      const held = keys.length + Math.max(present - keys.filter((key) => key.access_key_id === undefined).length, 0);
      // [choice] The operator's keys have no end: only files make them, and no file removes one.
      if (keys.length > 0 && held > accessKeysPerUser && (accountId !== systemAccountId || owner.kind === 'service')) {
        throw new BootstrapError(place, `would make it ${held} access keys of one ${owner.kind}, ${accessKeysPerUser} at most`);
      }
      keys.forEach(({ access_key_id: accessKeyId, secret_access_key: secret, sealed_secret_access_key: sealed, status }, index) => {
        if (sealed !== undefined) throw sealedError(`${place}/${index}/sealed_secret_access_key`);
        if (accessKeyId !== undefined && secret !== undefined) {
          refuseRepeated(accessKeyIds, accessKeyId, `${place}/${index}/access_key_id`);
          putAccessKey(owner, accessKeyId, secret, status === 'active');
        } else if (present > 0) present -= 1;
        else {
          const made = tools.newAccessKey();
          generatedKeys.push({ accountName, ownerName: owner.name, ...made });
          putAccessKey(owner, made.accessKeyId, made.secretAccessKey, status === 'active');
        }
      });
    },

    mfaDevices(userId, devices, place) {
      const named = new Set(devices.map((device) => mfaSerialNumber(accountId, device.device_name)));
      const held = devices.length + (current?.mfaDevices.values() ?? []).filter((device) => device.userId === userId && !named.has(device.serialNumber)).length;
      if (devices.length > 0 && held > mfaDevicesPerUser) throw new BootstrapError(place, `would make it ${held} MFA devices of one user, ${mfaDevicesPerUser} at most`);
      devices.forEach(({ device_name: deviceName, base32_string_seed: seed, enabled }, index) => {
        if (seed === undefined) throw sealedError(`${place}/${index}/sealed_base32_string_seed`);
        const serialNumber = mfaSerialNumber(accountId, deviceName);
        refuseRepeated(serialNumbers, serialNumber, `${place}/${index}/device_name`);
        const old = current?.mfaDevices.get(serialNumber);
        const same = old?.userId === userId && tools.holdsMfaSeed(accountId, userId, serialNumber, old.sealedSeed, seed);
        put('mfa', serialNumber, {
          serialNumber, userId, enabled,
          sealedSeed: same ? old.sealedSeed : tools.sealMfaSeed(accountId, userId, serialNumber, seed),
          createdAt: old?.createdAt ?? tools.now,
        });
      });
    },

    refuseOverMaximum(quota, place) {
      const kind = limitedKinds[quota];
      const made = [...changed.keys()].filter((field) => field.startsWith(`${kind}:`) && (current === undefined || entityAt(current, field) === undefined)).length;
      const held = made + (current?.[quota].size ?? 0);
      if (made > 0 && held > maximumOf(quota)) throw new BootstrapError(place, `would make it ${held} ${quota} of the account, ${maximumOf(quota)} at most`);
    },

    change: () => ({ accountId, expectedRevision: current?.revision, put: [...changed], remove: removed }),
  };
}

const sealedError = (place: string): BootstrapError => new BootstrapError(place, 'is sealed: its private key is needed to open it (`--unseal-with`)');
