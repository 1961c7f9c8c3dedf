// The stored form of an audit event: compact JSON by position; unknown trailing fields are left out.
import { z } from 'zod';
import type { AuditEvent, EventSession } from './event.js';

const session = z.tuple([
  z.string(), z.array(z.string()), z.string().nullable(), z.array(z.tuple([z.string(), z.string()])), z.number().nullable(),
  // Came later: absent in older events.
  z.string().nullable().optional(), z.string().optional(),
]);
type SessionFields = z.infer<typeof session>;
const principalTypes = ['User', 'AssumedAgency', 'Service'] as const;

const layout = z.tuple([
  z.literal(1), z.string(), z.number(), z.string(), z.string(),
  z.tuple([z.string(), z.string(), z.string(), z.enum(principalTypes), z.boolean(), z.string(), z.string().nullable()]),
  z.string().nullable(), z.string().nullable(), z.string(), z.number(), z.string().nullable(), z.string().nullable(),
  z.record(z.string(), z.unknown()).nullable(), session.nullable(), session.nullable(),
]);

export function encodeEvent(event: AuditEvent): string {
  const { principal } = event;
  const fields: z.infer<typeof layout> = [
    1, event.accountId, event.time, event.requestId, event.operation,
    [principal.accountId, principal.urn, principal.id, principal.type, principal.isRootUser, principal.accessKeyId, principal.userName ?? null],
    event.resourceAccountId ?? null, event.resource ?? null, event.sourceIp, event.status, event.errorCode ?? null, event.decision ?? null,
    event.request ?? null, sessionFields(event.callerSession), sessionFields(event.issuedSession),
  ];
  return JSON.stringify(fields);
}

/** Reads what {@link encodeEvent} wrote; throws on anything else. */
export function decodeEvent(text: string): AuditEvent {
  const [, accountId, time, requestId, operation, principal, resourceAccountId, resource, sourceIp, status, errorCode, decision, request, caller, issued] =
    layout.parse(JSON.parse(text));
  const [principalAccountId, urn, id, type, isRootUser, accessKeyId, userName] = principal;
  return {
    accountId, time, requestId, operation, sourceIp, status,
    principal: { accountId: principalAccountId, urn, id, type, isRootUser, accessKeyId, ...(userName !== null && { userName }) },
    ...(resourceAccountId !== null && { resourceAccountId }),
    ...(resource !== null && { resource }),
    ...(errorCode !== null && { errorCode }),
    ...(decision !== null && { decision }),
    ...(request !== null && { request }),
    ...(caller !== null && { callerSession: sessionOf(caller) }),
    ...(issued !== null && { issuedSession: sessionOf(issued) }),
  };
}

function sessionFields(of: EventSession | undefined): SessionFields | null {
  if (of === undefined) return null;
  return [of.sessionId, [...of.chain], of.sourceIdentity ?? null, (of.tags ?? []).map(([key, value]) => [key, value]), of.expiresAt ?? null, ...issuedFields(of)];
}

function issuedFields({ agencyId, rootPrincipal }: EventSession): [] | [string] | [string | null, string] {
  if (rootPrincipal !== undefined) return [agencyId ?? null, rootPrincipal];
  return agencyId === undefined ? [] : [agencyId];
}

function sessionOf([sessionId, chain, sourceIdentity, tags, expiresAt, agencyId = null, rootPrincipal]: SessionFields): EventSession {
  return {
    sessionId, chain,
    ...(sourceIdentity !== null && { sourceIdentity }),
    ...(tags.length > 0 && { tags }),
    ...(expiresAt !== null && { expiresAt }),
    ...(agencyId !== null && { agencyId }),
    ...(rootPrincipal !== undefined && { rootPrincipal }),
  };
}

/** Time of a stored event, milliseconds since the epoch, with the rest unread. */
export function recordTime(text: string): number {
  const [, time] = /^\[1,"(?:[^"\\]|\\.)*",(\d+(?:\.\d+)?),/.exec(text) ?? [];
  return time === undefined ? decodeEvent(text).time : Number(time);
}

const head = /^\[1,("(?:[^"\\]|\\.)*"),\d+(?:\.\d+)?,"(?:[^"\\]|\\.)*",("(?:[^"\\]|\\.)*"),\[/;

/** Of a stored event, with the rest unread: that it is one of ours its authentication tells. Throws on what is no event at all. */
export function recordSubject(text: string): Pick<AuditEvent, 'accountId' | 'operation'> {
  const [, accountId, operation] = head.exec(text) ?? [];
  if (accountId === undefined || operation === undefined) return decodeEvent(text);
  // JSON texts, by the form of the beginning.
  return { accountId: JSON.parse(accountId) as string, operation: JSON.parse(operation) as string };
}

/** What the stored form of every event of an account begins with, and of no other: for telling them apart unread. */
export const recordBeginning = (accountId: string): string => `[1,${JSON.stringify(accountId)},`;
