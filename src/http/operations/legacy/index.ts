// The operations of the older IAM API, under /v3.0 and /v3.
import type { Operation } from '../../operation.js';
import { agencyOperations } from './agencies.js';
import { grantOperations } from './grants.js';
import { projectOperations } from './projects.js';
import { roleOperations } from './roles.js';
import { tokenOperations } from './tokens.js';

export const legacyOperations: readonly Operation[] = [...agencyOperations, ...roleOperations, ...grantOperations, ...projectOperations, ...tokenOperations];
