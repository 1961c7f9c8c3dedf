// Commands on virtual MFA devices: create, enable, disable, delete (IAM v5 API §7).
import { ApiError } from '../../base/api-error.js';
import type { MfaDevice } from '../entities.js';
import { mfaDevicesPerUser } from '../quotas.js';
import { entityField, type Snapshot } from '../snapshot.js';
import { putting, removing, type Change, type Changed } from './change.js';
import { credentialOwner } from './credential-owner.js';

/** A look at each device of the account: cheaper than the copy of the table that a change makes. */
export const mfaDevicesOf = ({ mfaDevices }: Snapshot, userId: string): readonly MfaDevice[] => mfaDevices.values().filter((device) => device.userId === userId);

export type NewMfaDevice = Pick<MfaDevice, 'serialNumber' | 'userId' | 'sealedSeed' | 'createdAt'>;

export function createMfaDevice(account: Snapshot, device: NewMfaDevice, actingUserId: string | undefined): Changed<MfaDevice> {
  const { userName } = credentialOwner(account, device.userId, actingUserId);
  if (account.mfaDevices.has(device.serialNumber)) throw new ApiError('nameInUse', `there is an MFA device \`${device.serialNumber}\` already`);
  const held = mfaDevicesOf(account, device.userId).length;
  if (held >= mfaDevicesPerUser) throw new ApiError('quotaExceeded', `the quota is reached: MFA devices of a user ${mfaDevicesPerUser} at most, and \`${userName}\` has ${held}`);
  return putting('mfa', device.serialNumber, { ...device, enabled: false });
}

export type MfaDeviceName = Pick<MfaDevice, 'serialNumber' | 'userId'>;

/** The device to be changed. Throws the same 404 for a device of another user as for none. */
export function changeableDevice(account: Snapshot, { serialNumber, userId }: MfaDeviceName, actingUserId: string | undefined): MfaDevice {
  const { userName } = credentialOwner(account, userId, actingUserId);
  const device = account.mfaDevices.get(serialNumber);
  if (device?.userId !== userId) throw new ApiError('entityNotFound', `the user \`${userName}\` has no MFA device \`${serialNumber}\``);
  return device;
}

/** The device to be enabled. One that is enabled is refused: its codes are for its owner's calls, and tries at them for those too. */
export function disabledDevice(account: Snapshot, name: MfaDeviceName, actingUserId: string | undefined): MfaDevice {
  const device = changeableDevice(account, name, actingUserId);
  if (device.enabled) throw new ApiError('alreadyExists', `the MFA device \`${device.serialNumber}\` is enabled already`);
  return device;
}

/** @param device whose codes were checked */
export const enableMfaDevice = (device: MfaDevice): Changed<MfaDevice> => putting('mfa', device.serialNumber, { ...device, enabled: true });

/** [choice] The device stays its user's: enabling it again takes two codes of the same seed. */
export function disableMfaDevice(account: Snapshot, name: MfaDeviceName, actingUserId: string | undefined): Changed<MfaDevice> {
  return putting('mfa', name.serialNumber, { ...changeableDevice(account, name, actingUserId), enabled: false });
}

export function deleteMfaDevice(account: Snapshot, name: MfaDeviceName, actingUserId: string | undefined): Change {
  const { serialNumber, enabled } = changeableDevice(account, name, actingUserId);
  if (enabled) throw new ApiError('stillInUse', `the MFA device \`${serialNumber}\` is enabled: disable it first`);
  return removing(entityField('mfa', serialNumber));
}
