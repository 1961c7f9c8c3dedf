// Authorize: who signed the requests that a registered service received, and whether they may do what they ask for.
import { errorCodes, ApiError } from '../base/api-error.js';
import type { AuditEvent } from '../audit/event.js';
import type { RequestScope } from '../directory/role-policies.js';
import { describe, foldAscii, type Decision } from '../policy/index.js';
import { claimedAccessKeyId } from '../signing/index.js';
import { parseUrn } from '../urn/urn.js';
import { encodeAuthorizationMessage } from './authorization-message.js';
import { principalAnswer, type AuthorizeAnswer } from './authorize-answer.js';
import type { ForwardedRequest, Question } from './authorize-input.js';
import type { ConditionEntry } from './call-conditions.js';
import { eventPrincipal, eventSession, type Caller, type ServiceCaller } from './caller.js';
import { signerOf, type Signer } from './forwarded-request.js';
import type { CallContext, Outcome } from './outcome.js';
import { decideOwn, type Resource } from './own-action.js';
import { foreignProject, requestScope, scopeConditions, type GivenScope } from './request-scope.js';
import type { Services } from './services.js';

/** What was decided of one question. */
interface Verdict {
  readonly question: Question;
  /** Why not; undefined: allowed. */
  readonly failure: string | undefined;
  readonly decision: Decision;
}

interface Judged {
  readonly request: ForwardedRequest;
  readonly signer: Signer | undefined;
  /** None without a signer. */
  readonly verdicts: readonly Verdict[];
}

/**
 * 403 for who is no registered service, and for a service that asks about what is not its own: then nothing of the call
 * is decided. Each decision has an event in the service's account and one, with the reason, in that of the signer.
 */
export async function authorizeRequests(services: Services, caller: Caller, requests: readonly ForwardedRequest[], call: CallContext): Promise<Outcome<AuthorizeAnswer>> {
  if (caller.kind !== 'service') throw new ApiError('accessDenied', `access denied: only registered services may ask, and \`${caller.principalUrn}\` is none`);
  const serviceCode = ownedService(services, caller);
  requests.forEach(({ questions }, index) => questions.forEach((question, place) => refuseForeign(caller, serviceCode, question, `requests[${index}].questions[${place}]`)));
  requests.forEach(({ questions }, index) => questions.forEach((question, place) => refuseUnknownOperation(services, serviceCode, question, `requests[${index}].questions[${place}]`)));

  const judged = await Promise.all(requests.map(async (request, place): Promise<Judged> => {
    const signer = await signerOf(services, caller, serviceCode, request, place, call);
    return { request, signer, verdicts: signer === undefined ? [] : request.questions.map((question) => judge(services, serviceCode, signer, question, call)) };
  }));
  const [details = {}, ...moreEvents] = judged.flatMap((one) => eventsOf(caller, one));
  const bodyWith = answerOf(services, judged);
  const signers = judged.flatMap(({ signer }) => signer ?? []);
  return {
    ok: true, body: bodyWith([]), bodyWith, details, moreEvents,
    guards: [], alsoProved: signers, usedBy: signers,
  };
}

/** Throws the 403 for a service that speaks for none of the services whose actions are known by their code. */
export function ownedService({ catalogue, settings }: Services, { servicePrincipal }: ServiceCaller): string {
  const code = catalogue.serviceCode(servicePrincipal);
  // A key that signs in the scope of this service itself is never verified for another one.
  if (code !== undefined && code !== settings.serviceName) return code;
  throw new ApiError('accessDenied', `access denied: \`${servicePrincipal}\` has no actions of its own in the catalogue`);
}

/** INVARIANT: a service learns only of its own actions, URNs and condition keys what an account decided. */
function refuseForeign({ servicePrincipal }: ServiceCaller, code: string, { action, resource, context }: Question, place: string): void {
  const refuse = (field: string, what: string): never => {
    throw new ApiError('accessDenied', `\`${place}.${field}\`: \`${servicePrincipal}\` may ask only about ${what} of \`${code}\``);
  };
  if (!foldAscii(action).startsWith(`${code}:`)) refuse('action', 'actions');
  if (resource !== undefined && parseUrn(resource)?.service !== code) refuse('resource', 'URNs');
  if (Object.keys(context).some((key) => !foldAscii(key).startsWith(`${code}:`))) refuse('context', 'condition keys');
}

/** Throws the 400. */
function refuseUnknownOperation({ catalogue }: Services, code: string, { operationId }: Question, place: string): void {
  if (operationId === undefined || catalogue.operation(code, operationId) !== undefined) return;
  throw new ApiError('invalidField', `\`${place}.operation_id\`: the catalogue has no operation \`${operationId}\` of \`${code}\``);
}

function judge({ catalogue, settings }: Services, code: string, signer: Signer, question: Question, { now }: CallContext): Verdict {
  const resource: Resource | undefined = question.resource === undefined ? undefined : { urn: question.resource, tags: question.resourceTags };
  const scope = (): RequestScope => requestScope(signer.snapshot, catalogue, question, question.operationId === undefined ? undefined : catalogue.operation(code, question.operationId));
  const conditions = (): readonly ConditionEntry[] => [...conditionsOf(question), ...scopeConditions(signer.snapshot, question, scope(), settings.regions)];
  const decision = decideOwn(signer, question.action, resource, now, conditions, scope);
  return { question, decision, failure: decision.allowed ? foreignPlace(signer, question, settings.regions) : describe(decision) };
}

function conditionsOf({ requestTags, context }: Question): readonly ConditionEntry[] {
  return [
    ['g:TagKeys', requestTags.length > 0 ? requestTags.map(({ key }) => key) : undefined],
    ...requestTags.map(({ key, value }): ConditionEntry => [`g:RequestTag/${key}`, value]),
    ...Object.entries(context),
  ];
}

/** [choice] No account's policies give away what is another account's: that takes a policy of the resource itself, which its service knows. */
function foreignPlace({ accountId, snapshot }: Signer, question: Question, regions: readonly string[]): string | undefined {
  if (question.resourcePolicyAllows) return undefined;
  const owner = parseUrn(question.resource ?? '')?.accountId ?? '';
  if (owner !== '' && owner !== accountId) return 'the resource belongs to another account, and no policy of its own was said to allow this';
  return foreignProject(snapshot, question, regions);
}

/** Of each decision the service's event and then the signer's; of a request without a signer the service's alone. */
function eventsOf(caller: ServiceCaller, { request, signer, verdicts }: Judged): readonly Partial<AuditEvent>[] {
  if (signer === undefined) return [{ request: { access_key_id: claimedAccessKeyId(authorizationOf(request)) }, decision: 'unauthenticated' }];
  return verdicts.flatMap(({ question: { action, resource, scope, operationId }, failure, decision }): readonly Partial<AuditEvent>[] => {
    const common = { ...(resource !== undefined && { resource }) };
    const { statement } = decision;
    return [
      { ...common, request: { action, principal: signer.principalUrn, access_key_id: signer.accessKeyId }, decision: failure === undefined ? 'allowed' : 'denied' },
      {
        ...common, accountId: signer.accountId, principal: eventPrincipal(signer), sourceIp: request.sourceIp,
        ...(signer.kind === 'agency-session' && { callerSession: eventSession(signer.session) }),
        request: { service: caller.servicePrincipal, action, ...(operationId !== undefined && { operation_id: operationId }), ...auditedScope(scope), ...(statement !== undefined && { matched_statement: statement }) },
        decision: failure ?? 'allowed', ...(failure !== undefined && { status: errorCodes.accessDenied.status, errorCode: errorCodes.accessDenied.code }),
      },
    ];
  });
}

/** Without it nobody could tell why a role counted, or did not. */
const auditedScope = (scope: GivenScope | undefined): Readonly<Record<string, unknown>> => ({
  ...(scope?.projectId !== undefined && { project_id: scope.projectId }), ...(scope?.enterpriseProjectId !== undefined && { enterprise_project_id: scope.enterpriseProjectId }),
});

export const authorizationOf = ({ received: { rawHeaders } }: Pick<ForwardedRequest, 'received'>): string =>
  rawHeaders.find((_text, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'authorization') ?? '';

/** What the service is told, once it is known under which id the signer's account finds each reason. */
function answerOf({ keyring, random }: Services, judged: readonly Judged[]): (eventIds: readonly string[]) => AuthorizeAnswer {
  const sealed = new Map(judged.flatMap(({ signer, verdicts }) => verdicts.flatMap((verdict) => {
    const { question: { action, resource }, failure, decision } = verdict;
    if (signer === undefined || failure === undefined) return [];
    const reason = { failure, principal: signer.principalUrn, action, ...(resource !== undefined && { resource }), ...(!decision.allowed && { decision }) };
    return [[verdict, encodeAuthorizationMessage(keyring, random, signer.accountId, reason)] as const];
  })));
  return (eventIds) => {
    let next = 0;
    const results = judged.map(({ request, signer, verdicts }): AuthorizeAnswer['results'][number] => {
      if (signer === undefined) {
        next += 1;
        return { decisions: request.questions.map(() => ({ decision: 'unauthenticated' })) };
      }
      const decisions = verdicts.map((verdict): AuthorizeAnswer['results'][number]['decisions'][number] => {
        next += 2;
        const explanationId = eventIds[next - 1];
        const message = sealed.get(verdict);
        return {
          decision: verdict.failure === undefined ? 'allow' : 'deny',
          ...(explanationId !== undefined && { explanation_id: explanationId }), ...(message !== undefined && { encoded_authorization_message: message }),
        };
      });
      return { principal: principalAnswer(signer), decisions };
    });
    return { results };
  };
}
