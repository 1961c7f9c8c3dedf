// Commands on registered services and their access keys, in the system account.
import { ApiError } from '../../base/api-error.js';
import { foldAscii } from '../../policy/index.js';
import type { AccessKey, RegisteredService } from '../entities.js';
import { accessKeysPerUser } from '../quotas.js';
import { entityField, type Snapshot } from '../snapshot.js';
import { putting, removing, type Change, type Changed } from './change.js';
import { found } from './rules.js';

/** [choice] As many as a user. */
export const accessKeysPerService = accessKeysPerUser;

export const isServiceKeyOf = ({ owner }: AccessKey, servicePrincipal: string): boolean => owner.kind === 'service' && owner.id === servicePrincipal;

export type NewServiceKey = Pick<AccessKey, 'accessKeyId' | 'sealedSecret' | 'createdAt'>;

export const registeredService = (system: Snapshot, servicePrincipal: string): RegisteredService => found(system.services, 'service', servicePrincipal);

/** With its first access key. Policies compare service principals without case, so two spellings would be one service. */
export function registerService(system: Snapshot, servicePrincipal: string, key: NewServiceKey): Changed<RegisteredService> & { readonly key: AccessKey } {
  const same = system.services.ids().find((principal) => foldAscii(principal) === foldAscii(servicePrincipal));
  if (same !== undefined) throw new ApiError('alreadyExists', `the service \`${same}\` is registered already`);
  const { entity, put } = putting('service', servicePrincipal, { servicePrincipal, createdAt: key.createdAt });
  const made = keyOf(servicePrincipal, key);
  return { put: [...put, ...made.put], remove: [], entity, key: made.entity };
}

/** Its access keys go with it; agencies that trust it stay as they are. */
export function deleteService(system: Snapshot, servicePrincipal: string): Change {
  registeredService(system, servicePrincipal);
  const keys = system.accessKeys.values().filter((key) => isServiceKeyOf(key, servicePrincipal));
  return removing(entityField('service', servicePrincipal), ...keys.map(({ accessKeyId }) => entityField('key', accessKeyId)));
}

export function createServiceKey(system: Snapshot, servicePrincipal: string, key: NewServiceKey): Changed<AccessKey> {
  registeredService(system, servicePrincipal);
  const held = system.accessKeys.values().filter((each) => isServiceKeyOf(each, servicePrincipal)).length;
  if (held >= accessKeysPerService) throw new ApiError('quotaExceeded', `the quota is reached: access keys of a service ${accessKeysPerService} at most, and \`${servicePrincipal}\` has ${held}`);
  return keyOf(servicePrincipal, key);
}

export function deleteServiceKey(system: Snapshot, servicePrincipal: string, accessKeyId: string): Change {
  registeredService(system, servicePrincipal);
  const key = system.accessKeys.get(accessKeyId);
  if (key === undefined || !isServiceKeyOf(key, servicePrincipal)) throw new ApiError('entityNotFound', `the service \`${servicePrincipal}\` has no access key \`${accessKeyId}\``);
  return removing(entityField('key', accessKeyId));
}

const keyOf = (servicePrincipal: string, key: NewServiceKey): Changed<AccessKey> =>
  putting('key', key.accessKeyId, { ...key, owner: { kind: 'service', id: servicePrincipal }, active: true });
