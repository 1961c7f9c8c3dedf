// A simulation as people read it: which side, which policy and statement, which conditions failed on which values.
import type { SimulateAnswer, SimulateDecision } from '../sts/simulate-answer.js';
import { printable } from './text.js';

export function simulationText({ allowed, complete, caller_side: caller, trust_side: trust, refusal }: SimulateAnswer): string {
  const lines = [
    allowed ? (complete ? 'allowed' : 'allowed, as far as can be seen') : 'not allowed',
    ...(refusal === undefined ? [] : [`  ${printable(refusal)}`]),
    ...sideLines('caller\'s side', caller, {
      none: 'there is none: a service acts in its own name', 'not-visible': 'not visible: another account decides it',
    }),
    ...sideLines('trust policy', trust, {
      none: 'none is asked for this action', 'not-visible': 'not visible: another account decides it',
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function sideLines(title: string, { state, decisions }: SimulateAnswer['caller_side'], texts: Readonly<Record<'none' | 'not-visible', string>>): readonly string[] {
  if (state !== 'decided') return [`${title}: ${texts[state]}`];
  if (decisions.length === 0) return [`${title}: nothing to decide`];
  return [`${title}:`, ...decisions.flatMap(decisionLines)];
}

function decisionLines({ action, resource, allowed, reason, matched_statement: statement, failed_conditions: failed, context }: SimulateDecision): readonly string[] {
  const values = Object.entries(context);
  return [
    `  ${allowed ? 'yes' : 'no '} ${printable(action)}${resource === undefined ? '' : ` on ${printable(resource)}`}`,
    `      ${printable(reason)}`,
    ...(statement === undefined ? [] : [`      decided by ${statementText(statement)}`]),
    ...failed.map((one) => `      failed in ${statementText(one)}: ${printable(one.operator)} ${printable(one.key)} wants ${valuesText(one.expected)}, ${one.actual === undefined ? 'it is absent' : `it is ${valuesText(one.actual)}`}`),
    ...(values.length === 0 ? [] : ['      values looked at:', ...values.map(([key, value]) => `        ${printable(key)} = ${valuesText(value)}`)]),
  ];
}

const statementText = ({ policy, index, sid }: { readonly policy: string; readonly index: number; readonly sid?: string | undefined }): string =>
  `\`${printable(policy)}\`, statement ${index}${sid === undefined ? '' : ` (\`${printable(sid)}\`)`}`;

const valuesText = (values: string | readonly string[]): string =>
  typeof values === 'string' ? printable(JSON.stringify(values)) : values.length === 1 ? valuesText(values[0] ?? '') : printable(`[${values.map((value) => JSON.stringify(value)).join(', ')}]`);
