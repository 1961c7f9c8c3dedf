// The operations of the IAM v5 API.
import type { Operation } from '../../operation.js';
import { accountOperations } from './account.js';
import { agencyOperations } from './agencies.js';
import { attachmentOperations } from './attachments.js';
import { policyOperations } from './policies.js';
import { accessKeyOperations } from './access-keys.js';
import { groupOperations } from './groups.js';
import { mfaDeviceOperations } from './mfa-devices.js';
import { migrationOperations } from './migration.js';
import { serviceLinkedAgencyOperations } from './service-linked-agencies.js';
import { tagOperations } from './tags.js';
import { userOperations } from './users.js';

export const iamOperations: readonly Operation[] = [
  ...agencyOperations, ...serviceLinkedAgencyOperations, ...policyOperations, ...attachmentOperations, ...userOperations, ...groupOperations, ...accessKeyOperations, ...mfaDeviceOperations,
  ...tagOperations, ...migrationOperations, ...accountOperations(() => iamOperations),
];
