// What would be decided, and why: the conditions and decisions of live calls, on principals and requests that are only supposed.
import { ApiError } from '../base/api-error.js';
import type { Catalogue, CatalogueOperation } from '../catalogue/index.js';
import type { Agency } from '../directory/entities.js';
import { contextOf, decideCaller, isMultiValuedKey, type Decision } from '../policy/index.js';
import { parseAgencyUrn } from '../urn/urn.js';
import { callerPolicies, principalIdentity, type Actor, type SessionFacts } from './actor.js';
import { assumeAction, assumeActions, decideAssume, sourceIdentityAction, tagAction, type AssumeRequest } from './assume-decisions.js';
import { callerConditions, resourceConditions, type ConditionEntry, type RequestFacts } from './call-conditions.js';
import { sourceIdentity } from './chain-rules.js';
import { legacySessionRefusal, type CarriedOver } from './legacy-session.js';
import { foreignProject, requestScope, scopeConditions } from './request-scope.js';
import { mergeSessionTags } from './session-tags.js';
import type { SimulatedRequest, SimulationQuestion } from './simulate-input.js';
import { simulatedActor, type VisibleAccounts } from './simulated-actor.js';

/** `none`: the call has no such side. `not-visible`: it lies in an account that who asks may not see. */
export interface SimulatedSide {
  readonly state: 'decided' | 'none' | 'not-visible';
  /** One per action that the call needs. */
  readonly decisions: readonly Decision[];
}

export interface Simulation {
  /** Every side that could be decided allows every action, and no other rule refuses. */
  readonly allowed: boolean;
  /** False: the side that is not visible has a say of its own. */
  readonly complete: boolean;
  readonly caller: SimulatedSide;
  readonly trust: SimulatedSide;
  /** A rule beside all policies that refuses the call. */
  readonly refusal: string | undefined;
}

const trustActions: ReadonlyMap<string, string> = new Map([assumeAction, tagAction, sourceIdentityAction].map((action) => [action.toLowerCase(), action]));
const noRequest: SimulatedRequest = { agencySessionName: undefined, externalId: undefined, sourceIdentity: undefined, tags: [], transitiveTagKeys: [], mfa: false };

/** What a simulation sees. */
export interface SimulationGround {
  readonly accounts: VisibleAccounts;
  readonly catalogue: Pick<Catalogue, 'trustedService' | 'operation' | 'countsForEnterpriseProject'>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Those of the service, by which a project has a name. */
  readonly regions?: readonly string[];
}

/**
 * INVARIANT: nothing is read but `accounts`, so an answer tells nothing of any other.
 * Throws an {@link ApiError} for a question that is none, and for a principal that its visible account does not have.
 */
export function simulate(ground: SimulationGround, question: SimulationQuestion): Simulation {
  const { accounts, now } = ground;
  const actor = simulatedActor(accounts, question.principal, question.session, now);
  const request: RequestFacts = { now, sourceIp: undefined, userAgent: undefined, referer: undefined, sourceAccount: undefined, sourceUrn: undefined };
  const action = trustActions.get(question.action.toLowerCase());
  const simulation = action === undefined ? simulateOwn(ground, actor, question, request) : simulateAssume(ground, actor, action, question, request);
  const disabled = actor.snapshot !== undefined && isDisabled(actor) ? `the user \`${actor.principalUrn}\` is disabled: none of its access keys is accepted` : undefined;
  return concluded({ ...simulation, refusal: disabled ?? simulation.refusal });
}

type Sides = Pick<Simulation, 'caller' | 'trust' | 'refusal'>;

function concluded({ caller, trust, refusal }: Sides): Simulation {
  const decisions = [...caller.decisions, ...trust.decisions];
  return {
    allowed: refusal === undefined && decisions.length > 0 && decisions.every(({ allowed }) => allowed),
    complete: caller.state !== 'not-visible' && trust.state !== 'not-visible',
    caller, trust, refusal,
  };
}

/** Every other action: what the caller's own account says. */
function simulateOwn({ accounts, catalogue, regions }: SimulationGround, actor: Actor, question: SimulationQuestion, request: RequestFacts): Sides {
  const { action, resource, context, request: asked } = question;
  if (asked !== undefined) throw new ApiError('invalidField', `\`request\`: only the actions \`${[...trustActions.values()].join('`, `')}\` ask for something`);
  const { snapshot } = actor;
  if (actor.kind === 'service' || snapshot === undefined) throw invisible('`principal`');
  const scope = requestScope(snapshot, catalogue, question, askedOperation(catalogue, question));
  const conditions = [...callerConditions(actor, request), ...scopeConditions(snapshot, question, scope, regions), ...resourceConditions(visibleAgency(accounts, resource)?.tags ?? []), ...givenConditions(context)];
  const decision = decideCaller({ principal: principalIdentity(actor), action, resource, context: contextOf(conditions), ...callerPolicies(actor, () => scope) }, 'always');
  return { caller: { state: 'decided', decisions: [decision] }, trust: { state: 'none', decisions: [] }, refusal: regions && foreignProject(snapshot, question, regions) };
}

function simulateAssume({ accounts, catalogue }: SimulationGround, actor: Actor, action: string, question: SimulationQuestion, request: RequestFacts): Sides {
  const { resource = '', request: asked = noRequest } = question;
  if (question.scope !== undefined || question.operationId !== undefined) throw new ApiError('invalidField', `\`scope\` and \`operation_id\`: the action \`${action}\` is always asked for at the domain`);
  const target = parseAgencyUrn(resource);
  if (target === undefined) throw new ApiError('invalidField', `\`resource\`: must be the URN of an agency for the action \`${action}\``);
  if (asked.mfa && actor.kind !== 'user') throw new ApiError('invalidField', '`request.mfa`: only a user has an MFA device');
  const targetVisible = accounts.has(target.accountId);
  const callerVisible = actor.snapshot !== undefined;
  if (!targetVisible && !callerVisible) throw invisible('`principal` and `resource`');

  const agency = visibleAgency(accounts, resource);
  const input: AssumeRequest = { ...asked, agencyUrn: resource };
  const { actions, refusal, carried } = planned(actor, action, input);
  const { own, trust } = decideAssume(actor, { input, plan: { target, actions }, agency, mfaVerified: asked.mfa, catalogue }, request, { given: givenConditions(question.context), detail: 'always' });
  const absent = targetVisible && agency === undefined ? `the agency \`${resource}\` cannot be found` : undefined;
  return {
    caller: actor.kind === 'service' ? { state: 'none', decisions: [] } : { state: callerVisible ? 'decided' : 'not-visible', decisions: own },
    trust: { state: targetVisible ? 'decided' : 'not-visible', decisions: trust },
    refusal: refusal ?? absent ?? (agency?.kind === 'legacy' ? legacySessionRefusal(carried)?.message : undefined),
  };
}

/** Throws the 400 for an operation that the service of the action does not have. */
function askedOperation(catalogue: SimulationGround['catalogue'], { action, operationId }: SimulationQuestion): CatalogueOperation | undefined {
  if (operationId === undefined) return undefined;
  const [service = ''] = action.toLowerCase().split(':');
  const operation = catalogue.operation(service, operationId);
  if (operation === undefined) throw new ApiError('invalidField', `\`operation_id\`: the catalogue has no operation \`${operationId}\` of \`${service}\``);
  return operation;
}

interface Planned {
  readonly actions: readonly string[];
  readonly refusal: string | undefined;
  readonly carried: CarriedOver;
}

/** The actions that a call like this needs, the chain rule that it breaks, and what the session would carry. */
function planned(actor: Actor, action: string, input: AssumeRequest): Planned {
  const nothing = { requested: input, tags: [], sourceIdentity: undefined };
  // Asked for by themselves, the other two stand for a call that passes what they are about.
  if (action === tagAction) return { actions: [action], refusal: undefined, carried: { ...nothing, requested: { tags: [action], sourceIdentity: undefined } } };
  if (action !== assumeAction) return { actions: [action], refusal: undefined, carried: { ...nothing, requested: { tags: [], sourceIdentity: action } } };
  const parent: SessionFacts | undefined = actor.kind === 'agency-session' ? actor.session : undefined;
  try {
    const [tags, identity] = [mergeSessionTags(parent, input), sourceIdentity(parent, input.sourceIdentity)];
    return { actions: assumeActions(tags, identity), refusal: undefined, carried: { requested: input, tags, sourceIdentity: identity } };
  } catch (error) {
    if (error instanceof ApiError) return { actions: [assumeAction], refusal: error.message, carried: nothing };
    throw error;
  }
}

function visibleAgency(accounts: VisibleAccounts, resource: string | undefined): Agency | undefined {
  const name = parseAgencyUrn(resource ?? '');
  const agency = name && accounts.get(name.accountId)?.agencies.named(name.name);
  return agency?.path === name?.path ? agency : undefined;
}

/** One value given for a key that has several is a list of one. */
const givenConditions = (context: SimulationQuestion['context']): readonly ConditionEntry[] =>
  Object.entries(context).map(([name, value]) => [name, typeof value === 'string' && isMultiValuedKey(name) ? [value] : value]);

const isDisabled = (actor: Actor): boolean =>
  actor.kind === 'user' && actor.snapshot?.users.get(actor.user.userId ?? '')?.enabled === false;

const invisible = (field: string): ApiError =>
  new ApiError('invalidField', `${field}: of another account or a service, only the trust of a visible agency can be simulated`);
