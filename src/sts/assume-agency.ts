// AssumeAgency: from a caller and its request to a session, or to the reason why not.
import { ApiError } from '../base/api-error.js';
import { seconds } from '../base/clock.js';
import { madeOnce } from '../base/made-once.js';
import { hasPolicy } from '../directory/compiled-policies.js';
import type { Agency } from '../directory/entities.js';
import type { AccountView, EpochSubject } from '../directory/store.js';
import { parseAgencyUrn, type AgencyName } from '../urn/urn.js';
import type { AssumeAgencyInput } from './assume-agency-input.js';
import { encodeAuthorizationMessage } from './authorization-message.js';
import { stsManner, type Manner } from './assume-manner.js';
import { assumeAction, assumeActions } from './assume-decisions.js';
import { authorizeAssume, type Denial } from './authorize-assume.js';
import { issuedEventSession, type Caller } from './caller.js';
import { refuseOverAgencyMaximum, refuseOverlongChain, sourceIdentity } from './chain-rules.js';
import type { Guard, MfaStep } from './commit.js';
import { newSession, type Grant, type IssuedCredentials } from './credentials.js';
import { legacySessionRefusal } from './legacy-session.js';
import { verifyMfaCode } from './mfa.js';
import type { CallContext, EventDetails, Outcome } from './outcome.js';
import type { Reads, Services } from './services.js';
import { mergeSessionTags } from './session-tags.js';
import { targetStanding } from './standing.js';
import { withSourceEpoch, type Chain, type SessionTag } from '../sessions/session.js';

/** Everything of the new session that the caller's side alone decides. */
interface Plan {
  readonly target: AgencyName | undefined;
  readonly duration: number;
  readonly tags: readonly SessionTag[];
  readonly sourceIdentity: string | undefined;
  /** What both sides must allow. */
  readonly actions: readonly string[];
}

/** Decides one call of AssumeAgency (STS API §3.1, §8). */
export const assumeAgency = (services: Services, caller: Caller, input: AssumeAgencyInput, call: CallContext): Promise<Outcome<IssuedCredentials>> =>
  assumeBy(stsManner(services, caller, input), services, caller, input, call);

/** Decides one call, whichever way it came. Own mistakes are told first, then the caller's side, then the target's. */
export async function assumeBy<Body>(manner: Manner<Body>, services: Services, caller: Caller, input: AssumeAgencyInput, call: CallContext): Promise<Outcome<Body>> {
  const asked = manner.older?.asked ?? input.agencyUrn;
  const request = auditedRequest(input);
  const details: EventDetails = { resource: asked, request: manner.older === undefined ? request : { ...request, ...manner.older.audited } };
  const plan = refusalOr(() => planSession(services, caller, input, manner, call));
  if (plan instanceof ApiError) return { ...refused(services, caller, asked, plan, details), guards: [] };
  const mfaStep = hasMfa(input) ? await checkedMfaCode(services, caller, input, call).catch(refusalIn) : undefined;
  if (mfaStep instanceof ApiError) return { ...refused(services, caller, asked, mfaStep, details), guards: [] };

  const { target, sourceIdentity: identity } = plan;
  const view = target === undefined ? undefined : await call.reads.directory.read(target.accountId, (snapshot) => subjectsOf(targetIn(snapshot, target, manner), identity));
  const agency = target === undefined || view === undefined ? undefined : targetIn(view.snapshot, target, manner);
  const origin = identity !== undefined && setsIdentity(caller) ? await readSourceOrigin(call.reads, caller, identity) : { chain: caller.chain, guards: [] };
  const mfaVerified = mfaStep !== undefined;
  const ground = { guards: view === undefined ? origin.guards : [guardOf(view, agency, input), ...origin.guards], ...(mfaStep !== undefined && { mfaStep }) };
  const denial = refusalOr(() => authorizeAssume(services, caller, { input, plan, agency, mfaVerified, catalogue: services.catalogue, asked, older: manner.older }, call));
  if (denial instanceof ApiError) return { ...refused(services, caller, asked, denial, details), ...ground };
  if (denial !== undefined) return { ...denied(caller, denial, details, manner.older === undefined ? target : 'hidden', view), ...ground };

  // INVARIANT: authorizeAssume() denies every call on an agency that does not exist.
  if (view === undefined || agency === undefined) throw new Error('an absent agency was authorized');
  const grant = refusalOr(() => granted({ ...plan, ...manner.marks, scope: manner.scope(view.snapshot), input, view, agency, mfaVerified, chain: origin.chain }, manner));
  if (grant instanceof ApiError) {
    // A rule of the agency's account, found when both sides had allowed the call, is that account's decision.
    const other = otherAccount(caller, view, grant.message);
    return { ...refused(services, caller, asked, grant, { ...details, ...other.details }), ...ground, ...other.outcome };
  }
  const issued = await newSession(services, caller, grant, call);
  const { body, headers } = manner.answer({ session: issued, agency, account: view.snapshot });
  const other = otherAccount(caller, view, 'allowed');
  return {
    ok: true, session: issued, body, headers, guards: ground.guards, mfaStep, otherAccount: other.outcome.otherAccount,
    details: {
      resource: input.agencyUrn, resourceAccountId: other.details.resourceAccountId, decision: 'allowed', request: details.request, issuedSession: issuedEventSession(issued),
    },
  };
}

/** A refusal that a caller can cause, as a value: each step of the call says for itself what follows from it. */
function refusalOr<Value>(step: () => Value): Value | ApiError {
  try {
    return step();
  } catch (error) {
    return refusalIn(error);
  }
}

function refusalIn(error: unknown): ApiError {
  if (error instanceof ApiError && error.status < 500) return error;
  throw error;
}

type Refusal = Pick<Outcome<never> & { readonly ok: false }, 'ok' | 'error' | 'details'>;

const refused = (services: Services, caller: Caller, asked: string, error: ApiError, details: EventDetails): Refusal =>
  ({ ok: false, error: withMessage(services, caller, asked, error), details: { ...details, decision: error.message } });

/** A side refused: the caller's event tells why if it was its own, the other account's event does else. */
function denied(
  caller: Caller, { error, decision, foreign }: Denial, details: EventDetails, target: AgencyName | 'hidden' | undefined, view: AccountView | undefined,
): Refusal & Pick<Outcome<never>, 'otherAccount'> {
  if (!foreign) return { ok: false, error, details: { ...details, decision } };
  return {
    ok: false, error,
    details: { ...details, ...(target === undefined ? { decision } : { decision: 'refused by the agency\'s account', ...(target !== 'hidden' && { resourceAccountId: target.accountId }) }) },
    // An account that does not exist has no log.
    ...otherAccount(caller, view, decision).outcome,
  };
}

/** What the agency's account adds when it is not the caller's: its name in the caller's event, and an event of its own. */
function otherAccount(caller: Caller, view: AccountView | undefined, decision: string): { details: EventDetails; outcome: Pick<Outcome<never>, 'otherAccount'> } {
  const accountId = view?.snapshot.accountId;
  if (accountId === undefined || accountId === caller.accountId) return { details: {}, outcome: {} };
  return { details: { resourceAccountId: accountId }, outcome: { otherAccount: { accountId, decision } } };
}

/** What remains when both sides allow: the agency's own limits. */
function granted(grant: Grant, { agencyMaximumBinds }: Manner<unknown>): Grant {
  if (grant.agency.kind === 'legacy') {
    const refusal = legacySessionRefusal({ ...grant, requested: grant.input });
    if (refusal !== undefined) throw refusal;
  }
  if (agencyMaximumBinds) refuseOverAgencyMaximum(grant.duration, grant.agency.maxSessionDurationSeconds);
  refuseUnknownPolicies(grant.view, grant.input.policyIds);
  return grant;
}

function planSession(services: Services, caller: Caller, input: AssumeAgencyInput, manner: Manner<unknown>, call: CallContext): Plan {
  const parent = caller.kind === 'agency-session' ? caller.session : undefined;
  const duration = manner.duration();
  const tags = mergeSessionTags(parent, input);
  refuseOverlongChain(parent, seconds(call.now), services.settings);
  const identity = sourceIdentity(parent, input.sourceIdentity);
  return { target: parseAgencyUrn(input.agencyUrn), duration, tags, sourceIdentity: identity, actions: assumeActions(tags, identity) };
}

const hasMfa = ({ serialNumber, tokenCode }: AssumeAgencyInput): boolean => serialNumber !== undefined || tokenCode !== undefined;

async function checkedMfaCode(services: Services, caller: Caller, { serialNumber, tokenCode }: AssumeAgencyInput, call: CallContext): Promise<MfaStep> {
  if (serialNumber === undefined || tokenCode === undefined) {
    throw new ApiError('incompleteMfa', '`serial_number` and `token_code` go together; only one of them is given');
  }
  return verifyMfaCode(services, caller, serialNumber, tokenCode, call);
}

function targetIn({ agencies }: AccountView['snapshot'], { path, name }: AgencyName, { older }: Manner<unknown>): Agency | undefined {
  const agency = agencies.named(name);
  return agency?.path === path && (older === undefined || agency.kind === 'legacy') ? agency : undefined;
}

/** Whose epochs the new session carries. */
function subjectsOf(agency: Agency | undefined, identity: string | undefined): readonly EpochSubject[] {
  const subjects = agency === undefined ? accountAlone : subjectsOfAgency(agency, '');
  return identity === undefined ? subjects : [...subjects, `source:${identity}`];
}

const accountAlone: readonly EpochSubject[] = ['account'];
const subjectsOfAgency = madeOnce(({ agencyId }: Agency): readonly EpochSubject[] => ['account', `agency:${agencyId}`]);

interface Origin {
  readonly chain: Chain;
  readonly guards: readonly Guard[];
}

/** Whether it is this hop that sets the identity. */
const setsIdentity = (caller: Caller): boolean => caller.kind !== 'agency-session' || caller.session.sourceIdentity === undefined;

/**
 * The chain of the new session. Where this hop sets the source identity, the caller's account can end what carries it
 * too, so the caller's link gets its epoch; an inherited one has it from the hop that set it.
 */
async function readSourceOrigin({ directory }: Reads, caller: Caller, identity: string): Promise<Origin> {
  const subject = `source:${identity}` as const;
  const { epochs, boundaries } = await directory.readEpochs(caller.accountId, [subject]);
  const epoch = epochs.get(subject) ?? 0;
  return { chain: withSourceEpoch(caller.chain, epoch), guards: [{ accountId: caller.accountId, epochs: [[subject, epoch]], boundaries: boundaries.text }] };
}

const guardOf = ({ snapshot, epochs, boundaries }: AccountView, agency: Agency | undefined, { policyIds }: AssumeAgencyInput): Guard =>
  ({ accountId: snapshot.accountId, revision: snapshot.revision, standsOn: () => targetStanding(agency, policyIds), epochs: [...epochs], boundaries: boundaries.text });

/** Every 403 of this operation carries a sealed reason (STS API §10), also one that no policy decided. */
export function withMessage(services: Services, caller: Caller, asked: string, error: ApiError): ApiError {
  if (error.errorName !== 'accessDenied' || error.encodedAuthorizationMessage !== undefined) return error;
  const reason = { failure: error.message, principal: caller.principalUrn, action: assumeAction, resource: asked };
  return new ApiError('accessDenied', error.message, encodeAuthorizationMessage(services.keyring, services.random, caller.accountId, reason));
}

function refuseUnknownPolicies(view: Pick<AccountView, 'snapshot'>, policyIds: readonly string[]): void {
  const unknown = policyIds.find((id) => !hasPolicy(view.snapshot, id));
  if (unknown !== undefined) throw new ApiError('unknownPolicyId', `\`policy_ids\`: \`${unknown}\` is no policy of the agency's account`);
}

/** What the audit keeps of the request, and no more members: no external id, no code, no policy text. */
function auditedRequest(input: AssumeAgencyInput): Readonly<Record<string, unknown>> {
  const kept: Record<string, unknown> = { session_name: input.agencySessionName };
  if (input.durationSeconds !== undefined) kept['duration_seconds'] = input.durationSeconds;
  if (input.tags.length > 0) kept['tags'] = input.tags;
  if (input.transitiveTagKeys.length > 0) kept['transitive_tag_keys'] = input.transitiveTagKeys;
  if (input.sourceIdentity !== undefined) kept['source_identity'] = input.sourceIdentity;
  if (input.policy !== undefined) kept['session_policy'] = true;
  if (input.policyIds.length > 0) kept['policy_ids'] = input.policyIds;
  if (input.serialNumber !== undefined) kept['serial_number'] = input.serialNumber;
  return kept;
}
