// A second evaluator, written straight from the tables of the policy language and only for comparison: no compiling,
// no sharing with src/policy, as plain and slow as the tables themselves.

export interface NaiveStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: Readonly<Record<string, readonly string[]>>;
  readonly NotPrincipal?: Readonly<Record<string, readonly string[]>>;
  readonly Action?: readonly string[];
  readonly NotAction?: readonly string[];
  readonly Resource?: readonly string[];
  readonly NotResource?: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface NaiveCaller {
  readonly kind: string;
  readonly urn: string;
  readonly accountId: string;
  readonly agencyUrn?: string;
  readonly servicePrincipal?: string;
}

export type NaiveValue = string | number | boolean | Date | readonly string[];
export type NaiveContext = Readonly<Record<string, NaiveValue>>;

export interface NaiveRequest {
  readonly caller: NaiveCaller;
  readonly action: string;
  readonly resource: string | undefined;
  readonly context: NaiveContext;
}

/** The third answer: an evaluation error. */
type Answer = 'yes' | 'no' | 'error';
const answer = (value: boolean): Answer => (value ? 'yes' : 'no');
const opposite = (value: Answer): Answer => (value === 'error' ? 'error' : value === 'yes' ? 'no' : 'yes');
const anyOf = (values: readonly Answer[]): Answer => (values.includes('yes') ? 'yes' : values.includes('error') ? 'error' : 'no');
const allOf = (values: readonly Answer[]): Answer => (values.includes('no') ? 'no' : values.includes('error') ? 'error' : 'yes');

const lowered = new Map<string, string>();
function lower(text: string): string {
  const known = lowered.get(text) ?? Array.from(text, (letter) => (letter >= 'A' && letter <= 'Z' ? String.fromCharCode(letter.charCodeAt(0) + 32) : letter)).join('');
  lowered.set(text, known);
  return known;
}

/** A pattern as characters; a wildcard is an object, so that a literal star can never be taken for one. */
type PatternCharacter = string | { readonly wild: 'one' | 'run' };
const wildcards = (text: string): PatternCharacter[] => Array.from(text, (letter) => (letter === '*' ? { wild: 'run' } : letter === '?' ? { wild: 'one' } : letter));

function globMatches(pattern: readonly PatternCharacter[], text: readonly string[]): boolean {
  // reachable[i]: the pattern so far can end after i characters of the text.
  let reachable = [true, ...text.map(() => false)];
  for (const item of pattern) {
    const next = reachable.map(() => false);
    let anyBefore = false;
    for (let index = 0; index <= text.length; index++) {
      anyBefore ||= reachable[index] === true;
      if (typeof item !== 'string' && item.wild === 'run') next[index] = anyBefore;
      else if (index > 0) next[index] = reachable[index - 1] === true && (typeof item !== 'string' || item === text[index - 1]);
    }
    reachable = next;
  }
  return reachable.at(-1) === true;
}

function lookUp(context: NaiveContext, key: string): NaiveValue | undefined {
  return Object.entries(context).find(([name]) => lower(name) === lower(key))?.[1];
}

function asText(value: Exclude<NaiveValue, readonly string[]>): string | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  return typeof value === 'number' && !Number.isFinite(value) ? undefined : String(value);
}

const isList = (value: NaiveValue): value is readonly string[] => Array.isArray(value);

/** Section 6. The characters of the text with variables replaced, or undefined where substitution fails. */
function expand(text: string, find: (name: string) => NaiveValue | undefined): PatternCharacter[] | undefined {
  const start = text.indexOf('${');
  if (start < 0) return wildcards(text);
  const before = wildcards(text.slice(0, start));
  const rest = text.slice(start + 2);
  let value: string | undefined;
  let used: number;
  const literal = ['*', '?', '$'].find((letter) => rest.startsWith(`${letter}}`));
  if (literal !== undefined) {
    value = literal;
    used = 2;
  } else {
    let end = 0;
    while (end < rest.length && !"'{}$,".includes(rest.charAt(end))) end++;
    const name = rest.slice(0, end).trim();
    let whenAbsent: string | undefined;
    if (name === '') return undefined;
    if (rest[end] === ',') {
      do end++; while (rest[end] === ' ');
      if (rest[end] !== "'") return undefined;
      whenAbsent = '';
      for (end++; ; end++) {
        if (end >= rest.length) return undefined;
        if (rest[end] !== "'") whenAbsent += rest.charAt(end);
        else if (rest[end + 1] === "'") whenAbsent += rest.charAt(++end);
        else break;
      }
      do end++; while (rest[end] === ' ');
    }
    if (rest[end] !== '}') return undefined;
    used = end + 1;
    const found = find(name);
    if (found === undefined) value = whenAbsent;
    else if (!isList(found)) value = asText(found);
  }
  if (value === undefined) return undefined;
  const after = expand(rest.slice(used), find);
  return after === undefined ? undefined : [...before, ...Array.from(value), ...after];
}

const plain = (characters: readonly PatternCharacter[]): string =>
  characters.map((item) => (typeof item === 'string' ? item : item.wild === 'run' ? '*' : '?')).join('');

function ipBits(text: string): { readonly bits: string; readonly prefix: number } | undefined {
  const [host = '', prefix, extra] = text.split('/');
  if (extra !== undefined || (prefix !== undefined && !/^\d+$/.test(prefix))) return undefined;
  const bytes = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host)?.slice(1);
  if (bytes !== undefined) {
    if (bytes.some((byte) => Number(byte) > 255 || String(Number(byte)) !== byte)) return undefined;
    const length = prefix === undefined ? 32 : Number(prefix);
    return length > 32 ? undefined : { bits: bytes.map((byte) => Number(byte).toString(2).padStart(8, '0')).join(''), prefix: length };
  }
  const [left = '', right, third] = host.split('::');
  if (third !== undefined || !host.includes(':')) return undefined;
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const missing = 8 - head.length - tail.length;
  if (right === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail];
  if (groups.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const length = prefix === undefined ? 128 : Number(prefix);
  return length > 128 ? undefined : { bits: groups.map((group) => parseInt(group, 16).toString(2).padStart(16, '0')).join(''), prefix: length };
}

function dateNumber(value: Exclude<NaiveValue, readonly string[]>): number | undefined {
  if (typeof value === 'string' && (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) || !/(Z|[+-]\d\d:\d\d)$/.test(value))) return undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return undefined;
  const time = value instanceof Date ? value.getTime() : Date.parse(value);
  if (Number.isNaN(time)) return undefined;
  // A day that JavaScript rolls over, such as 30 February, does not exist.
  if (typeof value === 'string' && new Date(`${value.slice(0, 10)}T00:00:00Z`).toISOString().slice(0, 10) !== value.slice(0, 10)) return undefined;
  return time;
}

function decimal(value: Exclude<NaiveValue, readonly string[]>): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : undefined;
}

const truthOf = (value: unknown): boolean | undefined => (value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined);

/** Compares two values that both must be readable. */
function compare<Value>(actual: Value | undefined, expected: Value | undefined, test: (actual: Value, expected: Value) => boolean): Answer {
  return actual === undefined || expected === undefined ? 'error' : answer(test(actual, expected));
}

/** Section 5, table of operators: the positive form of one value against one value. */
function matchOne(family: string, actual: Exclude<NaiveValue, readonly string[]>, expected: readonly PatternCharacter[]): Answer {
  const wanted = plain(expected);
  const text = asText(actual);
  switch (family) {
    case 'StringEquals': return compare(text, wanted, (left, right) => left === right);
    case 'StringEqualsIgnoreCase': return compare(text, wanted, (left, right) => lower(left) === lower(right));
    case 'StringMatch': return text === undefined ? 'error' : answer(globMatches(expected, Array.from(text)));
    case 'StringStartWith': return compare(text, wanted, (left, right) => left.slice(0, right.length) === right);
    case 'StringEndWith': return compare(text, wanted, (left, right) => right === '' || left.slice(-right.length) === right);
    case 'NumberEquals': return compare(decimal(actual), decimal(wanted), (left, right) => left === right);
    case 'NumberLessThan': return compare(decimal(actual), decimal(wanted), (left, right) => left < right);
    case 'NumberLessThanEquals': return compare(decimal(actual), decimal(wanted), (left, right) => left <= right);
    case 'NumberGreaterThan': return compare(decimal(actual), decimal(wanted), (left, right) => left > right);
    case 'NumberGreaterThanEquals': return compare(decimal(actual), decimal(wanted), (left, right) => left >= right);
    case 'DateLessThan': return compare(dateNumber(actual), dateNumber(wanted), (left, right) => left < right);
    case 'DateLessThanEquals': return compare(dateNumber(actual), dateNumber(wanted), (left, right) => left <= right);
    case 'DateGreaterThan': return compare(dateNumber(actual), dateNumber(wanted), (left, right) => left > right);
    case 'DateGreaterThanEquals': return compare(dateNumber(actual), dateNumber(wanted), (left, right) => left >= right);
    case 'Bool': return compare(truthOf(actual), truthOf(wanted), (left, right) => left === right);
    case 'IpAddress': {
      const address = typeof actual === 'string' && !actual.includes('/') ? ipBits(actual) : undefined;
      return compare(address, ipBits(wanted), (left, right) => left.bits.length === right.bits.length && left.bits.slice(0, right.prefix) === right.bits.slice(0, right.prefix));
    }
    default: throw new Error(`the tables have no operator ${family}`);
  }
}

const positives: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals', StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase', StringNotMatch: 'StringMatch',
  StringNotStartWith: 'StringStartWith', StringNotEndWith: 'StringEndWith', NumberNotEquals: 'NumberEquals', NotIpAddress: 'IpAddress',
};

function clauseHolds(operator: string, key: string, expected: readonly string[], context: NaiveContext): Answer {
  const found = lookUp(context, key);
  const values = found === undefined ? [] : isList(found) ? found : [found];
  if (operator === 'Null') return answer(expected.includes(values.length === 0 ? 'true' : 'false'));
  const [, prefix = '', base = '', suffix = ''] = /^(ForAllValues:|ForAnyValue:)?(.*?)(IfExists)?$/.exec(operator) ?? [];
  const positive = positives[base];
  const negated = positive !== undefined;
  if (suffix !== '' && values.every((value) => value === '')) return 'yes';
  if (values.length === 0) return answer(prefix === 'ForAllValues:' || (prefix === '' && negated));
  const matchesSome = (value: Exclude<NaiveValue, readonly string[]>): Answer => {
    const answers = expected.map((text) => {
      const characters = expand(text, (name) => lookUp(context, name));
      // Section 6: a failed substitution matches nothing; under a negated operator it must not read as "differs".
      if (characters === undefined) return negated ? 'error' : 'no';
      return matchOne(positive ?? base, value, characters);
    });
    // A request value that cannot be read is an error whatever the policy's values are.
    return unreadable(positive ?? base, value) ? 'error' : anyOf(answers);
  };
  const each = values.map(matchesSome);
  if (prefix === 'ForAllValues:') return allOf(negated ? each.map(opposite) : each);
  if (prefix === 'ForAnyValue:') return anyOf(negated ? each.map(opposite) : each);
  return negated ? opposite(anyOf(each)) : anyOf(each);
}

function unreadable(family: string, value: Exclude<NaiveValue, readonly string[]>): boolean {
  if (family.startsWith('Number')) return decimal(value) === undefined;
  if (family.startsWith('Date')) return dateNumber(value) === undefined;
  if (family === 'Bool') return truthOf(value) === undefined;
  if (family === 'IpAddress') return typeof value !== 'string' || value.includes('/') || ipBits(value) === undefined;
  return asText(value) === undefined;
}

/** Section 3. */
function named(map: Readonly<Record<string, readonly string[]>>, caller: NaiveCaller): boolean {
  const asserted = caller.kind === 'federated' && (caller.urn.includes(':oidcProvider:') || caller.urn.includes(':samlProvider:'));
  if (caller.kind === 'service') return (map['Service'] ?? []).some((name) => lower(name) === lower(caller.servicePrincipal ?? caller.urn));
  if (asserted) return [...(map['Identity_provider'] ?? []), ...(map['Federated'] ?? [])].includes(caller.urn);
  return (map['IAM'] ?? []).some(
    (entry) =>
      entry === '*' || entry === caller.accountId || entry === `iam::${caller.accountId}:root` || entry === caller.urn ||
      entry.replace(/^(sts::[^:]*)::/, '$1:') === caller.urn || (caller.kind === 'agency-session' && entry === caller.agencyUrn),
  );
}

/** Section 4. */
function resourceHolds(statement: NaiveStatement, request: NaiveRequest): Answer {
  const list = statement.Resource ?? statement.NotResource;
  if (list === undefined) return 'yes';
  const inverted = statement.NotResource !== undefined;
  if (list.includes('*')) return answer(!inverted);
  if (request.resource === undefined) return 'no';
  const actual = segmentsOf(request.resource);
  if (actual === undefined) return 'error';
  const answers = list.map((pattern): Answer => {
    // Variables hold colons in their names, so the pattern is cut where a colon stands outside of `${...}`.
    if (expand(pattern, () => '') === undefined) return 'error';
    const parts = cutPattern(pattern);
    return allOf(parts.map((part, index) => {
      const characters = expand(part, (name) => lookUp(request.context, name));
      return characters === undefined ? 'error' : answer(globMatches(characters, Array.from(actual[index] ?? '')));
    }));
  });
  const matched = anyOf(answers);
  if (inverted) return opposite(matched);
  return matched === 'error' ? 'no' : matched;
}

function segmentsOf(urn: string): string[] | undefined {
  const parts = urn.split(':');
  return parts.length < 5 ? undefined : [...parts.slice(0, 4), parts.slice(4).join(':')];
}

function cutPattern(pattern: string): string[] {
  const parts: string[] = [];
  let part = '';
  let inside = false;
  for (let index = 0; index < pattern.length; index++) {
    const letter = pattern.charAt(index);
    if (pattern.startsWith('${', index)) inside = true;
    if (letter === '}') inside = false;
    if (letter === ':' && !inside && parts.length < 4) {
      parts.push(part);
      part = '';
    } else part += letter;
  }
  return [...parts, part];
}

function statementHolds(statement: NaiveStatement, request: NaiveRequest): boolean {
  const action = Array.from(lower(request.action));
  const listed = (statement.Action ?? statement.NotAction ?? []).some((pattern) => globMatches(wildcards(lower(pattern)), action));
  const conditions = Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, value]) => clauseHolds(operator, key, typeof value === 'string' ? [value] : value, request.context)),
  );
  const who = [
    ...(statement.Principal === undefined ? [] : [answer(named(statement.Principal, request.caller))]),
    ...(statement.NotPrincipal === undefined ? [] : [answer(!named(statement.NotPrincipal, request.caller))]),
  ];
  const all = allOf([answer(listed === (statement.Action !== undefined)), ...who, resourceHolds(statement, request), ...conditions]);
  return all === 'yes' || (all === 'error' && statement.Effect === 'Deny');
}

export interface NaiveSet {
  readonly side: string;
  readonly policies: readonly (readonly NaiveStatement[])[];
}

const has = (effect: string, set: NaiveSet, request: NaiveRequest): boolean =>
  set.policies.some((policy) => policy.some((statement) => statement.Effect === effect && statementHolds(statement, request)));

/** Section 9: `allow`, or the effect and the side that refused. */
export function naiveDecide(sets: readonly NaiveSet[], mustAllow: (set: NaiveSet) => boolean, request: NaiveRequest): string {
  const denying = sets.find((set) => has('Deny', set, request));
  if (denying !== undefined) return `explicit-deny ${denying.side}`;
  const silent = sets.find((set) => mustAllow(set) && !has('Allow', set, request));
  return silent === undefined ? 'allow' : `implicit-deny ${silent.side}`;
}
