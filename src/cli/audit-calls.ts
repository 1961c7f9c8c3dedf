// The audit operations that the commands call: their wire names and shapes.
import { z } from 'zod';
import type { Call } from './call.js';

const event = z.record(z.string(), z.unknown());

const EventsPage = z.object({
  events: z.array(event),
  page_info: z.object({ next_marker: z.string().optional(), resume_marker: z.string().optional() }),
});
export type EventsPage = z.infer<typeof EventsPage>;

/** The largest page there is. */
export const mostEventsPerPage = 200;

/** @param query members of the query by name; those without a value are left out */
export function listAuditEvents(query: Readonly<Record<string, string | undefined>>): Call<EventsPage> {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]));
  return { method: 'GET', path: `/v1/audit/events?${given.join('&')}`, answer: EventsPage };
}

const ProofFile = z.object({ event_id: z.string(), entry: z.base64(), proof: z.string() });

export const getAuditEventProof = (eventId: string): Call<z.infer<typeof ProofFile>> =>
  ({ method: 'GET', path: `/v1/audit/events/${encodeURIComponent(eventId)}/proof`, answer: ProofFile });

const AuditKeys = z.object({ log_name: z.string(), keys: z.array(z.string()) });

export const listAuditKeys: Call<z.infer<typeof AuditKeys>> = { method: 'GET', path: '/v1/audit/keys', answer: AuditKeys };
