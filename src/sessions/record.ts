// The stored form of a session: one compact JSON text, fields by position to keep a million of them small.
import { z } from 'zod';
import type { Session, SessionLink } from './session.js';

const count = z.number().int().nonnegative();
// What came later stands behind, and is absent in older records.
const keyLink = z.tuple([z.string(), z.string(), z.string(), z.enum(['user', 'service']), count, count, count, count.optional()]);
const sessionLink = z.tuple([z.string(), z.string(), z.string(), z.string(), count, count, count, count.optional(), count.nullable().optional(), z.string().optional()]);
const tag = z.tuple([z.string(), z.string(), z.number().int().min(0).max(3)]);

/** First field: version of the layout. */
const layout = z.tuple([
  z.literal(1), z.string(), z.string(), z.string(), z.string(), z.string(), count, count, count, z.string(), z.string(),
  z.tuple([keyLink]).rest(sessionLink), z.array(tag), z.string().nullable(), count.nullable(),
  z.string().nullable(), z.array(z.string()), z.string(), z.string(), count, count, count,
  // Whether it is narrowed, by itself or by an ancestor; then the epoch of its source identity.
  z.boolean().optional(), count.optional(),
]);

/** Everything but the session id, which is the record's key. */
export function encodeSession(session: Session): string {
  const [root, ...links] = session.chain;
  const fields: z.infer<typeof layout> = [
    1, session.accountId, session.agencyId, session.agencyName, session.agencyPath, session.agencySessionName,
    session.issuedAt, session.expiresAt, session.chainStartedAt, session.assumedBy, session.rootPrincipal,
    [
      [root.accessKeyId, root.accountId, root.ownerId, root.ownerKind, root.epochs.account, root.epochs.owner, root.epochs.key, ...optional(root.epochs.source)],
      ...links.map((link) => [link.sessionId, link.accountId, link.agencyId, link.status.list, link.status.index, link.epochs.account, link.epochs.agency, link.issuedAt, ...linkTail(link)] satisfies z.infer<typeof sessionLink>),
    ],
    session.tags.map(({ key, value, transitive, inherited }) => [key, value, (transitive ? 1 : 0) + (inherited ? 2 : 0)]),
    session.sourceIdentity ?? null, session.mfaAuthenticatedAt ?? null, session.sessionPolicy ?? null, [...session.sessionPolicyIds],
    session.secretKeyId, session.status.list, session.status.index, session.epochs.account, session.epochs.agency,
    ...tail(session),
  ];
  return JSON.stringify(fields);
}

function tail({ isNarrowed, epochs: { source } }: Session): [] | [boolean] | [boolean, number] {
  if (source !== undefined) return [isNarrowed, source];
  return isNarrowed ? [true] : [];
}

function linkTail({ secretKeyId, epochs: { source } }: SessionLink): [] | [number] | [number | null, string] {
  return secretKeyId === undefined ? optional(source) : [source ?? null, secretKeyId];
}

const optional = (value: number | undefined): [] | [number] => (value === undefined ? [] : [value]);

/** Reads what {@link encodeSession} wrote; throws on anything else. */
export function decodeSession(sessionId: string, text: string): Session {
  const [
    , accountId, agencyId, agencyName, agencyPath, agencySessionName, issuedAt, expiresAt, chainStartedAt, assumedBy, rootPrincipal,
    [root, ...links], tags, sourceIdentity, mfaAuthenticatedAt, sessionPolicy, sessionPolicyIds, secretKeyId, list, index, account, agency, isNarrowed = false, source,
  ] = layout.parse(JSON.parse(text));
  return {
    sessionId, accountId, agencyId, agencyName, agencyPath, agencySessionName, issuedAt, expiresAt, chainStartedAt, assumedBy, rootPrincipal,
    chain: [
      { kind: 'key', accessKeyId: root[0], accountId: root[1], ownerId: root[2], ownerKind: root[3], epochs: { account: root[4], owner: root[5], key: root[6], ...sourceEpoch(root[7]) } },
      ...links.map((link) => ({
        kind: 'session' as const, sessionId: link[0], accountId: link[1], agencyId: link[2],
        // Of an older record: early enough for every boundary that could concern it.
        issuedAt: link[7] ?? chainStartedAt, status: { list: link[3], index: link[4] }, epochs: { account: link[5], agency: link[6], ...sourceEpoch(link[8] ?? undefined) },
        ...(link[9] !== undefined && { secretKeyId: link[9] }),
      })),
    ],
    tags: tags.map(([key, value, flags]) => ({ key, value, transitive: (flags & 1) !== 0, inherited: (flags & 2) !== 0 })),
    sourceIdentity: sourceIdentity ?? undefined,
    mfaAuthenticatedAt: mfaAuthenticatedAt ?? undefined,
    sessionPolicy: sessionPolicy ?? undefined,
    sessionPolicyIds, isNarrowed, secretKeyId,
    status: { list, index },
    epochs: { account, agency, ...sourceEpoch(source) },
  };
}

const sourceEpoch = (source: number | undefined): { readonly source?: number } => (source === undefined ? {} : { source });
