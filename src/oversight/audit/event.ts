// One audit event of the caller's account, what proves it, and the keys to check the proof with.
import { z } from 'zod';
import type { ReadEvent } from '../../audit/reader.js';
import { ApiError } from '../../base/api-error.js';
import { matching } from '../../base/characters.js';
import type { Ground, Result } from '../../iam/account-call.js';
import { itemOf } from './list-events.js';

export const getEventAction = 'sts:auditEvents:get';

export const eventPath = z.object({ event_id: matching(/^\d{1,4}-\d{1,15}$/, 'must be the id of an audit event, such as 7-123') });
type EventInput = Readonly<{ path: z.output<typeof eventPath> }>;

export const eventResponse = z.object({ event: z.record(z.string(), z.unknown()) });

export async function getEvent(ground: Ground, input: EventInput): Promise<Result<z.input<typeof eventResponse>>> {
  return { body: { event: itemOf('cts')(await found(ground, input)) } };
}

/** A file that `audit check` takes. */
export const proofResponse = z.object({
  event_id: z.string(),
  entry: z.string().meta({ description: 'the entry of the log, in base64' }),
  proof: z.string().meta({ description: 'in the form of c2sp.org/tlog-proof@v1' }),
});

export async function getEventProof(ground: Ground, input: EventInput): Promise<Result<z.input<typeof proofResponse>>> {
  const { id } = await found(ground, input);
  const proof = await ground.services.audit.prove(id);
  // [choice] 409: the event is there, and its proof will be within seconds.
  if (proof === undefined) throw new ApiError('notYetSealed', `event \`${id}\` is not sealed yet: ask again in some seconds`);
  return { body: proof };
}

/** INVARIANT: an event of another account is as absent as one that never was. */
async function found({ services, account }: Ground, { path }: EventInput): Promise<ReadEvent> {
  const event = await services.audit.find(account.accountId, path.event_id);
  if (event === undefined) throw new ApiError('entityNotFound', `the audit event \`${path.event_id}\` does not exist`);
  return event;
}

export const keysResponse = z.object({
  log_name: z.string(),
  keys: z.array(z.string()).meta({ description: 'verifier keys (c2sp.org/signed-note), the one in use first' }),
});

export const listKeys = ({ services: { audit: { log } } }: Ground): Result<z.input<typeof keysResponse>> =>
  ({ body: { log_name: log.name, keys: [...log.verifierKeys] } });
