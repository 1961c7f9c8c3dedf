// What the token service works with, passed in by the composition.
import type { AuditReader } from '../audit/reader.js';
import type { Clock, Random } from '../base/clock.js';
import type { AccountReads, DirectoryReader } from '../directory/store.js';
import type { Keyring } from '../keyring/keyring.js';
import type { KeyLife } from '../keyring/living-keyring.js';
import type { SessionIndex } from '../sessions/session-index.js';
import type { SessionIds, SessionReader, SessionReads } from '../sessions/store.js';
import type { Catalogue } from '../catalogue/index.js';
import type { Turns } from './turns.js';

export interface StsSettings {
  /** `iss` and `aud` of every security token. */
  readonly issuer: string;
  /** The only scope in which V11 signatures are accepted. */
  readonly region: string;
  readonly serviceName: string;
  readonly maximumChainDepth: number;
  readonly maximumChainAgeSeconds: number;
  /** Accept `UNSIGNED-PAYLOAD` with a body; for transports that are trusted otherwise. */
  readonly allowUnsignedPayload: boolean;
  /** Refuse the second use of one signature input within its window. */
  readonly rejectReplays: boolean;
  /** Whether registered services get the derived keys of permanent access keys as well. */
  readonly derivePermanentKeys: boolean;
  /** Whether every token holds the public key of its session, however the call was signed. */
  readonly alwaysConfirm: boolean;
  /** How long a published list of ended sessions is good, in seconds. */
  readonly statusListLifeSeconds: number;
  /** Ids of the regions in which every account has a project. */
  readonly regions: readonly string[];
  /** Whether legacy agencies of cloud services may be modified: the editions of the cloud differ in this. */
  readonly serviceAgencyUpdates: 'refuse' | 'allow';
}

/** A limit of requests, shared by all processes. */
export interface RateCounter {
  /** Takes one of the requests that the running window has for the subject; false when none is left. */
  take(subject: string): Promise<boolean>;
}

/** Counts tries, shared by all processes. */
export interface AttemptCounter {
  /** Counts one try and tells how many there were in the running window, this one included. */
  count(subject: readonly string[]): Promise<number>;
  /** Takes a counted try back, when it turned out to be right. */
  forgive(subject: readonly string[]): Promise<void>;
}

/** What a decision reads. Strictly, or from memory where the commit asks whether all of it still holds. */
export interface Reads {
  readonly directory: AccountReads;
  readonly sessions: SessionReads;
}

export interface Services extends Reads {
  readonly clock: Clock;
  /** How far the clocks of the processes of this installation are apart, at most. */
  clockSkewSeconds(): number;
  readonly random: Random;
  readonly keyring: Keyring;
  readonly keyLife: KeyLife;
  readonly directory: DirectoryReader;
  readonly catalogue: Catalogue;
  readonly turns: Turns;
  readonly sessions: SessionReader;
  /** For looking at sessions, not for deciding upon them. */
  readonly sessionIndex: SessionIndex;
  readonly sessionIds: SessionIds;
  readonly audit: AuditReader;
  /** Wrong MFA codes per device. */
  readonly mfaAttempts: AttemptCounter;
  /** Failed signatures per access key and address. */
  readonly signatureFailures: AttemptCounter;
  /** Requests that services presented as received, where each is accepted once: kept for as long as its signature is good. */
  readonly presentations: AttemptCounter;
  readonly settings: StsSettings;
}

export const rememberedReads = ({ directory, sessions }: Services): Reads => ({ directory: directory.remembered, sessions: sessions.remembered });
