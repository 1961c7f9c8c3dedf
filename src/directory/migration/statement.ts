// One statement of the older versions (1.0, 1.1) said in Version 5.0: exactly, or as one that allows less.
import { z } from 'zod';
import { foldAscii, parsePolicy, PolicyError } from '../../policy/index.js';

const texts = z.union([z.string(), z.array(z.string())]).transform((given) => [given].flat());
const conditionValues = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** As roles have them; what is no such statement is no role either. */
export const olderStatement = z.object({
  Effect: z.string(), Action: texts, Resource: z.union([texts, z.object({ uri: texts })]).optional(),
  Condition: z.record(z.string(), z.record(z.string(), z.union([conditionValues, z.array(conditionValues)]))).optional(),
});
export type OlderStatement = z.output<typeof olderStatement>;

export type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** Of Version 5.0, in its wire form. */
export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource?: readonly string[];
  readonly Condition?: Condition;
}

export interface Said<What> {
  readonly said: What;
  /** What has no counterpart, a line each. */
  readonly lost: readonly string[];
}

/**
 * INVARIANT: the result allows nothing that the statement does not: of an Allow what cannot be said narrows it, of a Deny
 * it widens it. Undefined: nothing is left.
 */
export function statementInVersion5(older: OlderStatement): Said<Statement | undefined> {
  const isDeny = foldAscii(older.Effect) === 'deny';
  const effect = isDeny ? 'Deny' : 'Allow';
  // A pattern that the newer version does not know matches none of its actions: a Deny loses nothing with it.
  const [actions, otherActions] = divided(older.Action, (action) => isSayable({ Effect: effect, Action: [action] }));
  const lost = otherActions.map((action) => `the action \`${action}\` has no counterpart`);
  if (actions.length === 0) return { said: undefined, lost };
  const narrowed = isDeny ? deniedWhere(older) : allowedWhere(older);
  if (narrowed.said === undefined) return { said: undefined, lost: [...lost, ...narrowed.lost] };
  return { said: { Effect: effect, Action: actions, ...narrowed.said }, lost: [...lost, ...narrowed.lost] };
}

type Where = Pick<Statement, 'Resource' | 'Condition'>;

function allowedWhere({ Action: actions, Resource: resource, Condition: condition }: OlderStatement): Said<Where | undefined> {
  const about = `Allow of ${list(actions)}`;
  if (resource !== undefined && 'uri' in resource) return { said: undefined, lost: [`${about}: resources of the form \`uri\` (${list(resource.uri)}) have no counterpart`] };
  const [resources, otherResources] = divided(resource ?? [], isResource);
  const lost = otherResources.map((one) => `${about}: the resource \`${one}\` has no counterpart`);
  if (resource !== undefined && resources.length === 0) return { said: undefined, lost };
  const [clauses, otherClauses] = divided(clausesOf(condition), isClause);
  // Conditions must all hold: without one of them the statement would allow more.
  if (otherClauses.length > 0) return { said: undefined, lost: [...lost, ...otherClauses.map(({ operator, key }) => `${about}: the condition \`${operator}\` on \`${key}\` has no counterpart`)] };
  return { said: { ...(resource !== undefined && { Resource: resources }), ...conditionOf(clauses) }, lost };
}

function deniedWhere({ Action: actions, Resource: resource, Condition: condition }: OlderStatement): Said<Where> {
  const about = `Deny of ${list(actions)}`;
  const resources = resource === undefined || 'uri' in resource ? undefined : resource;
  const areSayable = resources?.every(isResource) === true;
  const [clauses, otherClauses] = divided(clausesOf(condition), isClause);
  return {
    said: { ...(areSayable && { Resource: resources }), ...conditionOf(clauses) },
    lost: [
      ...(resource === undefined || areSayable ? [] : [`${about}: its resources have no counterpart, so it is for all resources`]),
      ...otherClauses.map(({ operator, key }) => `${about}: the condition \`${operator}\` on \`${key}\` has no counterpart, so it holds without it`),
    ],
  };
}

interface Clause {
  readonly operator: string;
  readonly key: string;
  readonly values: string | readonly string[];
}

const clausesOf = (condition: Condition | undefined): readonly Clause[] =>
  Object.entries(condition ?? {}).flatMap(([operator, keys]) => Object.entries(keys).map(([key, values]) => ({ operator, key, values })));

/** No clauses: no condition, which is not the same as an empty one. */
function conditionOf(clauses: readonly Clause[]): Pick<Statement, 'Condition'> {
  const condition: Record<string, Record<string, string | readonly string[]>> = {};
  for (const { operator, key, values } of clauses) condition[operator] = { ...condition[operator], [key]: values };
  return clauses.length === 0 ? {} : { Condition: condition };
}

/** The statement, holding only where the further clauses do, too. */
export function withClauses(statement: Statement, clauses: readonly Clause[]): Statement {
  const all = [...clausesOf(statement.Condition)];
  for (const clause of clauses) {
    // Keys are compared without case: another spelling keeps two clauses on one key apart.
    const isTaken = (key: string): boolean => all.some((one) => one.operator === clause.operator && one.key === key);
    all.push({ ...clause, key: spellings(clause.key).find((key) => !isTaken(key)) ?? clause.key });
  }
  return { ...statement, ...conditionOf(all) };
}

const spellings = (key: string): readonly string[] => [key, ...Array.from(key, (_, at) => key.slice(0, at) + key.slice(at).toUpperCase())];

const isResource = (resource: string): boolean => isSayable({ Effect: 'Allow', Action: ['*'], Resource: [resource] });
const isClause = ({ operator, key, values }: Clause): boolean => isSayable({ Effect: 'Allow', Action: ['*'], Condition: { [operator]: { [key]: values } } });

function isSayable(statement: Statement): boolean {
  try {
    parsePolicy('identity', JSON.stringify({ Version: '5.0', Statement: [statement] }));
    return true;
  } catch (error) {
    if (error instanceof PolicyError) return false;
    throw error;
  }
}

function divided<Item>(items: readonly Item[], test: (item: Item) => boolean): readonly [readonly Item[], readonly Item[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

const mostListed = 3;
const list = (items: readonly string[]): string => `${items.slice(0, mostListed).map((item) => `\`${item}\``).join(', ')}${items.length > mostListed ? ' …' : ''}`;
