// One statement of the older versions (1.0, 1.1) said in Version 5.0: exactly, or as what allows less.
import { foldAscii, globOf, matchesGlob, parsePolicy, PolicyError, type StatementSource } from '../../policy/index.js';

export type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** Of Version 5.0, in its wire form. */
export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: readonly string[];
  readonly NotAction?: readonly string[];
  readonly Resource?: readonly string[];
  readonly Condition?: Condition;
}

export interface Clause {
  readonly operator: string;
  readonly key: string;
  readonly values: string | readonly string[];
}

export interface Said<What> {
  readonly said: What;
  /** What has no counterpart, a line each. */
  readonly lost: readonly string[];
}

/** INVARIANT: the result allows nothing that the statement does not: what cannot be said narrows an Allow and widens a Deny. */
export function statementInVersion5(older: StatementSource): Said<readonly Statement[]> {
  return older.effect === 'Deny' ? denying(older) : allowing(older);
}

function denying({ action: { items }, resource, condition }: StatementSource): Said<readonly Statement[]> {
  const lost = resource?.isUri === true ? [`Deny of ${list(items)}: resources of the form \`uri\` have no counterpart, so it is for all resources`] : [];
  return { said: [{ Effect: 'Deny', Action: bothNames(items).map(widened), ...(resource?.isUri !== true && resourceOf(resource)), ...conditionOf(condition) }], lost };
}

function allowing({ action: { items }, resource, condition, except = [] }: StatementSource): Said<readonly Statement[]> {
  if (resource?.isUri === true) return { said: [], lost: [`Allow of ${list(items)}: resources of the form \`uri\` (${list(resource.items)}) have no counterpart`] };
  const where = { ...resourceOf(resource), ...conditionOf(condition) };
  const lost = items.filter((action) => !isAction(action)).map((action) => `Allow: the action \`${action}\` has no counterpart`);
  const actions = bothNames(items.filter(isAction));
  const exceptions = bothNames(except).map(widened);
  const whole = actions.some(isEverything);
  const others = whole ? [] : actions.filter((action) => hasWildcard(action) || !exceptions.some((one) => matchesGlob(globOf(foldAscii(one)), foldAscii(action))));
  const contested = exceptions.filter((one) => others.some((action) => hasWildcard(action) && mayMeet(action, one)));
  return {
    said: [
      ...(whole ? [{ Effect: 'Allow' as const, ...(exceptions.length === 0 ? { Action: ['*'] } : { NotAction: exceptions }), ...where }] : []),
      ...(others.length > 0 ? [{ Effect: 'Allow' as const, Action: others, ...where }] : []),
      // Of a pattern of actions nothing can be left out but by denying it.
      ...(contested.length > 0 ? [{ Effect: 'Deny' as const, Action: contested, ...where }] : []),
    ],
    lost: [...lost, ...(contested.length > 0 ? [`what the role leaves out (${list(contested)}) is denied, also where another role allows it`] : [])],
  };
}

/** `identity` is the older name of the service `iam`, and what is said of the one is said of both. */
const bothNames = (actions: readonly string[]): readonly string[] =>
  actions.flatMap((action) => (/^identity:/i.test(action) ? [action, action.replace(/^identity/i, 'iam')] : [action]));

/** A pattern that Version 5.0 takes and that matches all that this one does: older actions may have blanks, and two segments. */
function widened(action: string): string {
  const plain = action.replaceAll(/[^\w*?:-]/g, '?');
  return isAction(plain) ? plain : `${plain}*`;
}

const isEverything = (action: string): boolean => /^\*+$/.test(action);
const hasWildcard = (action: string): boolean => /[*?]/.test(action);

/** Whether there may be an action that both patterns match: they do not differ before their first wildcards. */
function mayMeet(one: string, other: string): boolean {
  const [first, second] = [one, other].map((pattern) => foldAscii(pattern).split(/[*?]/, 1)[0] ?? '');
  return first !== undefined && second !== undefined && (first.startsWith(second) || second.startsWith(first));
}

/** Older texts may write the service of a resource in capitals. */
const resourceOf = (resource: StatementSource['resource']): Pick<Statement, 'Resource'> =>
  (resource === undefined ? {} : { Resource: resource.items.map((one) => one.replace(/^[A-Za-z-]+(?=:)/, foldAscii)) });

/** No clauses: no condition, which is not the same as an empty one. */
function conditionOf(clauses: readonly Clause[]): Pick<Statement, 'Condition'> {
  const condition: Record<string, Record<string, string | readonly string[]>> = {};
  for (const { operator, key, values } of clauses) condition[operator] = { ...condition[operator], [key]: values };
  return clauses.length === 0 ? {} : { Condition: condition };
}

/** The statement, holding only where the further clauses do, too. */
export function withClauses(statement: Statement, clauses: readonly Clause[]): Statement {
  const all = Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) => Object.entries(keys).map(([key, values]): Clause => ({ operator, key, values })));
  for (const clause of clauses) {
    // Keys are compared without case: another spelling keeps two clauses on one key apart.
    const isTaken = (key: string): boolean => all.some((one) => one.operator === clause.operator && one.key === key);
    all.push({ ...clause, key: spellings(clause.key).find((key) => !isTaken(key)) ?? clause.key });
  }
  return { ...statement, ...conditionOf(all) };
}

const spellings = (key: string): readonly string[] => [key, ...Array.from(key, (_, at) => key.slice(0, at) + key.slice(at).toUpperCase())];

function isAction(action: string): boolean {
  try {
    parsePolicy('identity', JSON.stringify({ Version: '5.0', Statement: [{ Effect: 'Allow', Action: [action] }] }));
    return true;
  } catch (error) {
    if (error instanceof PolicyError) return false;
    throw error;
  }
}

const mostListed = 3;
const list = (items: readonly string[]): string => `${items.slice(0, mostListed).map((item) => `\`${item}\``).join(', ')}${items.length > mostListed ? ' …' : ''}`;
