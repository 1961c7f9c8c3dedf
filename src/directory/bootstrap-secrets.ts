// Sealed secrets of a bootstrap file: where they stand, and the file with what they open to.
import { BootstrapError, type BootstrapAccessKey, type BootstrapFile, type BootstrapMfaDevice } from './bootstrap-file.js';

/** A secret under the key of who is to have it, bound to what it is the secret of. */
export interface SealedSecret {
  readonly kind: 'access-key' | 'mfa-seed';
  /** Of the access key or the MFA device. */
  readonly id: string;
  readonly sealed: string;
  /** JSON pointer. */
  readonly place: string;
}

export function sealedSecrets(file: BootstrapFile): readonly SealedSecret[] {
  const found: SealedSecret[] = [];
  withSecrets(file, (secret) => {
    found.push(secret);
    return '';
  });
  return found;
}

/** Of a secret that nobody has opened. @param place JSON pointer */
export const sealedError = (place: string): BootstrapError => new BootstrapError(place, 'is sealed: its private key is needed to open it (`--unseal-with`)');

/** The file with plain secrets alone. */
export function withSecrets(file: BootstrapFile, open: (secret: SealedSecret) => string): BootstrapFile {
  const owner = <Owner extends { access_keys: BootstrapAccessKey[]; mfa_devices?: BootstrapMfaDevice[] }>(entry: Owner, place: string): Owner => ({
    ...entry,
    access_keys: entry.access_keys.map((key, index) => openedKey(key, `${place}/access_keys/${index}`, open)),
    ...(entry.mfa_devices !== undefined && { mfa_devices: entry.mfa_devices.map((device, index) => openedDevice(device, `${place}/mfa_devices/${index}`, open)) }),
  });
  return {
    ...file,
    accounts: file.accounts.map((account, index) => ({
      ...account,
      ...(account.root_user !== undefined && { root_user: owner(account.root_user, `/accounts/${index}/root_user`) }),
      users: account.users.map((user, number) => owner(user, `/accounts/${index}/users/${number}`)),
    })),
    services: file.services.map((service, index) => owner(service, `/services/${index}`)),
    ...(file.operator !== undefined && { operator: owner(file.operator, '/operator') }),
  };
}

function openedKey({ sealed_secret_access_key: sealed, ...key }: BootstrapAccessKey, place: string, open: (secret: SealedSecret) => string): BootstrapAccessKey {
  if (sealed === undefined) return key;
  return { ...key, secret_access_key: open({ kind: 'access-key', id: key.access_key_id ?? '', sealed, place: `${place}/sealed_secret_access_key` }) };
}

function openedDevice({ sealed_base32_string_seed: sealed, ...device }: BootstrapMfaDevice, place: string, open: (secret: SealedSecret) => string): BootstrapMfaDevice {
  if (sealed === undefined) return device;
  return { ...device, base32_string_seed: open({ kind: 'mfa-seed', id: device.device_name, sealed, place: `${place}/sealed_base32_string_seed` }) };
}
