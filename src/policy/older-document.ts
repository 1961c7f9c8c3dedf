// Documents of the older system, versions 1.0 and 1.1: their grammar and limits, compiled to the statements of the newer one (policy language §8).
import { compileOlderAction } from './actions.js';
import { find, readCondition, required } from './document.js';
import type { JsonMember, JsonNode } from './json.js';
import { readArray, readChoice, readMembers, readString, readStrings, refuseUnknown, type StringItem } from './json-shapes.js';
import { PolicyError } from './policy-error.js';
import type { ResourceElement } from './resource-element.js';
import { compileResource, compileUri } from './resources.js';
import type { ResourceList, Statement } from './statement.js';
import { foldAscii } from './text.js';

/** A role that must be granted beside the one that names it. */
export interface RoleDependence {
  readonly catalog: string;
  readonly displayName: string;
}

export interface OlderDocument {
  readonly version: '1.0' | '1.1';
  readonly depends: readonly RoleDependence[];
  readonly statements: readonly Statement[];
}

type OlderKind = 'role' | 'legacy-session';
type Version = OlderDocument['version'];

const limits = { statements: 8, actions: 100, resources: 10, uris: 20, operators: 10, keys: 10, valueCharacters: 1024 } as const;
const resourceCharacters: Readonly<Record<OlderKind, number>> = { role: 1500, 'legacy-session': 128 };
const versions: Readonly<Record<OlderKind, readonly Version[]>> = { role: ['1.1', '1.0'], 'legacy-session': ['1.1'] };

/**
 * @param kind `role`: what is granted; `legacy-session`: what narrows temporary keys (legacy agencies §4b), where an
 * Effect may have any case
 * @throws PolicyError
 */
export function readOlderDocument(kind: OlderKind, root: JsonNode): OlderDocument {
  const members = readMembers(root);
  refuseUnknown(members, '', kind === 'role' ? ['Version', 'Statement', 'Depends'] : ['Version', 'Statement']);
  const versionNode = required(members, 'Version', '');
  const version = versions[kind].find((one) => one === readString(versionNode));
  if (version === undefined) throw new PolicyError(versionNode.pointer, 'version', `the policy version must be ${versions[kind].map((one) => `\`"${one}"\``).join(' or ')}`);
  const nodes = atMost(readArray(required(members, 'Statement', '')), limits.statements, 'statements', '/Statement');
  const statements = nodes.map((node) => readStatement(kind, version, node));
  return { version, depends: readDepends(find(members, 'Depends')), statements: version === '1.0' ? withExceptions(statements) : statements };
}

/** An empty list is none. */
function readDepends(node: JsonNode | undefined): readonly RoleDependence[] {
  if (node === undefined || (node.kind === 'array' && node.items.length === 0)) return [];
  return readArray(node).map((item) => {
    const members = readMembers(item);
    refuseUnknown(members, item.pointer, ['catalog', 'display_name']);
    return { catalog: readString(required(members, 'catalog', item.pointer)), displayName: readString(required(members, 'display_name', item.pointer)) };
  });
}

function readStatement(kind: OlderKind, version: Version, node: JsonNode): Statement {
  const members = readMembers(node);
  refuseUnknown(members, node.pointer, ['Effect', 'Action', 'Resource', 'Condition']);
  const finer = version === '1.0' ? members.find(({ name }) => name === 'Resource' || name === 'Condition') : undefined;
  if (finer !== undefined) throw new PolicyError(finer.value.pointer, 'element', `\`${finer.name}\` stands in policies of version 1.1 only`);
  const effect = readEffect(kind, required(members, 'Effect', node.pointer));
  const actionNode = required(members, 'Action', node.pointer);
  const actions = atMost(readStrings(actionNode), limits.actions, 'actions', actionNode.pointer);
  const resource = readResource(kind, find(members, 'Resource'));
  const condition = find(members, 'Condition');
  if (condition !== undefined) refuseLargeCondition(condition);
  const clauses = condition === undefined ? [] : readCondition(condition);
  return {
    source: {
      sid: undefined, effect, principal: undefined, action: { negated: false, items: actions.map((item) => item.text) }, resource: resource?.source, condition: clauses.map((clause) => clause.source),
    },
    actions: actions.flatMap((item) => compileOlderAction(item.text, item.pointer)),
    resources: resource?.element,
    principals: undefined,
    clauses,
  };
}

const effects = ['Allow', 'Deny'] as const;

function readEffect(kind: OlderKind, node: JsonNode): 'Allow' | 'Deny' {
  const folded = kind === 'legacy-session' && node.kind === 'string' ? foldAscii(node.value) : '';
  return effects.find((effect) => foldAscii(effect) === folded) ?? readChoice(node, effects);
}

interface ReadResource {
  readonly source: ResourceList;
  readonly element: ResourceElement;
}

/** A list of URNs, or an object with a list of paths. */
function readResource(kind: OlderKind, node: JsonNode | undefined): ReadResource | undefined {
  if (node === undefined) return undefined;
  const uri = node.kind === 'object' ? readUri(node) : undefined;
  const list = uri ?? node;
  const items = atMost(readStrings(list), uri === undefined ? limits.resources : limits.uris, uri === undefined ? 'resources' : 'uris', list.pointer);
  for (const item of items) refuseLong(item, resourceCharacters[kind], 'a resource');
  const source = { negated: false, items: items.map((item) => item.text), ...(uri !== undefined && { isUri: true as const }) };
  return { source, element: { negated: false, patterns: items.map((item) => (uri === undefined ? compileOlderResource(item) : compileUri(item.text, item.pointer))) } };
}

function readUri(node: JsonNode): JsonNode {
  const members: readonly JsonMember[] = readMembers(node);
  refuseUnknown(members, node.pointer, ['uri']);
  return required(members, 'uri', node.pointer);
}

/** [choice] Older samples write the service in capitals, as in `OBS:*:*:object:*`; URNs have it in lower case. */
const compileOlderResource = ({ text, pointer }: StringItem) => compileResource(text.replace(/^[A-Za-z-]+(?=:)/, foldAscii), pointer);

function refuseLargeCondition(node: JsonNode): void {
  for (const operator of atMost(readMembers(node), limits.operators, 'condition operators', node.pointer)) {
    for (const { value } of atMost(readMembers(operator.value), limits.keys, 'condition keys', operator.value.pointer)) {
      const values: readonly StringItem[] = value.kind === 'array' ? readStrings(value) : [{ text: readString(value), pointer: value.pointer }];
      for (const item of values) refuseLong(item, limits.valueCharacters, 'a condition value');
    }
  }
}

/**
 * [choice] A Deny of version 1.0 says what its own role leaves out, and denies nothing that another one allows: Tenant
 * Administrator has a Deny for all of IAM, and is granted together with Security Administrator.
 */
function withExceptions(statements: readonly Statement[]): readonly Statement[] {
  const denials = statements.filter(({ source }) => source.effect === 'Deny');
  const allowing = statements.filter(({ source }) => source.effect === 'Allow');
  if (denials.length === 0) return allowing;
  const except = denials.flatMap(({ source }) => source.action.items);
  const exceptions = denials.flatMap(({ actions }) => actions);
  return allowing.map((statement) => ({ ...statement, source: { ...statement.source, except }, exceptions }));
}

function atMost<Item>(items: readonly Item[], most: number, what: string, pointer: string): readonly Item[] {
  if (items.length > most) throw new PolicyError(pointer, 'count', `there are ${items.length} ${what}, at most ${most} are allowed`);
  return items;
}

function refuseLong({ text, pointer }: StringItem, most: number, what: string): void {
  const { length } = Array.from(text);
  if (length < 1 || length > most) throw new PolicyError(pointer, 'length', `${what} has 1 to ${most} characters, this one has ${length}`);
}
