// Running the hops of a chain: each is signed with the session of the hop before it, and a failure names its hop.
import { printable } from '../base/text.js';
import { assumeAgency, connectionOf, type AssumeAnswer, type AssumeInput } from './assume-agency.js';
import type { Connection } from './connection.js';
import { CredentialsError } from './credentials-error.js';
import type { CallContext } from './service-call.js';

/** One answer per hop, the session of the last hop last. When a hop fails, the sessions obtained until then are dropped. */
export async function runChain(start: Connection, hops: readonly AssumeInput[], context: CallContext): Promise<readonly AssumeAnswer[]> {
  const answers: AssumeAnswer[] = [];
  let connection = start;
  for (const [index, hop] of hops.entries()) {
    const answer = await assumeHop(connection, hop, { index, count: hops.length }, context);
    connection = connectionOf(answer, start.endpoint);
    answers.push(answer);
  }
  return answers;
}

/** @param place `index` from 0 */
export async function assumeHop(connection: Connection, hop: AssumeInput, place: { readonly index: number; readonly count: number }, context: CallContext): Promise<AssumeAnswer> {
  const signedAt = context.now().getTime();
  try {
    return await assumeAgency(connection, hop, context);
  } catch (error) {
    const isMended = error instanceof CredentialsError && error.status === 401 && Math.abs(context.now().getTime() - signedAt) > noticedMilliseconds;
    if (!isMended) throw atHop(error, hop, place);
  }
  // The refusal told what the time is.
  return await assumeAgency(connection, hop, context).catch((error: unknown) => Promise.reject(atHop(error, hop, place)));
}

/** Far below the 15 minutes that a signature may be off, far above what a call takes. */
const noticedMilliseconds = 60_000;

/** The error with its hop in the message and in its members; what is no CredentialsError stays as it is. */
function atHop(error: unknown, { agencyUrn }: AssumeInput, { index, count }: { readonly index: number; readonly count: number }): Error {
  if (!(error instanceof CredentialsError)) return error instanceof Error ? error : new Error('a hop failed', { cause: error });
  const message = `hop ${index + 1} of ${count}, assuming ${printable(agencyUrn)}: ${error.message}`;
  const { status, code, requestId, encodedAuthorizationMessage, retryAfterSeconds, isRetryable } = error;
  return new CredentialsError(error.reason, message, { status, code, requestId, encodedAuthorizationMessage, retryAfterSeconds, isRetryable, hopIndex: index, hopCount: count, agencyUrn }, error.cause);
}
