// The stored form of a session: one compact JSON text, fields by position to keep a million of them small.
import { z } from 'zod';
import type { KeyLink, LinkToken, Session, SessionLink, SessionWay, TokenScope } from './session.js';

const count = z.number().int().nonnegative();
// What came later stands behind, and is absent in older records.
const keyLink = z.tuple([z.string(), z.string(), z.string(), z.enum(['user', 'service']), count, count, count, count.nullable().optional(), z.string().optional(), count.optional(), z.string().optional(), count.optional(), count.optional()]);
const sessionLink = z.tuple([z.string(), z.string(), z.string(), z.string(), count, count, count, count.optional(), count.nullable().optional(), z.string().optional()]);
const tag = z.tuple([z.string(), z.string(), z.number().int().min(0).max(3)]);

/** First field: version of the layout. */
const layout = z.tuple([
  z.literal(1), z.string(), z.string(), z.string(), z.string(), z.string(), count, count, count, z.string(), z.string(),
  z.tuple([keyLink]).rest(sessionLink), z.array(tag), z.string().nullable(), count.nullable(),
  z.string().nullable(), z.array(z.string()), z.string(), z.string(), count, count, count,
  // Whether it is narrowed, by itself or by an ancestor; then the epoch of its source identity.
  z.boolean().optional(), count.nullable().optional(),
  // Of the older ways in: which one, for what (a project's id, or the domain), and for whom.
  z.enum(['legacy-token', 'legacy-keys']).optional(), z.string().nullable().optional(), z.string().optional(),
]);

/** Everything but the session id, which is the record's key. */
export function encodeSession(session: Session): string {
  const [root, ...links] = session.chain;
  const fields: z.infer<typeof layout> = [
    1, session.accountId, session.agencyId, session.agencyName, session.agencyPath, session.agencySessionName,
    session.issuedAt, session.expiresAt, session.chainStartedAt, session.assumedBy, session.rootPrincipal,
    [
      [root.accessKeyId, root.accountId, root.ownerId, root.ownerKind, root.epochs.account, root.epochs.owner, root.epochs.key, ...keyTail(root)],
      ...links.map((link) => [link.sessionId, link.accountId, link.agencyId, link.status.list, link.status.index, link.epochs.account, link.epochs.agency, link.issuedAt, ...linkTail(link)] satisfies z.infer<typeof sessionLink>),
    ],
    session.tags.map(({ key, value, transitive, inherited }) => [key, value, (transitive ? 1 : 0) + (inherited ? 2 : 0)]),
    session.sourceIdentity ?? null, session.mfaAuthenticatedAt ?? null, session.sessionPolicy ?? null, [...session.sessionPolicyIds],
    session.secretKeyId, session.status.list, session.status.index, session.epochs.account, session.epochs.agency,
    ...tail(session),
  ];
  return JSON.stringify(fields);
}

type Tail = [] | [boolean] | [boolean, number] | [boolean, number | null, SessionWay, string | null] | [boolean, number | null, SessionWay, string | null, string];

function tail({ isNarrowed, epochs: { source }, way, scope, sessionUserName }: Session): Tail {
  if (way !== undefined) {
    const fields = [isNarrowed, source ?? null, way, scopeText(scope)] as const;
    return sessionUserName === undefined ? [...fields] : [...fields, sessionUserName];
  }
  if (source !== undefined) return [isNarrowed, source];
  return isNarrowed ? [true] : [];
}

function linkTail({ secretKeyId, epochs: { source } }: SessionLink): [] | [number] | [number | null, string] {
  return secretKeyId === undefined ? optional(source) : [source ?? null, secretKeyId];
}

function keyTail({ epochs: { source }, token }: KeyLink): [] | [number] | [number | null, string, number, string, number, number] {
  return token === undefined ? optional(source) : [source ?? null, token.tokenId, token.epoch, token.status.list, token.status.index, token.passwordEpoch];
}

/** No project has an empty id. */
const scopeText = (scope: TokenScope | undefined): string | null => (scope === undefined ? null : scope.kind === 'project' ? scope.projectId : '');
const scopeOf = (text: string): TokenScope => (text === '' ? { kind: 'domain' } : { kind: 'project', projectId: text });

const optional = (value: number | undefined): [] | [number] => (value === undefined ? [] : [value]);

/** Reads what {@link encodeSession} wrote; throws on anything else. */
export function decodeSession(sessionId: string, text: string): Session {
  const [
    , accountId, agencyId, agencyName, agencyPath, agencySessionName, issuedAt, expiresAt, chainStartedAt, assumedBy, rootPrincipal,
    [root, ...links], tags, sourceIdentity, mfaAuthenticatedAt, sessionPolicy, sessionPolicyIds, secretKeyId, list, index, account, agency, isNarrowed = false, source, way, scope, sessionUserName,
  ] = layout.parse(JSON.parse(text));
  return {
    sessionId, accountId, agencyId, agencyName, agencyPath, agencySessionName, issuedAt, expiresAt, chainStartedAt, assumedBy, rootPrincipal,
    chain: [
      { kind: 'key', accessKeyId: root[0], accountId: root[1], ownerId: root[2], ownerKind: root[3], epochs: { account: root[4], owner: root[5], key: root[6], ...sourceEpoch(root[7] ?? undefined) }, ...tokenOf(root) },
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
    epochs: { account, agency, ...sourceEpoch(source ?? undefined) },
    ...(way !== undefined && { way }), ...(typeof scope === 'string' && { scope: scopeOf(scope) }), ...(sessionUserName !== undefined && { sessionUserName }),
  };
}

function tokenOf([, , , , , , , , tokenId, epoch, list, index, passwordEpoch]: z.infer<typeof keyLink>): { readonly token?: LinkToken } {
  return tokenId === undefined || epoch === undefined || list === undefined || index === undefined || passwordEpoch === undefined ? {} : { token: { tokenId, epoch, passwordEpoch, status: { list, index } } };
}

const sourceEpoch = (source: number | undefined): { readonly source?: number } => (source === undefined ? {} : { source });
