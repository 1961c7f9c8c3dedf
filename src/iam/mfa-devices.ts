// Virtual MFA devices (IAM v5 API §7). A device's serial number is its URN.
import { z } from 'zod';
import { ApiError } from '../base/api-error.js';
import { matching } from '../base/characters.js';
import { createMfaDevice, deleteMfaDevice, disabledDevice, disableMfaDevice, enableMfaDevice, type MfaDeviceName } from '../directory/commands/mfa-devices.js';
import { found } from '../directory/commands/rules.js';
import { mfaSeedPlace, type MfaDevice } from '../directory/entities.js';
import type { Snapshot } from '../directory/snapshot.js';
import { entityId, mfaDeviceName as deviceName } from '../directory/names.js';
import { seal } from '../keyring/seal.js';
import { acceptedStep } from '../sts/mfa.js';
import type { SessionCaller, UserCaller } from '../sts/caller.js';
import type { Resource } from '../sts/own-action.js';
import { newMfaSeed } from '../urn/ids.js';
import { mfaSerialNumber } from '../urn/urn.js';
import type { Ground, Result } from './account-call.js';
import { listingOf, pageInfo, pageOf, pageQuery } from './page.js';
import { actingUserId, userResource } from './users.js';

const serialNumber = matching(/^[\w+=/:,.@-]{9,256}$/, 'must be 9 to 256 letters, digits or _+=/:,.@-', 'invalidSerialNumber');
const authenticationCode = z.string().regex(/^\d{6}$/, 'must be six digits');

export const createMfaDeviceBody = z.object({
  virtual_mfa_device_name: deviceName, user_id: entityId,
});
/** As a body, and as a query. */
export const mfaDeviceName = z.object({ user_id: entityId, serial_number: serialNumber });
export const enableMfaDeviceBody = mfaDeviceName.extend({ authentication_code_first: authenticationCode, authentication_code_second: authenticationCode });
export const listMfaDevicesQuery = z.object({ ...pageQuery, user_id: entityId.optional() });

const mfaDeviceAnswerSchema = z.object({ serial_number: z.string(), user_id: z.string(), enabled: z.boolean() });
export const newMfaDeviceResponse = z.object({ virtual_mfa_device: z.object({ serial_number: z.string(), base32_string_seed: z.string() }) });
export const mfaDevicesResponse = z.object({ mfa_devices: z.array(mfaDeviceAnswerSchema), page_info: pageInfo });

type NamedDevice = z.output<typeof mfaDeviceName>;

const mfaDeviceAnswer = ({ serialNumber: serial, userId, enabled }: MfaDevice): z.infer<typeof mfaDeviceAnswerSchema> => ({ serial_number: serial, user_id: userId, enabled });

const nameOf = ({ user_id: userId, serial_number: serial }: NamedDevice): MfaDeviceName => ({ userId, serialNumber: serial });

type DeviceCaller = UserCaller | SessionCaller;

/** A text that is no serial number of this account has the place of a device's name. */
export function mfaDeviceResource(account: Snapshot, { serial_number: serial, user_id: userId }: NamedDevice, caller: DeviceCaller): Resource {
  const { accountId } = account;
  return { urn: serial.startsWith(mfaSerialNumber(accountId, '')) ? serial : mfaSerialNumber(accountId, serial), also: ownersOther(account, userId, caller) };
}

export const newMfaDeviceResource = (account: Snapshot, { body: { virtual_mfa_device_name: name, user_id: userId } }: { readonly body: z.output<typeof createMfaDeviceBody> }, caller: DeviceCaller): Resource =>
  ({ urn: mfaSerialNumber(account.accountId, name), also: ownersOther(account, userId, caller) });

/** [choice] A device's name says nothing of whose it is: for somebody else's the action must be allowed on that user too. */
const ownersOther = (account: Snapshot, userId: string, caller: DeviceCaller): readonly Resource[] =>
  caller.kind === 'user' && caller.user.userId === userId ? [] : [userResource(account, { path: { user_id: userId } })];

export const everyMfaDevice = (account: Snapshot): Resource => ({ urn: mfaSerialNumber(account.accountId, '*') });

/** One text for all: wrong codes, codes that do not follow each other, used ones, too many tries. */
export const refusedCodes = (): ApiError => new ApiError(
  'invalidAuthenticationCode', 'the authentication codes were not accepted: two codes are needed that the device has just shown one after the other; after five wrong tries none is accepted for five minutes',
);

/** INVARIANT: the seed is in this answer and nowhere else in the clear. */
export function create(ground: Ground, { body }: { readonly body: z.output<typeof createMfaDeviceBody> }): Result<z.infer<typeof newMfaDeviceResponse>> {
  const { account, services: { random, keyring }, call } = ground;
  const { virtual_mfa_device_name: name, user_id: userId } = body;
  const serial = mfaSerialNumber(account.accountId, name);
  const seed = newMfaSeed(random);
  const sealedSeed = seal(keyring['secret-sealing'], mfaSeedPlace(account.accountId, userId, serial), Buffer.from(seed), random);
  const change = createMfaDevice(account, { serialNumber: serial, userId, sealedSeed, createdAt: call.now }, actingUserId(ground));
  return { body: { virtual_mfa_device: { serial_number: serial, base32_string_seed: seed } }, change };
}

export async function enable(ground: Ground, { body }: { readonly body: z.output<typeof enableMfaDeviceBody> }): Promise<Result<undefined>> {
  const { account, services, call } = ground;
  const device = disabledDevice(account, nameOf(body), actingUserId(ground));
  const mfaStep = await acceptedStep(services, account.accountId, device, [body.authentication_code_first, body.authentication_code_second], call);
  if (mfaStep === undefined) throw refusedCodes();
  return { body: undefined, change: enableMfaDevice(device), mfaStep };
}

export const disable = (ground: Ground, { body }: { readonly body: NamedDevice }): Result<undefined> =>
  ({ body: undefined, change: disableMfaDevice(ground.account, nameOf(body), actingUserId(ground)) });

export function list({ account }: Ground, { query }: { readonly query: z.output<typeof listMfaDevicesQuery> }): Result<z.infer<typeof mfaDevicesResponse>> {
  const ownerId = query.user_id === undefined ? undefined : found(account.users, 'user', query.user_id).userId;
  const page = pageOf(listingOf('mfa-devices', account.mfaDevices), query, ({ userId }) => ownerId === undefined || userId === ownerId);
  return { body: { mfa_devices: page.items.map(mfaDeviceAnswer), page_info: page.pageInfo } };
}

export const remove = (ground: Ground, { query }: { readonly query: NamedDevice }): Result<undefined> =>
  ({ body: undefined, change: deleteMfaDevice(ground.account, nameOf(query), actingUserId(ground)) });
