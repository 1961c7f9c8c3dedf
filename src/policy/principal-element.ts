// Reads the Principal or NotPrincipal element of a trust policy.
import type { JsonMember } from './json.js';
import { readMembers, readStrings, refuseUnknown } from './json-shapes.js';
import { PolicyError } from './policy-error.js';
import { checkPrincipal, type PrincipalEntry, type PrincipalType } from './principals.js';
import type { ListElement } from './statement.js';

/** `Federated` is read as `Identity_provider`, which newer SDKs write. */
const principalTypes: ReadonlyMap<string, PrincipalType> = new Map([
  ['IAM', 'IAM'],
  ['Service', 'Service'],
  ['Identity_provider', 'Identity_provider'],
  ['Federated', 'Identity_provider'],
]);

/** @throws PolicyError */
export function readPrincipals(member: JsonMember): ListElement<PrincipalEntry> {
  const types = readMembers(member.value);
  refuseUnknown(types, member.value.pointer, [...principalTypes.keys()]);
  if (types.length === 0) throw new PolicyError(member.value.pointer, 'empty', 'at least one principal is needed');
  if (types.some((type) => type.name === 'Federated') && types.some((type) => type.name === 'Identity_provider')) {
    throw new PolicyError(member.value.pointer, 'exclusive', '`Federated` is another word for `Identity_provider`: write only one of them');
  }
  const items = types.flatMap(({ name, value }) => {
    const type = principalTypes.get(name);
    if (type === undefined) return [];
    return readStrings(value).map(({ text, pointer }) => {
      checkPrincipal({ type, text }, pointer);
      return { type, text };
    });
  });
  return { negated: member.name === 'NotPrincipal', items };
}
