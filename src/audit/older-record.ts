// The stored form of audit events in older releases, JSON by position: still read, no more written.
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

/** @param value the record, parsed as JSON. Throws on anything else */
export function decodeOlderEvent(value: unknown): AuditEvent {
  const [, accountId, time, requestId, operation, principal, resourceAccountId, resource, sourceIp, status, errorCode, decision, request, caller, issued] =
    layout.parse(value);
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

const head = /^\[1,("(?:[^"\\]|\\.)*"),(\d+(?:\.\d+)?),"(?:[^"\\]|\\.)*",("(?:[^"\\]|\\.)*"),\[/;

/** Time of the event, with the rest unread; undefined for what is none of these. */
export const olderTime = (record: string): string | undefined => head.exec(record)?.[2];

/** Account and operation, with the rest unread; undefined for what is none of these. */
export function olderHead(record: string): Pick<AuditEvent, 'accountId' | 'operation'> | undefined {
  const [, accountId, , operation] = head.exec(record) ?? [];
  // JSON texts, by the form of the beginning.
  return accountId === undefined || operation === undefined ? undefined : { accountId: JSON.parse(accountId) as string, operation: JSON.parse(operation) as string };
}

/** What every such event of an account begins with, and of no other. */
export const olderBeginning = (accountId: string): string => `[1,${JSON.stringify(accountId)},`;
