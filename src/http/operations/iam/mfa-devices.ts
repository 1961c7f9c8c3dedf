// Virtual MFA devices (IAM v5 API §7).
import * as mfaDevices from '../../../iam/mfa-devices.js';
import type { Operation } from '../../operation.js';
import { iamOperation } from './iam-operation.js';

export const mfaDeviceOperations: readonly Operation[] = [
  iamOperation({
    name: 'CreateVirtualMfaDeviceV5', method: 'post', path: '/v5/virtual-mfa-devices', summary: 'Creates a virtual MFA device of a user, disabled; its seed is in this answer only',
    action: 'iam:mfa:createVirtualMFADeviceV5', resource: mfaDevices.newMfaDeviceResource, outlasts: true, refusals: [400, 403, 404, 409],
    body: mfaDevices.createMfaDeviceBody, status: 201, response: mfaDevices.newMfaDeviceResponse, decide: mfaDevices.create,
  }),
  {
    ...iamOperation({
      name: 'EnableMfaDeviceV5', method: 'post', path: '/v5/mfa-devices/enable', summary: 'Enables an MFA device, given two codes that it showed one after the other',
      action: 'iam:mfa:enableV5', resource: (account, { body }, caller) => mfaDevices.mfaDeviceResource(account, body, caller), outlasts: true, refusals: [400, 403, 404, 409],
      body: mfaDevices.enableMfaDeviceBody, status: 200, decide: mfaDevices.enable,
    }),
    // What the commit can refuse is a code that was used before.
    refine: mfaDevices.refusedCodes,
  },
  iamOperation({
    name: 'DisableMfaDeviceV5', method: 'post', path: '/v5/mfa-devices/disable', summary: 'Disables an MFA device and unbinds it: it can be enabled again until another one of its user takes its place',
    action: 'iam:mfa:disableV5', resource: (account, { body }, caller) => mfaDevices.mfaDeviceResource(account, body, caller), outlasts: true, refusals: [400, 403, 404],
    body: mfaDevices.mfaDeviceName, status: 200, decide: mfaDevices.disable,
  }),
  iamOperation({
    name: 'ListMfaDevicesV5', method: 'get', path: '/v5/mfa-devices', summary: 'Lists the MFA devices of the account or of a user, without seeds',
    action: 'iam:mfa:listMFADevicesV5', resource: mfaDevices.everyMfaDevice, refusals: [400, 403, 404],
    query: mfaDevices.listMfaDevicesQuery, status: 200, response: mfaDevices.mfaDevicesResponse, decide: mfaDevices.list,
  }),
  iamOperation({
    name: 'DeleteVirtualMfaDeviceV5', method: 'delete', path: '/v5/virtual-mfa-devices', summary: 'Deletes a virtual MFA device that is disabled',
    action: 'iam:mfa:deleteVirtualMFADeviceV5', resource: (account, { query }, caller) => mfaDevices.mfaDeviceResource(account, query, caller), refusals: [400, 403, 404, 409],
    query: mfaDevices.mfaDeviceName, status: 204, decide: mfaDevices.remove,
  }),
];
