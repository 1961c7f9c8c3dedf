// What a decided call asks storage to do in one step: check that its ground still holds, then write everything or nothing.
import type { AuditEvent } from '../audit/event.js';
import type { EntityKind } from '../directory/entities.js';
import type { EntityField } from '../directory/snapshot.js';
import type { AccountChange, Boundaries, EpochSubject } from '../directory/store.js';
import type { RevocationNote } from '../sessions/revocation-note.js';
import type { Session, StatusIndex } from '../sessions/session.js';

/** What was read of an account before the decision, and must still be so when it is committed. */
export interface Guard {
  readonly accountId: string;
  /** Absent for accounts of which only the epochs matter. */
  readonly revision?: string;
  /** What of the account the decision stood on; asked for only once another change of the account got in the way. */
  readonly standsOn?: () => readonly Relied[];
  readonly epochs: readonly (readonly [EpochSubject, number])[];
  /** Of the boundaries that were read. */
  readonly boundaries: string;
}

/** What ends sessions, for good. A mark ends a session, or a user's token, with its descendants, an epoch all that its subject issued so far, a boundary what it issued before a time. */
export type Revocation =
  | { readonly kind: 'mark'; readonly sessionId: string; readonly status: StatusIndex; readonly note: RevocationNote }
  | { readonly kind: 'epoch'; readonly accountId: string; readonly subject: EpochSubject }
  | { readonly kind: 'boundary'; readonly accountId: string; readonly boundaries: Boundaries; readonly subject: EpochSubject; readonly issuedBefore: number; readonly revokedAt: number };

/** A field of an account, or all of a kind: of what is not there the name alone was asked. */
export type Relied = EntityField | `${EntityKind}:*`;

export interface MfaStep {
  readonly accountId: string;
  readonly serialNumber: string;
  /** Number of the 30-second step whose code was given; a later commit must carry a greater one. */
  readonly step: number;
}

/** A session at work: kept to the minute. */
export interface SessionUse {
  readonly session: Session;
  /** Seconds since the epoch. */
  readonly usedAt: number;
  readonly sourceIp: string;
}

/** A permanent access key at work: kept to the minute, and never a reason for a conflict. */
export interface KeyUse {
  readonly accountId: string;
  readonly accessKeyId: string;
  /** Seconds since the epoch. */
  readonly usedAt: number;
}

export interface Commit {
  readonly callerAccountId: string;
  /** Of the key ring that the call was decided with; absent: of the one there is. */
  readonly keyGeneration?: number;
  readonly guards: readonly Guard[];
  /** Of an account that changed meanwhile it is enough that nothing changed of what the guard stands on. */
  readonly isPatient?: boolean;
  /** Sessions and users' tokens that must not carry a revocation mark: the caller's and its ancestors. */
  readonly unmarkedSessions: readonly string[];
  /** Sessions whose record must be there, of which the caller's is one: a failover may have lost it. */
  readonly presentSessions?: readonly string[];
  /** Names the signature's input, where a second use is refused. */
  readonly signatureInput?: string | undefined;
  readonly mfaStep?: MfaStep | undefined;
  readonly session?: Session | undefined;
  /** Each is a compare-and-set on its account's revision. */
  readonly changes?: readonly AccountChange[] | undefined;
  readonly revocations?: readonly Revocation[] | undefined;
  readonly keyUses?: readonly KeyUse[];
  readonly sessionUses?: readonly SessionUse[];
  readonly events: readonly AuditEvent[];
}

/** What ended sessions as it stands now: written again, it ends no more than it did. Older journals tell no place in a status list. */
export type Ending =
  | { readonly kind: 'mark'; readonly sessionId: string; readonly status?: StatusIndex | undefined; readonly note: RevocationNote }
  | { readonly kind: 'epoch'; readonly accountId: string; readonly subject: EpochSubject; readonly epoch: number }
  | { readonly kind: 'boundary'; readonly accountId: string; readonly subject: EpochSubject; readonly issuedBefore: number };

export interface Committed {
  readonly result: 'committed';
  /** `<cell>-<sequence>` of each event, in their order. */
  readonly eventIds: readonly string[];
  readonly endings: readonly Ending[];
}

/** `conflict`: something read before has changed; read again and decide again. Nothing was written unless `committed`. */
export type CommitResult = Committed | { readonly result: 'conflict' | 'mfa-step-used' | 'replayed' };

export interface CommitStore {
  commit(commit: Commit): Promise<CommitResult>;
}
