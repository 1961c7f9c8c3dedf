// A simulation in the form in which it leaves the service and the command line.
import { z } from 'zod';
import { describe, type Decision } from '../policy/index.js';
import type { SimulatedSide, Simulation } from './simulate.js';

const text = z.union([z.string(), z.array(z.string())]);
const statement = { policy: z.string(), index: z.int().describe('place in the policy, from 0'), sid: z.string().optional() };
const decision = z.object({
  action: z.string(), resource: z.string().optional(), allowed: z.boolean(),
  side: z.enum(['identity', 'session', 'service-control', 'trust']).describe('the side that allowed or refused'),
  effect: z.enum(['allow', 'explicit-deny', 'implicit-deny']),
  reason: z.string(),
  matched_statement: z.object(statement).optional(),
  failed_conditions: z.array(z.object({ ...statement, operator: z.string(), key: z.string(), expected: z.array(z.string()), actual: text.optional() })),
  context: z.record(z.string(), text).describe('the condition values that were looked at'),
});
const side = z.object({ state: z.enum(['decided', 'none', 'not-visible']), decisions: z.array(decision) });

export const simulateAnswer = z.object({
  allowed: z.boolean(), complete: z.boolean().describe('false: the side that is not visible has a say of its own'),
  caller_side: side, trust_side: side, refusal: z.string().optional().describe('a rule beside all policies that refuses the call'),
});

export type SimulateAnswer = z.infer<typeof simulateAnswer>;
export type SimulateDecision = z.infer<typeof decision>;

export function simulationAnswer({ allowed, complete, caller, trust, refusal }: Simulation): SimulateAnswer {
  return { allowed, complete, caller_side: sideAnswer(caller), trust_side: sideAnswer(trust), ...(refusal !== undefined && { refusal }) };
}

const sideAnswer = ({ state, decisions }: SimulatedSide): SimulateAnswer['caller_side'] => ({ state, decisions: decisions.map(decisionAnswer) });

function decisionAnswer(decided: Decision): SimulateDecision {
  const { action, resource, allowed, side: decidingSide, effect, statement: matched, failedConditions, usedContext } = decided;
  return {
    action, ...(resource !== undefined && { resource }), allowed, side: decidingSide, effect, reason: describe(decided),
    ...(matched !== undefined && { matched_statement: matched }),
    failed_conditions: failedConditions.map(({ statement: index, expected, actual, ...failed }) => ({
      ...failed, index, expected: [...expected], ...(actual !== undefined && { actual: typeof actual === 'string' ? actual : [...actual] }),
    })),
    context: Object.fromEntries(Object.entries(usedContext).map(([key, value]) => [key, typeof value === 'string' ? value : [...value]])),
  };
}
