// SimulatePolicies: a simulation for a caller of the account that it is about.
import { ApiError } from '../base/api-error.js';
import type { Caller } from './caller.js';
import type { CallContext, EventDetails, Outcome } from './outcome.js';
import { ownDenial } from './own-action.js';
import type { Services } from './services.js';
import { simulate } from './simulate.js';
import { simulationAnswer, type SimulateAnswer } from './simulate-answer.js';
import type { SimulationQuestion } from './simulate-input.js';

/** Ours: the cloud has no such operation. */
export const simulateAction = 'sts::simulate';

/**
 * 403 without the action; 404 for a principal that the caller's account does not have.
 * INVARIANT: the caller's own account is all that the simulation sees.
 */
export function simulatePolicies(services: Services, caller: Caller, question: SimulationQuestion, call: CallContext): Outcome<SimulateAnswer> {
  const details: EventDetails = { request: auditedQuestion(question) };
  const reason = ownDenial(caller, simulateAction, call.now);
  if (reason !== undefined) {
    const error = new ApiError('accessDenied', `\`${caller.principalUrn}\` is not authorized to perform \`${simulateAction}\`: ${reason}`);
    return { ok: false, error, details: { ...details, decision: reason }, guards: [] };
  }
  try {
    const simulation = simulate({ accounts: new Map([[caller.accountId, caller.snapshot]]), catalogue: services.catalogue, regions: services.settings.regions, now: call.now }, question);
    return { ok: true, body: simulationAnswer(simulation), details, guards: [] };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    return { ok: false, error, details: { ...details, decision: error.auditText }, guards: [] };
  }
}

/** What the audit keeps of the question: no condition values, no policy text, no external id. */
const auditedQuestion = ({ principal, action, resource }: SimulationQuestion): Readonly<Record<string, unknown>> =>
  ({ principal, action, ...(resource !== undefined && { resource }) });
