// The one door: every API call is a value of this type, declared in the table of its family.
import type { z } from 'zod';
import type { ApiError, ErrorFamily } from '../base/api-error.js';
import type { Caller } from '../sts/caller.js';
import type { CallContext, Outcome } from '../sts/outcome.js';
import type { Services } from '../sts/services.js';

/** What an operation is given: members of its path, of its query and of its body stay apart. */
export interface Input<Path, Query, Body> {
  readonly path: Path;
  readonly query: Query;
  readonly body: Body;
}

/** A header that an operation looks at, when it is signed, or answers with. */
export interface OperationHeader {
  readonly name: string;
  readonly description: string;
}

export interface Operation<
  Path extends z.ZodType = z.ZodType, Query extends z.ZodType = z.ZodType, Body extends z.ZodType = z.ZodType, Answer extends z.ZodType = z.ZodType,
> {
  readonly name: string;
  readonly family: ErrorFamily;
  readonly method: 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete';
  /** With its parameters in braces: `/v5/agencies/{agency_id}`. */
  readonly path: string;
  readonly summary: string;
  /** Of the older system's operations a token is as good as a signature; `login`: or the password in the body. */
  readonly authentication: 'signature' | 'login';
  /** What the caller needs; null: open to every authenticated caller. */
  readonly action: string | null;
  /** Of the answer to a call that is allowed. */
  readonly status: 200 | 201 | 202 | 204;
  /** Schema of the path's parameters; absent: it has none. */
  readonly parameters?: Path;
  /** Schema of the query; absent: it is not looked at. */
  readonly query?: Query;
  /** Signed headers that make a difference to this operation, beside those of every signature. */
  readonly headers?: readonly OperationHeader[];
  /** Of the answer to a call that is allowed, beside those of every answer. */
  readonly answerHeaders?: readonly OperationHeader[];
  /** Absent: the operation takes no body. */
  readonly body?: Body;
  /** How the body is written; absent: as JSON. */
  readonly bodyForm?: 'urlencoded';
  /** Absent: the answer has no body. */
  readonly response?: Answer;
  /** Statuses that callers of this operation see when it is refused. */
  readonly refusals: readonly number[];
  handle(services: Services, caller: Caller, input: Input<z.output<Path>, z.output<Query>, z.output<Body>>, call: CallContext): Promise<Outcome<z.input<Answer>>>;
  /** Gives refusals found behind `handle` the form of its own. */
  refine?(services: Services, caller: Caller, input: Input<z.output<Path>, z.output<Query>, z.output<Body>>, error: ApiError): ApiError;
}

/** Checks the types of one operation against each other; the pipeline hands `handle` only what its schemas have parsed. */
export function operation<Path extends z.ZodType = z.ZodUndefined, Query extends z.ZodType = z.ZodUndefined, Body extends z.ZodType = z.ZodUndefined, Answer extends z.ZodType = z.ZodUndefined>(
  value: Operation<Path, Query, Body, Answer>,
): Operation {
  return value;
}

/** Whether calls of the operation may change an account; by the meaning of the methods, but for those of the token service. */
export const writes = ({ family, method }: Operation): boolean => family !== 'sts' && method !== 'get' && method !== 'head';

/** The path as the router takes it. */
export const routePath = ({ path }: Pick<Operation, 'path'>): string => path.replaceAll(/\{(\w+)\}/g, ':$1');
