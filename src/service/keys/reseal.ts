// Stored secrets under a new key: all access keys and MFA seeds that an older `secret-sealing` key sealed are sealed anew.
import { accessKeyPlace, mfaSeedPlace, systemAccountId, type AccessKey, type MfaDevice } from '../../directory/entities.js';
import { entityField, type EntityEntry, type Snapshot } from '../../directory/snapshot.js';
import { open, seal, type Place } from '../../keyring/seal.js';
import { accountIds } from '../../redis/directory-store.js';
import type { Composition } from '../composition.js';
import { machineEvent } from '../machine-event.js';

type Ground = Pick<Composition, 'redis' | 'store' | 'services'>;

const mostTries = 20;
/** Entities of one commit. */
const atOnce = 200;

/** How many secrets are sealed with the key. */
export async function sealedWith(ground: Ground, keyId: string): Promise<number> {
  let count = 0;
  for (const accountId of await allAccounts(ground)) {
    const view = await ground.services.directory.read(accountId, () => []);
    if (view !== undefined) count += entriesToSeal(view.snapshot, (id) => id === keyId).length;
  }
  return count;
}

/**
 * Seals anew what is not sealed with the active key; gives how many secrets that were. Each account's change is
 * compare-and-set, and has its event. Throws when a secret does not open.
 */
export async function resealSecrets(ground: Ground): Promise<number> {
  let count = 0;
  for (const accountId of await allAccounts(ground)) count += await resealAccount(ground, accountId);
  return count;
}

async function allAccounts({ redis }: Ground): Promise<ReadonlySet<string>> {
  return new Set([systemAccountId, ...(await accountIds(redis))]);
}

async function resealAccount({ store, services }: Ground, accountId: string): Promise<number> {
  const { directory, keyring, keyLife, random } = services;
  let count = 0;
  for (let tries = 0; tries < mostTries;) {
    const keyGeneration = keyLife.generation();
    const keys = keyring['secret-sealing'];
    const view = await directory.read(accountId, () => []);
    if (view === undefined) return count;
    const entries = entriesToSeal(view.snapshot, (id) => id !== keys.active.id).slice(0, atOnce);
    if (entries.length === 0) return count;
    const again = (place: Place, sealed: string): string => {
      const secret = open(keys, place, sealed);
      if (secret === undefined) throw new Error(`the secret \`${place.join('/')}\` does not open with the key ring`);
      return seal(keys, place, secret, random);
    };
    const put = entries.map((entity): EntityEntry => ('sealedSecret' in entity
      ? [entityField('key', entity.accessKeyId), { ...entity, sealedSecret: again(accessKeyPlace(accountId, entity.owner.id, entity.accessKeyId), entity.sealedSecret) }]
      : [entityField('mfa', entity.serialNumber), { ...entity, sealedSeed: again(mfaSeedPlace(accountId, entity.userId, entity.serialNumber), entity.sealedSeed) }]));
    const { result } = await store.commit({
      callerAccountId: systemAccountId, keyGeneration, guards: [], unmarkedSessions: [],
      events: [{ ...machineEvent('SealSecretsAnew', accountId, services), request: { key_id: keys.active.id, secrets: put.length } }],
      changes: [{ accountId, expectedRevision: view.snapshot.revision, put, remove: [] }],
    });
    if (result === 'committed') count += put.length;
    else tries += 1;
  }
  throw new Error(`the account \`${accountId}\` kept changing while its secrets were sealed anew; repeat the command`);
}

/** What is sealed with a key of which `isMeant` says so. */
function entriesToSeal({ accessKeys, mfaDevices }: Snapshot, isMeant: (keyId: string) => boolean): readonly (AccessKey | MfaDevice)[] {
  const keyOf = (sealed: string): string => sealed.slice(0, Math.max(0, sealed.indexOf('.')));
  return [...[...accessKeys.values()].filter(({ sealedSecret }) => isMeant(keyOf(sealedSecret))), ...[...mfaDevices.values()].filter(({ sealedSeed }) => isMeant(keyOf(sealedSeed)))];
}
