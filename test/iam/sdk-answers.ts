// Reading what the official IAM SDK answers, and what it throws.
import { ServiceResponseException } from '@huaweicloud/huaweicloud-sdk-core/exception/ServiceResponseException.js';
import { member } from './managed.js';

/** The SDK's models have most members as private, with getters beside them that its answers, plain JSON, have not. */
const members = (answer: object): Readonly<Record<string, unknown>> => ({ ...answer });

/** The text at a place in an answer. */
export function textIn(answer: object, ...path: readonly string[]): string {
  const value = member(members(answer), ...path);
  if (typeof value !== 'string') throw new Error(`${JSON.stringify(answer)} has no text at ${path.join('.')}`);
  return value;
}

interface Paged {
  withLimit(limit: number): unknown;
  withMarker(marker: string): unknown;
}

/** Every item of the list that an answer has as `name`, read in pages of one. */
export async function inPagesOfOne<Request extends Paged>(request: Request, list: (request: Request) => Promise<object>, name: string): Promise<readonly unknown[]> {
  request.withLimit(1);
  const all: unknown[] = [];
  for (;;) {
    const answer = members(await list(request));
    const items = answer[name];
    if (!Array.isArray(items) || items.length > 1) throw new Error(`${JSON.stringify(answer)} is no page of one of \`${name}\``);
    all.push(...(items as readonly unknown[]));
    const marker = member(answer, 'page_info', 'next_marker');
    if (typeof marker !== 'string') return all;
    request.withMarker(marker);
  }
}

/** What the SDK throws for a refusal. */
export async function refusalOf(call: Promise<unknown>): Promise<ServiceResponseException> {
  const error: unknown = await call.then(() => undefined, (reason: unknown) => reason);
  if (error instanceof ServiceResponseException) return error;
  throw new Error('the call was not refused', { cause: error });
}
