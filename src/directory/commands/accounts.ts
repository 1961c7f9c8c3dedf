// Commands on whole accounts, as only the operator gives them: create, change, delete.
import { quotasWith } from '../bootstrap-quotas.js';
import type { AccessKey, Account, User } from '../entities.js';
import { entityField, entriesOf, type Snapshot } from '../snapshot.js';
import { putting, removing, type Change, type Changed } from './change.js';

export interface NewAccount extends Pick<Account, 'accountId' | 'accountName' | 'rootUserId' | 'createdAt'> {
  readonly rootUserName: string;
  /** Of the root user: nobody else could give it one. */
  readonly accessKey: Pick<AccessKey, 'accessKeyId' | 'sealedSecret'>;
}

export function createAccount({ rootUserName, accessKey, ...account }: NewAccount): Changed<Account> {
  const { accountId, rootUserId, createdAt } = account;
  const root: User = {
    userId: rootUserId, userName: rootUserName, enabled: true, isRootUser: true, description: '', tags: [], groupIds: [], attachedPolicies: [], createdAt,
  };
  const key: AccessKey = { ...accessKey, owner: { kind: 'user', id: rootUserId }, active: true, createdAt };
  const created: Account = { ...account, inOrganization: false, asymmetricSignature: true, revokeOnDisable: false, quotas: {} };
  return {
    put: [[entityField('account', accountId), created], [entityField('user', rootUserId), root], [entityField('key', key.accessKeyId), key]], remove: [], entity: created,
  };
}

export interface AccountUpdate extends Partial<Pick<Account, 'accountName' | 'asymmetricSignature' | 'revokeOnDisable'>> {
  /** Under their wire names; what is absent stays. */
  readonly quotas?: Readonly<Record<string, number | undefined>>;
}

/** A quota may be set below what the account holds: then nothing is added until less is held. */
export function updateAccount({ account }: Snapshot, { quotas = {}, ...update }: AccountUpdate): Changed<Account> {
  return putting('account', account.accountId, { ...account, ...update, quotas: quotasWith(account.quotas, quotas) });
}

/** Nothing is left but the account's revision and epochs: they end its sessions and keep its id from being used again. */
export const deleteAccount = (account: Snapshot): Change => removing(...entriesOf(account).map(([field]) => field));
