// A role or policy of the older system, as granted, as the documents of identity policies.
import type { SystemRole } from '../../catalogue/index.js';
import { parsePolicy } from '../../policy/index.js';
import type { RoleScope } from '../entities.js';
import { policySize } from '../quotas.js';
import { areasOf, clausesOf, overlap, type ScopeNames } from './scopes.js';
import { statementInVersion5, withClauses, type Said, type Statement } from './statement.js';

/** A role, with the scopes for which one agency has it. */
export interface GrantedRole {
  readonly roleId: string;
  readonly displayName: string;
  /** The family it belongs to: with the display name, what other roles depend on. */
  readonly catalog: string;
  readonly type: SystemRole['type'];
  /** JSON text. */
  readonly document: string;
  readonly scopes: readonly RoleScope[];
}

/** Documents as JSON text, as few as hold it all; none when nothing can be said. @param granted all that the agency has, this one included */
export function roleInVersion5(role: GrantedRole, granted: readonly GrantedRole[], names: ScopeNames): Said<readonly string[]> {
  const { statements, depends } = parsePolicy('role', role.document);
  const own = areasOf(role.scopes, role.type, names);
  // A role allows only where those that it depends on are granted, too; what it denies, it denies in any case.
  const needed = depends.map(({ catalog, displayName }) => ({
    displayName, areas: granted.filter((other) => other.catalog === catalog && other.displayName === displayName).flatMap((other) => areasOf(other.scopes, other.type, names).said),
  }));
  const allowing = needed.reduce((areas, one) => overlap(areas, one.areas), own.said);
  const said = statements.map(({ source }) => statementInVersion5(source));
  const inScope = said.flatMap((one) => one.said.flatMap((statement) => (statement.Effect === 'Deny' ? own.said : allowing).map((area) => withClauses(statement, clausesOf(area)))));
  const missing = own.said.length === 0 || allowing.length > 0 ? [] : [`it allows nothing: it depends on ${needed.map(({ displayName }) => `\`${displayName}\``).join(', ')}, which the agency does not have there`];
  return { said: documentsOf(inScope.flatMap(fitting)), lost: [...own.lost, ...(own.said.length === 0 ? [] : [...said.flatMap((one) => one.lost), ...missing])] };
}

const documentOf = (statements: readonly Statement[]): string => JSON.stringify({ Version: '5.0', Statement: statements });

/** As a document is measured: whitespace is free. */
const sizeOf = (document: string): number => Array.from(document.replace(/[ \t\r\n]+/g, '')).length;

/** What is too long for one document, as several statements: actions are alternatives of each other. */
function fitting(statement: Statement): readonly Statement[] {
  const { Action: actions = [] } = statement;
  if (actions.length <= 1 || sizeOf(documentOf([statement])) <= policySize) return [statement];
  const middle = Math.ceil(actions.length / 2);
  return [actions.slice(0, middle), actions.slice(middle)].flatMap((half) => fitting({ ...statement, Action: half }));
}

/** INVARIANT: all documents together say the same as one: an agency's policies are a union, and a Deny of any wins. */
function documentsOf(statements: readonly Statement[]): readonly string[] {
  const documents: Statement[][] = [];
  for (const statement of statements) {
    const last = documents.at(-1);
    if (last !== undefined && sizeOf(documentOf([...last, statement])) <= policySize) last.push(statement);
    else documents.push([statement]);
  }
  return documents.map(documentOf);
}
