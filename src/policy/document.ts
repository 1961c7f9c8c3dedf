// From JSON nodes to the statements of a policy: the grammar of each kind, every violation with its place.
import { compileAction } from './actions.js';
import { compileClause, type Clause } from './conditions.js';
import type { JsonMember, JsonNode } from './json.js';
import type { PolicyKind } from './limits.js';
import { readArray, readChoice, readMembers, readString, readStrings, refuseUnknown, type StringItem } from './json-shapes.js';
import { PolicyError, quote } from './policy-error.js';
import { readPrincipals } from './principal-element.js';
import { compilePrincipals } from './principals.js';
import { compileResource } from './resources.js';
import type { ListElement, Statement } from './statement.js';

const version = '5.0';
const statementElements = ['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'] as const;
const keyForm = /^[A-Za-z][A-Za-z0-9-]*:[A-Za-z][A-Za-z0-9_.-]*(?:\/.{1,128})?$/su;

/** @throws PolicyError */
export function readDocument(kind: PolicyKind, root: JsonNode): readonly Statement[] {
  const members = readMembers(root);
  refuseUnknown(members, '', ['Version', 'Statement']);
  const versionNode = required(members, 'Version', '');
  if (readString(versionNode) !== version) throw new PolicyError(versionNode.pointer, 'version', `the policy version must be \`"${version}"\``);
  const statements = readArray(required(members, 'Statement', ''));
  return statements.map((node) => readStatement(kind, node));
}

function readStatement(kind: PolicyKind, node: JsonNode): Statement {
  const members = readMembers(node);
  refuseUnknown(members, node.pointer, statementElements);
  refuseForeign(kind, members);
  const sid = find(members, 'Sid');
  const effect = readChoice(required(members, 'Effect', node.pointer), ['Allow', 'Deny'] as const);
  const principal = kind === 'trust' ? readPrincipals(exactlyOne(members, 'Principal', 'NotPrincipal', node.pointer)) : undefined;
  const action = readList(exactlyOne(members, 'Action', 'NotAction', node.pointer));
  const resource = atMostOne(members, 'Resource', 'NotResource', node.pointer);
  const resources = resource === undefined ? undefined : readList(resource);
  const condition = find(members, 'Condition');
  const clauses = condition === undefined ? [] : readCondition(condition);
  return {
    source: {
      sid: sid === undefined ? undefined : readString(sid),
      effect,
      principal,
      action: texts(action),
      resource: resources === undefined ? undefined : texts(resources),
      condition: clauses.map((clause) => clause.source),
    },
    actions: action.items.map((item) => compileAction(item.text, item.pointer)),
    resources: resources === undefined ? undefined : { negated: resources.negated, patterns: resources.items.map((item) => compileResource(item.text, item.pointer)) },
    principals: principal === undefined ? undefined : compilePrincipals(principal.items),
    clauses,
  };
}

function refuseForeign(kind: PolicyKind, members: readonly JsonMember[]): void {
  for (const { name, value } of members) {
    if (kind !== 'trust' && (name === 'Principal' || name === 'NotPrincipal')) {
      throw new PolicyError(value.pointer, 'element', `\`${name}\` stands in trust policies only`);
    }
    // [choice] Of the two published SCP grammars the newer one: identity grammar, but no NotAction.
    if (kind === 'service-control' && name === 'NotAction') {
      throw new PolicyError(value.pointer, 'element', '`NotAction` is not supported in a service control policy');
    }
  }
}

export function readCondition(node: JsonNode): Clause[] {
  return nonEmpty(readMembers(node), node.pointer, 'operator').flatMap((operator) =>
    nonEmpty(readMembers(operator.value), operator.value.pointer, 'condition key').map((key) => readClause(operator.name, key)),
  );
}

function readClause(operator: string, key: JsonMember): Clause {
  const { pointer } = key.value;
  if (!keyForm.test(key.name)) {
    throw new PolicyError(pointer, 'condition-key', `${quote(key.name)} is not a condition key: write service:name, for example \`g:CurrentTime\``);
  }
  // [choice] Values are strings as the grammar says; numbers and booleans are written in quotes.
  const values: readonly StringItem[] = key.value.kind === 'array' ? readStrings(key.value) : [{ text: readString(key.value), pointer }];
  return compileClause({ operator, key: key.name, values: values.map((value) => value.text) }, pointer, values.map((value) => value.pointer));
}

export const find = (members: readonly JsonMember[], name: string): JsonNode | undefined => members.find((member) => member.name === name)?.value;

export function required(members: readonly JsonMember[], name: string, pointer: string): JsonNode {
  const node = find(members, name);
  if (node === undefined) throw new PolicyError(pointer, 'missing', `\`${name}\` is missing`);
  return node;
}

function atMostOne(members: readonly JsonMember[], plain: string, negated: string, pointer: string): JsonMember | undefined {
  const [first, second] = members.filter((member) => member.name === plain || member.name === negated);
  if (second !== undefined) throw new PolicyError(pointer, 'exclusive', `\`${plain}\` and \`${negated}\` exclude each other`);
  return first;
}

function exactlyOne(members: readonly JsonMember[], plain: string, negated: string, pointer: string): JsonMember {
  const member = atMostOne(members, plain, negated, pointer);
  if (member === undefined) throw new PolicyError(pointer, 'missing', `\`${plain}\` or \`${negated}\` is missing`);
  return member;
}

function nonEmpty(members: readonly JsonMember[], pointer: string, what: string): readonly JsonMember[] {
  if (members.length === 0) throw new PolicyError(pointer, 'empty', `at least one ${what} is needed`);
  return members;
}

const readList = (member: JsonMember): ListElement<StringItem> => ({ negated: member.name.startsWith('Not'), items: readStrings(member.value) });

const texts = (list: ListElement<StringItem>): ListElement<string> => ({ negated: list.negated, items: list.items.map((item) => item.text) });
