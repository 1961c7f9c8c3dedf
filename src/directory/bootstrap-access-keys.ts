// The access keys of one owner in a bootstrap file: given, or left to be generated.
import { BootstrapError, type BootstrapAccessKey } from './bootstrap-file.js';
import { refuseRepeated } from './bootstrap-names.js';
import { sealedError } from './bootstrap-secrets.js';
import type { AccountWriter } from './bootstrap-writer.js';
import { systemAccountId } from './entities.js';
import { accessKeysPerUser } from './quotas.js';

export interface KeyOwner {
  readonly kind: 'user' | 'service';
  readonly id: string;
  readonly name: string;
}

export function planAccessKeys(writer: AccountWriter, owner: KeyOwner, keys: readonly BootstrapAccessKey[], place: string): void {
  const { accountId, accountName, current, shared: { tools, accessKeyIds, generatedKeys } } = writer;
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
      putAccessKey(writer, owner, accessKeyId, secret, status);
    } else if (present > 0) present -= 1;
    else {
      const made = tools.newAccessKey();
      generatedKeys.push({ accountName, ownerName: owner.name, ...made });
      putAccessKey(writer, owner, made.accessKeyId, made.secretAccessKey, status);
    }
  });
}

function putAccessKey(writer: AccountWriter, owner: KeyOwner, accessKeyId: string, secret: string, status: BootstrapAccessKey['status']): void {
  const { accountId, current, shared: { tools } } = writer;
  const old = current?.accessKeys.get(accessKeyId);
  const same = old?.owner.id === owner.id && tools.holdsAccessKey(accountId, owner.id, accessKeyId, old.sealedSecret, secret);
  writer.put('key', accessKeyId, {
    accessKeyId, owner: { kind: owner.kind, id: owner.id }, active: status === undefined ? (old?.active ?? true) : status === 'active',
    sealedSecret: same ? old.sealedSecret : tools.sealAccessKey(accountId, owner.id, accessKeyId, secret),
    createdAt: old?.createdAt ?? tools.now,
  });
}
