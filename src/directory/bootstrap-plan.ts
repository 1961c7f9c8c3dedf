// From a bootstrap file and the accounts as they stand to the changes that make them so; pure, and idempotent.
import { parsePolicy, PolicyError, type PolicyKind } from '../policy/index.js';
import { mfaSerialNumber } from '../urn/urn.js';
import { BootstrapError, type BootstrapAccessKey, type BootstrapAccount, type BootstrapFile, type BootstrapMfaDevice } from './bootstrap-file.js';
import { operatorUserId, systemAccountId, type EntityKind, type EntityKinds, type PolicyAttachment, type PolicyVersion } from './entities.js';
import { entityField, type EntityField, type Snapshot } from './snapshot.js';
import type { AccountChange } from './store.js';

/** What planning takes from outside: time, fresh ids and keys, and the sealing of secrets. */
export interface BootstrapTools {
  readonly now: number;
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

export interface BootstrapPlan {
  readonly changes: readonly AccountChange[];
  readonly generatedKeys: readonly GeneratedKey[];
}

/** The accounts that exist, by id. */
export type ExistingAccounts = ReadonlyMap<string, Snapshot>;

/** Throws {@link BootstrapError} with the place in the file; nothing is to be written then. */
export function planBootstrap(file: BootstrapFile, existing: ExistingAccounts, tools: BootstrapTools): BootstrapPlan {
  const byName = new Map([...existing.values()].map((snapshot) => [snapshot.account.accountName, snapshot]));
  const accessKeyIds = new Set<string>();
  const generatedKeys: GeneratedKey[] = [];
  const accountIds = new Set<string>();
  const accountNames = new Set<string>();
  const changes = file.accounts.map((account, index) => {
    const place = `/accounts/${index}`;
    const accountId = account.account_id ?? byName.get(account.account_name)?.accountId ?? tools.newId();
    refuseRepeated(accountIds, accountId, `${place}/account_id`);
    refuseRepeated(accountNames, account.account_name, `${place}/account_name`);
    const holder = byName.get(account.account_name);
    if (holder !== undefined && holder.accountId !== accountId) throw new BootstrapError(`${place}/account_name`, `\`${account.account_name}\` is the name of account \`${holder.accountId}\``);
    const writer = accountWriter(accountId, account.account_name, existing.get(accountId), { tools, accessKeyIds, generatedKeys });
    planAccount(writer, account, place);
    return writer.change();
  });
  const system = accountWriter(systemAccountId, 'system', existing.get(systemAccountId), { tools, accessKeyIds, generatedKeys });
  planSystem(system, file);
  return { changes: [system.change(), ...changes].filter(({ put }) => put.length > 0), generatedKeys };
}

interface Shared {
  readonly tools: BootstrapTools;
  readonly accessKeyIds: Set<string>;
  readonly generatedKeys: GeneratedKey[];
}

interface AccountWriter {
  readonly accountId: string;
  readonly now: number;
  readonly current: Snapshot | undefined;
  newId(): string;
  /** Keeps the entity for the change, unless it is already so. */
  put<K extends EntityKind>(kind: K, id: string, entity: EntityKinds[K]): void;
  accessKeys(kind: 'user' | 'service', ownerId: string, ownerName: string, keys: readonly BootstrapAccessKey[], place: string): void;
  mfaDevices(userId: string, devices: readonly BootstrapMfaDevice[]): void;
  change(): AccountChange;
}

function accountWriter(accountId: string, accountName: string, current: Snapshot | undefined, shared: Shared): AccountWriter {
  const { tools } = shared;
  const put = new Map<EntityField, EntityKinds[EntityKind]>();
  const writer: AccountWriter = {
    accountId,
    now: tools.now,
    current,
    newId: () => tools.newId(),
    put(kind, id, entity) {
      const field = entityField(kind, id);
      const old = current?.entities.get(field);
      if (old === undefined || JSON.stringify(old) !== JSON.stringify(entity)) put.set(field, entity);
    },
    accessKeys(kind, ownerId, ownerName, keys, place) {
      const owned = [...(current?.accessKeys.values() ?? [])].filter(({ owner }) => owner.kind === kind && owner.id === ownerId);
      const named = new Set(keys.map((key) => key.access_key_id));
      let unnamed = owned.filter(({ accessKeyId }) => !named.has(accessKeyId)).length;
      keys.forEach((key, index) => {
        const { access_key_id: givenId, secret_access_key: givenSecret, status } = key;
        if (givenId === undefined && unnamed > 0) {
          unnamed -= 1;
          return;
        }
        const { accessKeyId, secretAccessKey } =
          givenId !== undefined && givenSecret !== undefined ? { accessKeyId: givenId, secretAccessKey: givenSecret } : tools.newAccessKey();
        refuseRepeated(shared.accessKeyIds, accessKeyId, `${place}/${index}/access_key_id`);
        if (givenId === undefined) shared.generatedKeys.push({ accountName, ownerName, accessKeyId, secretAccessKey });
        const old = current?.accessKeys.get(accessKeyId);
        const same = old !== undefined && tools.holdsAccessKey(accountId, ownerId, accessKeyId, old.sealedSecret, secretAccessKey);
        writer.put('key', accessKeyId, {
          accessKeyId, owner: { kind, id: ownerId }, active: status === 'active',
          sealedSecret: same ? old.sealedSecret : tools.sealAccessKey(accountId, ownerId, accessKeyId, secretAccessKey),
          createdAt: old?.createdAt ?? tools.now,
        });
      });
    },
    mfaDevices(userId, devices) {
      for (const { device_name: deviceName, base32_string_seed: seed } of devices) {
        const serialNumber = mfaSerialNumber(accountId, deviceName);
        const old = current?.mfaDevices.get(serialNumber);
        const same = old !== undefined && tools.holdsMfaSeed(accountId, userId, serialNumber, old.sealedSeed, seed);
        writer.put('mfa', serialNumber, {
          serialNumber, userId, enabled: true,
          sealedSeed: same ? old.sealedSeed : tools.sealMfaSeed(accountId, userId, serialNumber, seed),
          createdAt: old?.createdAt ?? tools.now,
        });
      }
    },
    change: () => ({ accountId, expectedRevision: current?.revision, put: [...put], remove: [] }),
  };
  return writer;
}

function planAccount(writer: AccountWriter, account: BootstrapAccount, place: string): void {
  const { current, now, accountId } = writer;
  const policyIds = idsByName(account.policies, 'policy_name', 'policy_id', [...(current?.policies.values() ?? [])].map((policy) => [policy.policyName, policy.policyId]), writer, `${place}/policies`);
  const groupIds = idsByName(account.groups, 'group_name', 'group_id', [...(current?.groups.values() ?? [])].map((group) => [group.groupName, group.groupId]), writer, `${place}/groups`);
  const agencyIds = idsByName(account.agencies, 'agency_name', 'agency_id', [...(current?.agencies.values() ?? [])].map((agency) => [agency.agencyName, agency.agencyId]), writer, `${place}/agencies`);
  const attach = (names: readonly string[], old: readonly PolicyAttachment[] | undefined, at: string): PolicyAttachment[] =>
    names.map((name, index) => {
      const policyId = policyIds.get(name);
      if (policyId === undefined) throw new BootstrapError(`${at}/attached_policies/${index}`, `\`${name}\` is no policy of this account`);
      return old?.find((attachment) => attachment.policyId === policyId) ?? { policyId, attachedAt: now };
    });

  account.policies.forEach((policy, index) => {
    const policyId = policyIds.get(policy.policy_name) ?? '';
    const old = current?.policies.get(policyId);
    const text = documentText('identity', policy.policy_document, `${place}/policies/${index}/policy_document`);
    writer.put('policy', policyId, {
      policyId, policyName: policy.policy_name, path: policy.path, description: policy.description,
      ...versions(old?.versions ?? [], old?.defaultVersionId, text, now), createdAt: old?.createdAt ?? now,
    });
  });
  account.groups.forEach((group, index) => {
    const groupId = groupIds.get(group.group_name) ?? '';
    const old = current?.groups.get(groupId);
    writer.put('group', groupId, {
      groupId, groupName: group.group_name, description: group.description,
      attachedPolicies: attach(group.attached_policies, old?.attachedPolicies, `${place}/groups/${index}`), createdAt: old?.createdAt ?? now,
    });
  });
  account.agencies.forEach((agency, index) => {
    const at = `${place}/agencies/${index}`;
    const agencyId = agencyIds.get(agency.agency_name) ?? '';
    const old = current?.agencies.get(agencyId);
    writer.put('agency', agencyId, {
      agencyId, agencyName: agency.agency_name, path: agency.path, description: agency.description,
      maxSessionDurationSeconds: agency.max_session_duration, trustPolicy: documentText('trust', agency.trust_policy, `${at}/trust_policy`),
      tags: resourceTags(agency.tags, `${at}/tags`), attachedPolicies: attach(agency.attached_policies, old?.attachedPolicies, at), createdAt: old?.createdAt ?? now,
    });
  });
  const rootUserId = planUsers(writer, account, place, groupIds, attach);
  account.service_control_policies?.forEach((policy, index) => {
    writer.put('scp', policy.name, { name: policy.name, document: documentText('service-control', policy.policy_document, `${place}/service_control_policies/${index}/policy_document`) });
  });
  writer.put('account', accountId, {
    accountId, accountName: account.account_name, rootUserId, createdAt: current?.account.createdAt ?? now,
    inOrganization: account.service_control_policies !== undefined,
  });
}

type Attach = (names: readonly string[], old: readonly PolicyAttachment[] | undefined, at: string) => PolicyAttachment[];

/** Writes the users, the root user among them, and returns the root user's id. */
function planUsers(writer: AccountWriter, account: BootstrapAccount, place: string, groupIds: ReadonlyMap<string, string>, attach: Attach): string {
  const { current, now } = writer;
  const users = [...(current?.users.values() ?? [])];
  const names = new Set<string>();
  const root = account.root_user ?? { user_id: undefined, user_name: account.account_name, access_keys: [], mfa_devices: [] };
  const oldRoot = users.find(({ isRootUser }) => isRootUser);
  const rootUserId = oldRoot?.userId ?? root.user_id ?? writer.newId();
  refuseRepeated(names, root.user_name, `${place}/root_user/user_name`);
  writer.put('user', rootUserId, {
    userId: rootUserId, userName: root.user_name, enabled: true, isRootUser: true, description: '', tags: [], groupIds: [], attachedPolicies: [],
    createdAt: oldRoot?.createdAt ?? now,
  });
  writer.accessKeys('user', rootUserId, root.user_name, root.access_keys, `${place}/root_user/access_keys`);
  writer.mfaDevices(rootUserId, root.mfa_devices);
  account.users.forEach((user, index) => {
    const at = `${place}/users/${index}`;
    refuseRepeated(names, user.user_name, `${at}/user_name`);
    const old = users.find(({ userName }) => userName === user.user_name);
    if (old?.isRootUser === true) throw new BootstrapError(`${at}/user_name`, `\`${user.user_name}\` is the account's root user`);
    const userId = old?.userId ?? user.user_id ?? writer.newId();
    writer.put('user', userId, {
      userId, userName: user.user_name, enabled: user.enabled, isRootUser: false, description: user.description, tags: resourceTags(user.tags, `${at}/tags`),
      groupIds: user.groups.map((name, position) => {
        const groupId = groupIds.get(name);
        if (groupId === undefined) throw new BootstrapError(`${at}/groups/${position}`, `\`${name}\` is no group of this account`);
        return groupId;
      }),
      attachedPolicies: attach(user.attached_policies, old?.attachedPolicies, at), createdAt: old?.createdAt ?? now,
    });
    writer.accessKeys('user', userId, user.user_name, user.access_keys, `${at}/access_keys`);
    writer.mfaDevices(userId, user.mfa_devices);
  });
  return rootUserId;
}

/** Registered services and the operator, in the account that is nobody's. */
function planSystem(writer: AccountWriter, file: BootstrapFile): void {
  const { current, now } = writer;
  writer.put('account', systemAccountId, { accountId: systemAccountId, accountName: 'system', rootUserId: '', createdAt: current?.account.createdAt ?? now, inOrganization: false });
  writer.put('user', operatorUserId, {
    userId: operatorUserId, userName: 'operator', enabled: true, isRootUser: false, description: '', tags: [], groupIds: [], attachedPolicies: [],
    createdAt: current?.users.get(operatorUserId)?.createdAt ?? now,
  });
  writer.accessKeys('user', operatorUserId, 'operator', file.operator?.access_keys ?? [], '/operator/access_keys');
  const principals = new Set<string>();
  file.services.forEach(({ service_principal: servicePrincipal, access_keys: keys }, index) => {
    refuseRepeated(principals, servicePrincipal.toLowerCase(), `/services/${index}/service_principal`);
    writer.put('service', servicePrincipal, { servicePrincipal, createdAt: current?.services.get(servicePrincipal)?.createdAt ?? now });
    writer.accessKeys('service', servicePrincipal, servicePrincipal, keys, `/services/${index}/access_keys`);
  });
}

/** Ids of the file's entities and of those that exist, by name; an existing entity keeps its id. */
function idsByName<N extends string, I extends string>(
  entities: readonly ({ readonly [K in N]: string } & { readonly [K in I]?: string | undefined })[],
  nameField: N, idField: I, existing: readonly (readonly [string, string])[], writer: AccountWriter, place: string,
): ReadonlyMap<string, string> {
  const known = new Map(existing);
  const ids = new Map(existing);
  const names = new Set<string>();
  entities.forEach((entity, index) => {
    const name = entity[nameField];
    const given = entity[idField];
    refuseRepeated(names, name, `${place}/${index}/${nameField}`);
    const id = known.get(name) ?? given ?? writer.newId();
    if (given !== undefined && given !== id) throw new BootstrapError(`${place}/${index}/${idField}`, `\`${name}\` exists with the id \`${id}\``);
    ids.set(name, id);
  });
  return ids;
}

const versionsPerPolicy = 5;

/** Another text becomes a new default version; the oldest other one makes room for it. */
function versions(old: readonly PolicyVersion[], defaultVersionId: string | undefined, document: string, now: number): { versions: PolicyVersion[]; defaultVersionId: string } {
  const current = old.find(({ versionId }) => versionId === defaultVersionId);
  if (current?.document === document) return { versions: [...old], defaultVersionId: current.versionId };
  const last = Math.max(0, ...old.map(({ versionId }) => Number(versionId.slice(1))));
  const versionId = `v${last + 1}`;
  return { versions: [...old.slice(-(versionsPerPolicy - 1)), { versionId, document, createdAt: now }], defaultVersionId: versionId };
}

function documentText(kind: PolicyKind, document: Readonly<Record<string, unknown>>, place: string): string {
  const text = JSON.stringify(document);
  try {
    parsePolicy(kind, text);
  } catch (error) {
    if (error instanceof PolicyError) throw new BootstrapError(place, error.message);
    throw error;
  }
  return text;
}

function resourceTags(tags: readonly { tag_key: string; tag_value: string }[], place: string): { key: string; value: string }[] {
  const keys = new Set<string>();
  return tags.map(({ tag_key: key, tag_value: value }, index) => {
    refuseRepeated(keys, key.toLowerCase(), `${place}/${index}/tag_key`);
    return { key, value };
  });
}

function refuseRepeated(seen: Set<string>, value: string, place: string): void {
  if (seen.has(value)) throw new BootstrapError(place, `\`${value}\` is given twice`);
  seen.add(value);
}
