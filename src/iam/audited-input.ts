// What the audit keeps of a request: names, ids and settings; never a code, a policy text or a long value.

/** The parts of a parsed request. */
export interface OperationInput {
  readonly path: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

const longestText = 256;
const mostItems = 20;
/** Members of which only their presence is told. */
const unread = new Set(['trust_policy', 'policy_document', 'authentication_code_first', 'authentication_code_second', 'marker', 'usage', 'token', 'policy']);

export function auditedInput({ path, query, body }: OperationInput): Readonly<Record<string, unknown>> {
  return { ...members(query), ...(Array.isArray(body) ? { items: audited(body) } : members(body)), ...members(path) };
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return {};
  const given = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(given.map(([name, member]) => [name, unread.has(name) ? true : audited(member)]));
}

function audited(value: unknown): unknown {
  if (typeof value === 'string') return value.length <= longestText ? value : `${value.slice(0, longestText)}…`;
  if (Array.isArray(value)) return value.slice(0, mostItems).map(audited);
  return typeof value === 'object' && value !== null ? members(value) : value;
}
