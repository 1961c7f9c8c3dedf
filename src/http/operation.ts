// The one door: every API call is a value of this type, declared in the table of its family.
import type { z } from 'zod';
import { ApiError } from '../base/api-error.js';
import type { Caller } from '../sts/caller.js';
import type { CallContext, Outcome } from '../sts/outcome.js';
import type { Services } from '../sts/services.js';

export interface Operation<Body extends z.ZodType = z.ZodType, Answer extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  readonly authentication: 'signature';
  /** What the caller needs; null: open to every authenticated caller. */
  readonly action: string | null;
  /** Absent: the operation takes no body. */
  readonly body?: Body;
  readonly response: Answer;
  /** Statuses beside 200 that callers of this operation see. */
  readonly refusals: readonly number[];
  handle(services: Services, caller: Caller, input: z.output<Body>, call: CallContext): Promise<Outcome<z.input<Answer>>>;
  /** Gives refusals found behind `handle` the form of its own. */
  refine?(services: Services, caller: Caller, input: z.output<Body>, error: ApiError): ApiError;
}

/** Checks the types of one operation against each other; the pipeline hands `handle` only what `body` has parsed. */
export function operation<Body extends z.ZodType, Answer extends z.ZodType>(value: Operation<Body, Answer>): Operation {
  return value;
}

/** The operation's input, or the 400 that names the first field that is wrong and the rule it breaks. */
export function validate(operation: Operation, json: unknown): unknown {
  if (operation.body === undefined) return undefined;
  const result = operation.body.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? 'body' : fieldName(issue.path);
  throw new ApiError('invalidField', `\`${field}\`: ${issue === undefined ? 'malformed' : ruleText(issue, json)}`);
}

/** Names of members come from the caller where the schema leaves them open. */
const longestName = 64;

const fieldName = (path: readonly PropertyKey[]): string =>
  path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part).slice(0, longestName)}`)).join('').replace(/^\./, '');

function ruleText(issue: z.core.$ZodIssue, json: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return valueAt(json, issue.path) === undefined ? 'is required' : `must be of type ${issue.expected === 'int' ? 'integer' : issue.expected}`;
    case 'too_big':
      return `must be at most ${String(issue.maximum)}${issue.origin === 'array' ? ' items' : ''}`;
    case 'too_small':
      return `must be at least ${String(issue.minimum)}${issue.origin === 'array' ? ' items' : ''}`;
    case 'unrecognized_keys':
    case 'invalid_key':
      return 'has a member that is not known here';
    default:
      return issue.message;
  }
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  // A path comes from the value itself, so every step but the last is an object that has it.
  return path.reduce<unknown>((value, part) => (typeof value === 'object' && value !== null ? (value as Readonly<Record<PropertyKey, unknown>>)[part] : undefined), json);
}
