// The stored form of an audit event: JSON by position, without what follows from the rest of the event.
import { z } from 'zod';
import type { AuditEvent, EventPrincipal, EventSession } from './event.js';
import { decodeOlderEvent, olderBeginning, olderHead, olderTime } from './older-record.js';
import { packedId, packId, packKnownId, packPrincipalUrn, packUrn, unpackId, unpackKnownId, unpackPrincipalUrn, unpackUrn } from './record-parts.js';

const text = z.string();
const absent = z.literal(0);
const same = z.literal(1);

/**
 * Session id (0: the caller's access key id), chain (0: of the caller's key or session), expiry in seconds after the
 * event, id of the agency, root principal (1: the caller), source identity; tags, if there are any.
 */
const session = z.tuple([text.or(absent), z.array(text).or(absent), z.number().nullable(), text.or(absent), text.or(absent).or(same), text.or(absent), z.array(z.tuple([text, text])).optional()]);
type SessionFields = z.infer<typeof session>;

/** Account (0: that of the event), id, access key id, kind, user name, and a URN that does not follow from these. */
const principal = z.tuple([text.or(absent), text, text, z.number().int().min(0).max(5), text.or(absent), text.optional()]);
type PrincipalFields = z.infer<typeof principal>;
const kinds: readonly EventPrincipal['type'][] = ['User', 'AssumedAgency', 'Service'];

/**
 * Version, account, time, request id, operation, principal, address, status; then, 0 where absent: error code, decision
 * (1: `allowed`), resource, its account (1: that of the event), request (a text: nothing but this session name), issued
 * session, caller's session.
 */
const layout = z.tuple([
  z.literal(2), text, z.number(), text, text, principal, text, z.number(),
  text.or(absent), text.or(absent).or(same), text.or(absent), text.or(absent).or(same), z.record(text, z.unknown()).or(text).or(absent), session.or(absent), session.or(absent),
]);

const allowed = 'allowed';

export const encodeEvent = (event: AuditEvent): string => encoded(event, commonOf(event));

/** For events that are written together: what one has in common with the one before, nearly all of it in one call, is encoded once. */
export function eventEncoder(): (event: AuditEvent) => string {
  let before: AuditEvent | undefined;
  let common: Common | undefined;
  return (event) => {
    if (before === undefined || common === undefined || !isOfSameCall(event, before)) common = commonOf(event);
    before = event;
    return encoded(event, common);
  };
}

/** Parts of the record that do not depend on whose event it is, between those that do. */
interface Common {
  /** From the time to the operation. */
  readonly call: string;
  /** From the principal, but for its account, to the resource. */
  readonly deed: string;
  /** From the request on. */
  readonly rest: string;
}

function commonOf(event: AuditEvent): Common {
  const { principal: { accountId: callerAccountId }, resource, resourceAccountId, errorCode, decision, request, callerSession, issuedSession } = event;
  const call: [number, string, string] = [event.time, packId(event.requestId), event.operation];
  const deed: [OwnFields, string, number, string | 0, string | 0 | 1, string | 0] = [
    ownFields(event), event.sourceIp, event.status,
    errorCode ?? 0, decision === allowed ? 1 : (decision ?? 0), resource === undefined ? 0 : packUrn(resource, resourceAccountId ?? callerAccountId),
  ];
  const rest: [Readonly<Record<string, unknown>> | string | 0, SessionFields | 0, SessionFields | 0] = [
    request === undefined ? 0 : (onlySessionName(request) ?? request),
    issuedSession === undefined ? 0 : sessionFields(event, issuedSession, ownChain(event)), callerSession === undefined ? 0 : sessionFields(event, callerSession, undefined),
  ];
  return { call: JSON.stringify(call).slice(1, -1), deed: JSON.stringify(deed).slice(2, -1), rest: JSON.stringify(rest).slice(1, -1) };
}

/** As the layout has it. */
function encoded({ accountId, principal, resourceAccountId }: AuditEvent, { call, deed, rest }: Common): string {
  const account = principal.accountId === accountId ? '0' : packedId(principal.accountId);
  const resourceAccount = resourceAccountId === undefined ? '0' : resourceAccountId === accountId ? '1' : packedId(resourceAccountId);
  return `[2,${packedId(accountId)},${call},[${account},${deed},${resourceAccount},${rest}]`;
}

/** Whether all is alike but for the account. */
function isOfSameCall(event: AuditEvent, other: AuditEvent): boolean {
  return event.requestId === other.requestId && event.time === other.time && event.operation === other.operation && event.principal === other.principal &&
    event.sourceIp === other.sourceIp && event.status === other.status && event.errorCode === other.errorCode && event.decision === other.decision &&
    event.resource === other.resource && event.resourceAccountId === other.resourceAccountId && event.request === other.request &&
    event.issuedSession === other.issuedSession && isSameSession(event.callerSession, other.callerSession);
}

function isSameSession(one: EventSession | undefined, other: EventSession | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.sessionId === other.sessionId && one.expiresAt === other.expiresAt && one.agencyId === other.agencyId && one.rootPrincipal === other.rootPrincipal &&
    one.sourceIdentity === other.sourceIdentity && one.tags === other.tags && isSame(one.chain, other.chain);
}

/** Reads what {@link encodeEvent} wrote, or an older release; throws on anything else. */
export function decodeEvent(record: string): AuditEvent {
  const value: unknown = JSON.parse(record);
  if (Array.isArray(value) && value[0] === 1) return decodeOlderEvent(value);
  const [, account, time, requestId, operation, caller, sourceIp, status, errorCode, decision, resource, resourceAccount, request, issued, own] = layout.parse(value);
  const accountId = unpackId(account);
  const common = { accountId, time, requestId: unpackId(requestId), operation, sourceIp, status, principal: principalOf(caller, accountId) };
  const callerAccountId = common.principal.accountId;
  const resourceAccountId = resourceAccount === 0 ? undefined : resourceAccount === 1 ? accountId : unpackId(resourceAccount);
  const callerSession = own === 0 ? undefined : sessionOf(common, own, undefined);
  const event = {
    ...common,
    ...(resourceAccountId !== undefined && { resourceAccountId }),
    ...(resource !== 0 && { resource: unpackUrn(resource, resourceAccountId ?? callerAccountId) }),
    ...(errorCode !== 0 && { errorCode }),
    ...(decision !== 0 && { decision: decision === 1 ? allowed : decision }),
    ...(request !== 0 && { request: typeof request === 'string' ? { session_name: request } : request }),
    ...(callerSession !== undefined && { callerSession }),
  };
  return { ...event, ...(issued !== 0 && { issuedSession: sessionOf(event, issued, ownChain(event)) }) };
}

function onlySessionName(request: Readonly<Record<string, unknown>>): string | undefined {
  const { session_name: name } = request;
  return typeof name === 'string' && Object.keys(request).length === 1 ? name : undefined;
}

/** All but the account. */
type OwnFields = PrincipalFields extends [unknown, ...infer Rest] ? Rest : never;

function ownFields({ principal: of }: AuditEvent): OwnFields {
  const urn = packPrincipalUrn(of.urn, of);
  const more: [] | [string] = urn === 0 ? [] : [urn];
  return [packKnownId(of.id), of.accessKeyId, kinds.indexOf(of.type) + (of.isRootUser ? kinds.length : 0), of.userName ?? 0, ...more];
}

function principalOf([account, packedId, accessKeyId, kind, userName, urn]: PrincipalFields, eventAccountId: string): EventPrincipal {
  const named = { accountId: account === 0 ? eventAccountId : unpackId(account), id: unpackId(packedId), ...(userName !== 0 && { userName }) };
  return { ...named, urn: unpackPrincipalUrn(urn ?? 0, named), type: kinds[kind % kinds.length] ?? 'User', isRootUser: kind >= kinds.length, accessKeyId };
}

/** The chain of what the caller is given. */
const ownChain = ({ principal: { accessKeyId }, callerSession }: Pick<AuditEvent, 'principal' | 'callerSession'>): readonly string[] =>
  (callerSession === undefined ? [accessKeyId] : [...callerSession.chain, callerSession.sessionId]);

type Around = Pick<AuditEvent, 'time' | 'principal'>;

function sessionFields({ time, principal: { accountId, accessKeyId, urn } }: Around, of: EventSession, usual: readonly string[] | undefined): SessionFields {
  const { sessionId, chain, expiresAt, agencyId, rootPrincipal, sourceIdentity, tags } = of;
  const more: [] | [[string, string][]] = tags === undefined || tags.length === 0 ? [] : [tags.map(([key, value]) => [key, value])];
  return [
    sessionId === accessKeyId ? 0 : sessionId, usual !== undefined && isSame(chain, usual) ? 0 : [...chain],
    expiresAt === undefined ? null : expiresAt - Math.floor(time / 1000), agencyId === undefined ? 0 : packKnownId(agencyId),
    rootPrincipal === undefined ? 0 : rootPrincipal === urn ? 1 : packUrn(rootPrincipal, accountId), sourceIdentity ?? 0, ...more,
  ];
}

const isSame = (one: readonly string[], other: readonly string[]): boolean => one.length === other.length && one.every((id, at) => id === other[at]);

function sessionOf({ time, principal: { accountId, accessKeyId, urn } }: Around, [id, ids, expiry, agency, root, sourceIdentity, tags = []]: SessionFields, usual: readonly string[] | undefined): EventSession {
  if (ids === 0 && usual === undefined) throw new Error('the chain of a session that calls is not told');
  return {
    sessionId: id === 0 ? accessKeyId : id, chain: ids === 0 ? (usual ?? []) : ids,
    ...(sourceIdentity !== 0 && { sourceIdentity }),
    ...(tags.length > 0 && { tags }),
    ...(expiry !== null && { expiresAt: expiry + Math.floor(time / 1000) }),
    ...(agency !== 0 && { agencyId: unpackId(agency) }),
    ...(root !== 0 && { rootPrincipal: root === 1 ? urn : unpackUrn(root, accountId) }),
  };
}

const head = /^\[2,("(?:[^"\\]|\\.)*"),(\d+(?:\.\d+)?),"(?:[^"\\]|\\.)*",("(?:[^"\\]|\\.)*"),\[/;

/** Time of a stored event, milliseconds since the epoch, with the rest unread. */
export const recordTime = (record: string): number => Number(head.exec(record)?.[2] ?? olderTime(record) ?? decodeEvent(record).time);

/** Of a stored event, with the rest unread: that it is one of ours its authentication tells. Throws on what is no event at all. */
export function recordSubject(record: string): Pick<AuditEvent, 'accountId' | 'operation'> {
  const [, account, , operation] = head.exec(record) ?? [];
  if (account === undefined || operation === undefined) return olderHead(record) ?? decodeEvent(record);
  return { accountId: unpackKnownId(textOf(account)), operation: textOf(operation) };
}

/** @param json a JSON text, by the form of the beginning */
const textOf = (json: string): string => (json.includes('\\') ? JSON.parse(json) as string : json.slice(1, -1));

/** Tells the stored events of an account, unread, from those of others. */
export function recordsOf(accountId: string): (record: string) => boolean {
  const beginning = `[2,${JSON.stringify(packId(accountId))},`;
  const older = olderBeginning(accountId);
  return (record) => record.startsWith(beginning) || record.startsWith(older);
}
