// One call from signature to answer: authenticate, decide, commit; and decide again when the ground has moved.
import { ApiError, type ErrorFamily } from '../base/api-error.js';
import { seconds } from '../base/clock.js';
import { boundedEvent } from '../audit/bounded-event.js';
import { changedFields } from '../audit/changed-fields.js';
import type { AuditEvent } from '../audit/event.js';
import { markedIdsOf } from '../sessions/session.js';
import type { ReceivedRequest } from '../signing/index.js';
import { refuseSwitchedOff } from './asymmetric-signature.js';
import type { Authenticate } from './authenticate.js';
import { authenticationError, type Candidate } from './candidate.js';
import { eventPrincipal, eventSessions, isTemporary, type Caller, type UserCaller } from './caller.js';
import type { Commit, CommitStore, Committed, KeyUse, SessionUse } from './commit.js';
import { mfaError } from './mfa.js';
import { loginError } from './older/login-error.js';
import type { CallContext, Outcome } from './outcome.js';
import { rememberedReads, type Services } from './services.js';

/** Of a call on ground that keeps moving: as often as it takes beside other processes that write all the time. */
const maximumTries = 20;
/** Between tries: two processes that lose to each other are to fall out of step. */
const longestPauseMilliseconds = 32;

export interface Call<Body> {
  readonly operation: string;
  readonly family: ErrorFamily;
  /** Of an answer that was allowed. */
  readonly status: number;
  /** Whether the call may change an account. */
  readonly writes: boolean;
  readonly request: ReceivedRequest;
  readonly requestId: string;
  readonly sourceIp: string;
  /** Runs once, when the caller is known: the limit per access key. */
  admit(caller: Caller): Promise<void> | undefined;
  decide(caller: Caller, call: CallContext): Promise<Outcome<Body>>;
  /** Told the id of the caller's audit event as soon as it is durable, also of a refusal. */
  recorded(eventId: string): void;
  /** Gives a refusal that the commit found the form of the operation's other refusals. */
  refine(caller: Caller, error: ApiError): ApiError;
}

export interface Answer<Body> {
  readonly body: Body;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The answer to a call that was allowed and is committed. Throws the {@link ApiError} of one that was refused; unless
 * the caller stayed unknown, that refusal is committed too.
 */
export async function perform<Body>(services: Services, store: CommitStore, authenticate: Authenticate, call: Call<Body>): Promise<Answer<Body>> {
  const strict: CallContext = { now: services.clock.now(), reads: services, countedMfaCodes: new Set(), presentedRequests: new Set() };
  const remembering: CallContext = { ...strict, reads: rememberedReads(services) };
  let changedAccountId: string | undefined;
  const attempt = async (caller: Caller, context: CallContext, isPatient: boolean, keyGeneration: number): Promise<Settled<Body>> => {
    let outcome: Outcome<Body>;
    try {
      outcome = await decided(call, caller, context);
    } catch (error) {
      // What was sealed with a key that is gone by now was sealed anew, and is read anew.
      if (error instanceof ApiError || context === strict) throw error;
      return 'conflict';
    }
    changedAccountId = outcome.ok ? outcome.changes?.[0]?.accountId : undefined;
    return settle(services, store, call, caller, context, { outcome, isPatient, keyGeneration });
  };
  const attemptAgain = async (): Promise<Settled<Body>> => {
    let settled: Settled<Body> = 'conflict';
    for (let tries = 1; tries < maximumTries && settled === 'conflict'; tries += 1) {
      if (tries > 1) await pause(services, tries);
      const keyGeneration = services.keyLife.generation();
      settled = await attempt(await authenticate(call.request, call.sourceIp, strict.now), strict, true, keyGeneration);
    }
    return settled;
  };

  // A process that was held up must not refuse what others make with a newer key.
  if (services.keyLife.isStale()) await services.keyLife.lookAgain();
  // Read before anything is verified, signed or sealed: keys that change meanwhile are noticed by the commit.
  const keyGeneration = services.keyLife.generation();
  // A warm process decides on what it remembers, and asks nothing before the one script that also asks whether it holds:
  // a call costs one round trip in place of three or four.
  const caller = await authenticate(call.request, call.sourceIp, strict.now, true);
  const admission = call.admit(caller);
  if (admission !== undefined) await admission;
  const mustWait = call.writes && services.turns.areTaken(caller.accountId);
  let settled = mustWait ? 'conflict' : await attempt(caller, remembering, false, keyGeneration);
  if (settled === 'conflict') settled = call.writes ? await services.turns.take(changedAccountId ?? caller.accountId, attemptAgain) : await attemptAgain();
  if (settled === 'conflict') throw new ApiError('tooManyConflicts', 'the accounts concerned kept changing while the call was decided; try again');
  // INVARIANT: nothing is answered that is not committed: no audit, no credential.
  if (settled.ok) return { body: settled.body, headers: settled.headers ?? {} };
  throw settled.error;
}

type Settled<Body> = Outcome<Body> | 'conflict';

function pause({ random }: Services, tries: number): Promise<void> {
  const most = Math.min(2 ** tries, longestPauseMilliseconds);
  return new Promise((resolve) => setTimeout(resolve, (most * random.bytes(1).readUInt8()) / 255));
}

/** A refusal of an identified caller is an outcome like any other: it has its audit event. */
async function decided<Body>(call: Call<Body>, caller: Caller, context: CallContext): Promise<Outcome<Body>> {
  try {
    refuseSwitchedOff(caller);
    return await call.decide(caller, context);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    return { ok: false, error, details: { decision: error.auditText }, guards: [], ...usedCode(caller) };
  }
}

/** INVARIANT: the code of a login is used up by whatever becomes of the call. */
const usedCode = (caller: Caller): Pick<Outcome<never>, 'mfaStep'> => {
  const step = isLogin(caller) ? caller.temporary?.mfaStep : undefined;
  return step === undefined ? {} : { mfaStep: step };
};

const isLogin = (caller: Caller): caller is UserCaller => caller.kind === 'user' && caller.temporary?.kind === 'login';

/** Once something got in the way, a patient attempt asks only whether it concerns the call: who only reads is not starved by who writes. */
interface Attempt<Body> {
  readonly outcome: Outcome<Body>;
  readonly isPatient: boolean;
  readonly keyGeneration: number;
}

async function settle<Body>(
  services: Services, store: CommitStore, call: Call<Body>, caller: Caller, context: CallContext, { outcome, isPatient, keyGeneration }: Attempt<Body>,
): Promise<Settled<Body>> {
  // What binds the caller's own credentials to the commit binds all that the decision stands on.
  const proved = provedBy(caller, outcome);
  const allowed = outcome.ok ? outcome : undefined;
  const uses = usesOf(outcome.usedBy === undefined ? [caller] : [caller, ...outcome.usedBy], context);
  // Written out: spreading what is there and what is not costs more here than the rest of this function.
  const commit: Commit = {
    callerAccountId: caller.accountId,
    keyGeneration,
    guards: [...proved.guards, ...outcome.guards],
    isPatient,
    unmarkedSessions: proved.unmarkedSessions,
    presentSessions: proved.presentSessions,
    signatureInput: services.settings.rejectReplays ? signatureInput(caller) : undefined,
    events: eventsOf(call, caller, context, outcome),
    mfaStep: outcome.mfaStep,
    session: allowed?.session,
    changes: allowed?.changes,
    revocations: allowed?.revocations,
    keyUses: uses.keyUses,
    sessionUses: uses.sessionUses,
  };
  const settled = await store.commit(commit);
  if (settled.result === 'committed') return recorded(call, settled, outcome);
  if (settled.result === 'conflict') return 'conflict';
  const error = settled.result === 'replayed'
    ? new ApiError('unauthenticated', `${authenticationError}this signed request was used before`)
    // A code that was used meanwhile is like anything else that is wrong with a login.
    : isLogin(caller) ? loginError() : call.refine(caller, mfaError());
  const refused: Outcome<Body> = { ok: false, error, guards: outcome.guards, details: { ...withoutIssued(outcome), decision: error.message } };
  const { callerAccountId, guards, unmarkedSessions, presentSessions = [], signatureInput: input } = commit;
  const settledRefusal = await store.commit({
    callerAccountId, keyGeneration, guards, isPatient, unmarkedSessions, presentSessions,
    signatureInput: settled.result === 'replayed' ? undefined : input, events: eventsOf(call, caller, context, refused),
  });
  return settledRefusal.result === 'committed' ? recorded(call, settledRefusal, refused) : 'conflict';
}

type Proof = Pick<Commit, 'guards' | 'unmarkedSessions'> & { readonly presentSessions: readonly string[] };

const proofOf = (caller: Candidate['caller']): Proof =>
  ({ guards: caller.guards, unmarkedSessions: markedIdsOf(caller.chain), presentSessions: caller.kind === 'agency-session' ? [caller.session.sessionId] : noSessions });

function provedBy(caller: Caller, { alsoProved = [] }: Outcome<unknown>): Proof {
  const own = proofOf(caller);
  if (alsoProved.length === 0) return own;
  const all = [own, ...alsoProved.map(proofOf)];
  return {
    guards: all.flatMap(({ guards }) => guards),
    unmarkedSessions: [...new Set(all.flatMap(({ unmarkedSessions }) => unmarkedSessions))],
    presentSessions: [...new Set(all.flatMap(({ presentSessions }) => presentSessions))],
  };
}

const noSessions: readonly string[] = [];

/** The first event is the one in the caller's own account. */
function recorded<Body>(call: Call<Body>, { eventIds }: Committed, outcome: Outcome<Body>): Outcome<Body> {
  const [eventId] = eventIds;
  if (eventId !== undefined) call.recorded(eventId);
  return outcome.ok && outcome.bodyWith !== undefined ? { ...outcome, body: outcome.bodyWith(eventIds) } : outcome;
}

function usesOf(callers: readonly Caller[], { now }: CallContext): { readonly keyUses: readonly KeyUse[]; readonly sessionUses: readonly SessionUse[] } {
  const usedAt = seconds(now);
  const each = callers.length === 1 ? callers : [...new Map(callers.map((caller) => [caller.accessKeyId, caller])).values()];
  const keyUses: KeyUse[] = [];
  const sessionUses: SessionUse[] = [];
  for (const caller of each) {
    if (caller.kind === 'agency-session') sessionUses.push({ session: caller.session, usedAt, sourceIp: caller.sourceIp });
    else if (!isTemporary(caller)) keyUses.push({ accountId: caller.accountId, accessKeyId: caller.accessKeyId, usedAt });
  }
  return { keyUses, sessionUses };
}

function withoutIssued({ details: { resource, request } }: Outcome<unknown>): Outcome<unknown>['details'] {
  return { ...(resource !== undefined && { resource }), ...(request !== undefined && { request }) };
}

/** One event in the caller's account, one in the other account that the call concerns, and those of all else that it decided. */
function eventsOf(call: Call<unknown>, caller: Caller, context: CallContext, outcome: Outcome<unknown>): readonly AuditEvent[] {
  const { details, otherAccount, moreEvents } = outcome;
  const sessions = caller.kind === 'agency-session' ? eventSessions(caller.session) : undefined;
  // INVARIANT: of what a refusal did not do no event speaks.
  const request = outcome.ok && outcome.changes !== undefined ? { ...details.request, ...changedFields(outcome.changes) } : details.request;
  // Written out, whether there or not: spreading what is there costs four times as much.
  const own: AuditEvent = {
    accountId: caller.accountId,
    time: context.now,
    requestId: call.requestId,
    operation: call.operation,
    principal: eventPrincipal(caller),
    sourceIp: call.sourceIp,
    status: outcome.ok ? call.status : outcome.error.status,
    errorCode: outcome.ok ? undefined : outcome.error.code(call.family),
    callerSession: sessions?.own,
    resource: details.resource,
    resourceAccountId: details.resourceAccountId,
    decision: details.decision,
    request,
    issuedSession: details.issuedSession,
  };
  if (moreEvents !== undefined) {
    const common: AuditEvent = { ...own, resource: undefined, resourceAccountId: undefined, decision: undefined, request: undefined, issuedSession: undefined };
    return [own, ...moreEvents.map((event) => ({ ...common, ...event }))].map(boundedEvent);
  }
  if (otherAccount === undefined) return [boundedEvent(own)];
  const { accountId, decision } = otherAccount;
  return [boundedEvent(own), boundedEvent({ ...own, callerSession: sessions?.handedOn, accountId, decision })];
}

/**
 * What one signature stands for: another signature of the same request by the same key, as ECDSA has them, stands for
 * the same. A token is presented again and again: there is no signature that could be used up.
 */
const signatureInput = ({ accessKeyId, requestHash }: Caller): string | undefined => (requestHash === undefined ? undefined : `${accessKeyId}:${requestHash}`);
