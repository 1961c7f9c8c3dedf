// The operations of the IAM v5 API.
import type { Operation } from '../../operation.js';
import { agencyOperations } from './agencies.js';

export const iamOperations: readonly Operation[] = [...agencyOperations];
