// One signed call of the service: its answer as a typed value, or a CommandError that says what went wrong.
import type { z } from 'zod';
import { callForJson, wrongAnswer, type ServiceCall } from '../client/service-call.js';
import { asCommand } from './command-error.js';
import type { Connection } from './connection.js';

export interface Call<Answer> extends ServiceCall {
  /** Sent as JSON; none for GET. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly answer: z.ZodType<Answer>;
}

/** Signs with SDK-HMAC-SHA256 (request signatures §1), at the time given. */
export const callService = <Answer>(connection: Connection, { answer, ...call }: Call<Answer>, now: Date): Promise<Answer> => asCommand(async () => {
  const parsed = answer.safeParse(await callForJson(connection, call, { now: () => now }));
  if (!parsed.success) throw wrongAnswer(connection, 'JSON that is not the answer of this call');
  return parsed.data;
});
