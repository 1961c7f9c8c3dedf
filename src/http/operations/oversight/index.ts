// The operations of security teams: sessions seen and ended, the audit read and proved.
import type { Operation } from '../../operation.js';
import { auditOperations } from './audit.js';
import { revocationOperations } from './revocation.js';
import { sessionOperations } from './sessions.js';

export const oversightOperations: readonly Operation[] = [...sessionOperations, ...revocationOperations, ...auditOperations];
