// The ways of assuming an agency: what differs beside who may do it, and what is answered.
import type { Agency } from '../directory/entities.js';
import type { Snapshot } from '../directory/snapshot.js';
import type { Session, SessionWay, TokenScope } from '../sessions/session.js';
import type { AssumeAgencyInput } from './assume-agency-input.js';
import { assumeAnswerHeaders } from './assume-headers.js';
import { isTemporary, type Caller } from './caller.js';
import { requestedDuration } from './chain-rules.js';
import { issuedCredentials, type IssuedCredentials } from './credentials.js';
import type { Services } from './services.js';

/** What a way in answers with. */
export interface Issued {
  readonly session: Session;
  readonly agency: Agency;
  /** Account of the agency. */
  readonly account: Snapshot;
}

export interface Manner<Body> {
  /** Of the older system: only legacy agencies are there, and its permissions count. */
  readonly older?: {
    readonly agencyName: string;
    /** The agency as the caller named it, in place of its URN: the caller learns no account's id by its name. */
    readonly asked: string;
    /** For the events, beside what they have of every request. */
    readonly audited: Readonly<Record<string, unknown>>;
  };
  /** What the session's record says of the way. */
  readonly marks: { readonly way?: SessionWay; readonly sessionUserName?: string | undefined };
  /** Of the session, in seconds. Throws the 400. */
  duration(): number;
  /** Whether the agency's own maximum binds the duration. */
  readonly agencyMaximumBinds: boolean;
  /** What the session is for. Throws the 400 for what the account does not have. */
  scope(account: Snapshot): TokenScope | undefined;
  answer(issued: Issued): { readonly body: Body; readonly headers?: Readonly<Record<string, string>> };
}

/** AssumeAgency itself. */
export function stsManner(services: Services, caller: Caller, input: AssumeAgencyInput): Manner<IssuedCredentials> {
  return {
    marks: {}, agencyMaximumBinds: true,
    duration: () => requestedDuration(isTemporary(caller), input.durationSeconds),
    scope: () => undefined,
    answer: ({ session, agency }) => ({
      body: issuedCredentials(services, caller, session), headers: assumeAnswerHeaders(session, agency.maxSessionDurationSeconds, services.settings),
    }),
  };
}
