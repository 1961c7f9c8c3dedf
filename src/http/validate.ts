// From a request to the input of its operation, or the 400 that names the first field that is wrong and the rule it breaks.
import type { z } from 'zod';
import { ApiError, type ErrorName } from '../base/api-error.js';
import type { Input, Operation } from './operation.js';
import { distinctMembers, longestName } from './received-body.js';

/** The parts of a request as they arrived. */
export interface RequestParts {
  readonly path: Readonly<Record<string, unknown>>;
  /** Behind the `?`, as it was signed. */
  readonly query: string;
  /** The value of the body; asked for only when the operation takes one. */
  body(): unknown;
}

export function validate(operation: Operation, request: RequestParts): Input<unknown, unknown, unknown> {
  const { parameters, query, body } = operation;
  return {
    path: parameters === undefined ? undefined : parsed(parameters, request.path, ''),
    query: query === undefined ? undefined : parsed(query, distinctMembers(new URLSearchParams(request.query)), ''),
    body: body === undefined ? undefined : parsed(body, request.body(), 'body'),
  };
}

/** @param whole what the value as a whole is called */
function parsed(schema: z.ZodType, value: unknown, whole: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? whole : fieldName(issue.path);
  throw new ApiError(causeOf(issue, value), `\`${field}\`: ${issue === undefined ? 'malformed' : ruleText(issue, value)}`);
}

/** A schema may say that a rule of its own has an error code of its own. */
function causeOf(issue: z.core.$ZodIssue | undefined, value: unknown): ErrorName {
  if ((issue?.code === 'invalid_type' || issue?.code === 'invalid_value') && valueAt(value, issue.path) === undefined) return 'missingField';
  const cause: unknown = issue?.code === 'custom' ? issue.params?.['cause'] : undefined;
  return ruleCauses.find((name) => name === cause) ?? 'invalidField';
}

const ruleCauses = ['missingField', 'malformedPolicyDocument', 'invalidAgencyName', 'invalidPath', 'invalidMarker', 'duplicateTagKey', 'invalidSerialNumber'] as const satisfies readonly ErrorName[];

const fieldName = (path: readonly PropertyKey[]): string =>
  path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part).slice(0, longestName)}`)).join('').replace(/^\./, '');

function ruleText(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return valueAt(value, issue.path) === undefined ? 'is required' : `must be of type ${jsonTypes[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return valueAt(value, issue.path) === undefined ? 'is required' : `must be ${issue.values.map((one) => `\`${String(one)}\``).join(' or ')}`;
    case 'too_big':
      return `must be at most ${String(issue.maximum)}${unitOf(issue.origin)}`;
    case 'too_small':
      return `must be at least ${String(issue.minimum)}${unitOf(issue.origin)}`;
    case 'unrecognized_keys':
    case 'invalid_key':
      return 'has a member that is not known here';
    default:
      return issue.message;
  }
}

/** What the schemas call otherwise than JSON does. */
const jsonTypes: Readonly<Record<string, string>> = { int: 'integer', record: 'object', tuple: 'array' };

const unitOf = (origin: string): string => (origin === 'array' ? ' items' : origin === 'string' ? ' characters' : '');

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  // A path comes from the value itself, so every step but the last is an object that has it.
  return path.reduce<unknown>((inner, part) => (typeof inner === 'object' && inner !== null ? (inner as Readonly<Record<PropertyKey, unknown>>)[part] : undefined), value);
}
