// The operations of the older IAM API, under /v3.0 and /v3.
import type { Operation } from '../../operation.js';
import { agencyOperations } from './agencies.js';

export const legacyOperations: readonly Operation[] = [...agencyOperations];
