// Which events of an account are asked for.
import { z } from 'zod';
import type { AuditEvent, EventSession } from '../../audit/event.js';
import { matching } from '../../base/characters.js';
import { moment } from '../fields.js';

const word = (most: number) => matching(new RegExp(`^[!-~]{1,${most}}$`), `must be 1 to ${most} printable ASCII characters`);

/** Each narrows what the others leave. */
export const eventFilters = {
  from: moment.optional(),
  to: moment.optional(),
  operation: word(100).optional(),
  principal: word(1500).optional(),
  access_key_id: word(40).optional(),
  session_id: word(40).optional(),
  source_identity: word(64).optional(),
  source_ip: word(64).optional(),
  outcome: z.enum(['allowed', 'refused']).optional(),
  error_code: word(32).optional(),
  resource: word(1500).optional(),
  request_id: word(64).optional(),
};

export type EventFilters = Readonly<z.output<z.ZodObject<typeof eventFilters>>>;

/** `from` and `to`, in seconds since the epoch: the first time that is asked for, and the first that is not any more. */
export function matches(filters: EventFilters, event: AuditEvent): boolean {
  const { callerSession, issuedSession, principal } = event;
  const sessions = [callerSession, issuedSession].filter((session) => session !== undefined);
  const isAsked = (asked: string | undefined, ...found: readonly (string | undefined)[]): boolean => asked === undefined || found.includes(asked);
  return (filters.from === undefined || event.time >= filters.from * 1000)
    && (filters.to === undefined || event.time < filters.to * 1000)
    && isAsked(filters.operation, event.operation)
    && isAsked(filters.principal, principal.urn)
    // [choice] What was done with a session counts as done with the keys that the session descends from.
    && isAsked(filters.access_key_id, principal.accessKeyId, ...(callerSession?.chain ?? []))
    && isAsked(filters.session_id, ...sessions.flatMap(lineOf))
    && isAsked(filters.source_identity, ...sessions.map(({ sourceIdentity }) => sourceIdentity))
    && isAsked(filters.source_ip, event.sourceIp)
    && isAsked(filters.outcome, event.status < 400 ? 'allowed' : 'refused')
    && isAsked(filters.error_code, event.errorCode)
    && isAsked(filters.resource, event.resource)
    && isAsked(filters.request_id, event.requestId);
}

const lineOf = ({ sessionId, chain }: EventSession): readonly string[] => [sessionId, ...chain];
