// The MFA devices of one user in a bootstrap file: a device stays with the user who has it.
import { mfaSerialNumber } from '../urn/urn.js';
import { BootstrapError, type BootstrapMfaDevice } from './bootstrap-file.js';
import { sealedError } from './bootstrap-secrets.js';
import type { AccountWriter } from './bootstrap-writer.js';
import type { User } from './entities.js';
import { mfaDevicesPerUser } from './quotas.js';

export function planMfaDevices(writer: AccountWriter, { userId, userName }: Pick<User, 'userId' | 'userName'>, devices: readonly BootstrapMfaDevice[], place: string): void {
  if (devices.length === 0) return;
  const { accountId, current, shared: { tools, deviceOwners } } = writer;
  const named = new Set(devices.map((device) => mfaSerialNumber(accountId, device.device_name)));
  const others = (current?.mfaDevices.values() ?? []).filter((device) => device.userId === userId && !named.has(device.serialNumber));
  const held = devices.length + others.filter(({ unbound }) => !unbound).length;
  if (held > mfaDevicesPerUser) throw new BootstrapError(place, `would make it ${held} MFA devices of one user, ${mfaDevicesPerUser} at most`);
  // As when a user makes another one.
  for (const { serialNumber, unbound } of others) if (unbound) writer.remove('mfa', serialNumber);
  devices.forEach(({ device_name: deviceName, base32_string_seed: seed, enabled: given, unbound }, index) => {
    if (seed === undefined) throw sealedError(`${place}/${index}/sealed_base32_string_seed`);
    const serialNumber = mfaSerialNumber(accountId, deviceName);
    const old = current?.mfaDevices.get(serialNumber);
    const owner = deviceOwners.get(serialNumber) ?? (old === undefined || old.userId === userId ? undefined : (current?.users.get(old.userId)?.userName ?? old.userId));
    if (owner !== undefined) throw new BootstrapError(`${place}/${index}/device_name`, `the MFA device \`${deviceName}\` is that of the user \`${owner}\``);
    deviceOwners.set(serialNumber, userName);
    const isSame = old !== undefined && tools.holdsMfaSeed(accountId, userId, serialNumber, old.sealedSeed, seed);
    const enabled = given ?? old?.enabled ?? true;
    writer.put('mfa', serialNumber, {
      serialNumber, userId, enabled, unbound: unbound ?? (!enabled && old?.unbound === true),
      sealedSeed: isSame ? old.sealedSeed : tools.sealMfaSeed(accountId, userId, serialNumber, seed),
      createdAt: old?.createdAt ?? tools.now,
    });
  });
}
