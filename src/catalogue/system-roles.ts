// System roles: roles and policies of the older system (Version 1.0 and 1.1) that every account can grant and none can change.
import type { NamedPolicy } from '../policy/index.js';
import type { Texts } from './texts.js';

export interface SystemRole {
  readonly roleId: string;
  /** The internal name, for example `te_agency`. */
  readonly name: string;
  /** What people call it, for example `Agent Operator`. */
  readonly displayName: string;
  /** Where it counts: `AX` at the domain, `XA` in projects, `AA` both, `XX` neither. */
  readonly type: 'AX' | 'XA' | 'AA' | 'XX';
  /** The service or family it belongs to, for example `IAM`. */
  readonly catalog: string;
  readonly description: Texts;
  /** JSON text, as the API hands it out. */
  readonly document: string;
  readonly policy: NamedPolicy;
}
