// Commands on virtual MFA devices: create, enable, disable, delete (IAM v5 API §7).
import { ApiError } from '../../base/api-error.js';
import type { MfaDevice } from '../entities.js';
import { mfaDevicesPerUser } from '../quotas.js';
import { entityField, type Snapshot } from '../snapshot.js';
import { putting, removing, type Change, type Changed } from './change.js';
import { credentialOwner } from './credential-owner.js';
import { found } from './rules.js';

/** A look at each device of the account: cheaper than the copy of the table that a change makes. */
export const mfaDevicesOf = ({ mfaDevices }: Snapshot, userId: string): readonly MfaDevice[] => mfaDevices.values().filter((device) => device.userId === userId);

export type NewMfaDevice = Pick<MfaDevice, 'serialNumber' | 'userId' | 'sealedSeed' | 'createdAt'>;

/** A device that was disabled makes room, and its name is free for the new one. [choice] No permission to delete is asked for: it was given up. */
export function createMfaDevice(account: Snapshot, device: NewMfaDevice, actingUserId: string | undefined): Changed<MfaDevice> {
  const { userName } = credentialOwner(account, device.userId, actingUserId);
  const held = mfaDevicesOf(account, device.userId);
  const unbound = held.filter((each) => each.unbound).map(({ serialNumber }) => serialNumber);
  if (account.mfaDevices.has(device.serialNumber) && !unbound.includes(device.serialNumber)) throw new ApiError('nameInUse', `there is an MFA device \`${device.serialNumber}\` already`);
  refuseOneMore(userName, held.length - unbound.length);
  const created = putting('mfa', device.serialNumber, { ...device, enabled: false, unbound: false });
  return { ...created, remove: unbound.filter((serialNumber) => serialNumber !== device.serialNumber).map((serialNumber) => entityField('mfa', serialNumber)) };
}

/** @param bound how many devices the user has that are not unbound */
function refuseOneMore(userName: string, bound: number): void {
  if (bound >= mfaDevicesPerUser) throw new ApiError('quotaExceeded', `the quota is reached: MFA devices of a user ${mfaDevicesPerUser} at most, and \`${userName}\` has ${bound}`);
}

export type MfaDeviceName = Pick<MfaDevice, 'serialNumber' | 'userId'>;

/** The device to be changed. Throws the same 404 for a device of another user as for none. */
export function changeableDevice(account: Snapshot, { serialNumber, userId }: MfaDeviceName, actingUserId: string | undefined): MfaDevice {
  const { userName } = credentialOwner(account, userId, actingUserId);
  const device = account.mfaDevices.get(serialNumber);
  if (device?.userId !== userId) throw new ApiError('entityNotFound', `the user \`${userName}\` has no MFA device \`${serialNumber}\``);
  return device;
}

/**
 * The device to be enabled. One that is enabled is refused: its codes are for its owner's calls, and tries at them for
 * those too; and so is one whose place another device of its user has taken.
 */
export function disabledDevice(account: Snapshot, name: MfaDeviceName, actingUserId: string | undefined): MfaDevice {
  const device = changeableDevice(account, name, actingUserId);
  if (device.enabled) throw new ApiError('alreadyExists', `the MFA device \`${device.serialNumber}\` is enabled already`);
  if (device.unbound) refuseOneMore(found(account.users, 'user', device.userId).userName, mfaDevicesOf(account, device.userId).filter(({ unbound }) => !unbound).length);
  return device;
}

/** @param device whose codes were checked */
export const enableMfaDevice = (device: MfaDevice): Changed<MfaDevice> => putting('mfa', device.serialNumber, { ...device, enabled: true, unbound: false });

/** It is unbound too (IAM v5 API §7). [choice] Until another device takes its place, two codes of the same seed enable it again. */
export function disableMfaDevice(account: Snapshot, name: MfaDeviceName, actingUserId: string | undefined): Changed<MfaDevice> {
  return putting('mfa', name.serialNumber, { ...changeableDevice(account, name, actingUserId), enabled: false, unbound: true });
}

export function deleteMfaDevice(account: Snapshot, name: MfaDeviceName, actingUserId: string | undefined): Change {
  const { serialNumber, enabled } = changeableDevice(account, name, actingUserId);
  if (enabled) throw new ApiError('stillInUse', `the MFA device \`${serialNumber}\` is enabled: disable it first`);
  return removing(entityField('mfa', serialNumber));
}
