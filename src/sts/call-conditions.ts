// Condition keys of one call: the actor's, the request's and the resource's, which never mix.
import type { ConditionValue } from '../policy/index.js';
import type { ResourceTag } from '../directory/entities.js';
import { seconds } from '../base/clock.js';
import { loginMfaAt, principalTags, type Actor, type SessionActor, type UserActor } from './actor.js';
import type { Caller } from './caller.js';

export type ConditionEntry = readonly [name: string, value: ConditionValue | undefined];

/** What of a request itself decides, beside who makes it and what it asks for. */
export interface RequestFacts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly sourceIp: string | undefined;
  readonly userAgent: string | undefined;
  readonly referer: string | undefined;
  /** [choice] A registered service says on whose behalf it acts in two signed headers; nobody else's are looked at. */
  readonly sourceAccount: string | undefined;
  readonly sourceUrn: string | undefined;
}

/** Unsigned headers decide nothing. */
export function requestFacts({ kind, signature, sourceIp }: Pick<Caller, 'kind' | 'signature' | 'sourceIp'>, now: number): RequestFacts {
  const onBehalf = kind === 'service';
  return {
    now,
    sourceIp,
    userAgent: signature.header('user-agent'),
    referer: signature.header('referer'),
    sourceAccount: onBehalf ? signature.header('x-source-account') : undefined,
    sourceUrn: onBehalf ? signature.header('x-source-urn') : undefined,
  };
}

/** `g:` keys of the actor and of the request itself (policy language §7). */
export function callerConditions(actor: Actor, request: RequestFacts): readonly ConditionEntry[] {
  const common: ConditionEntry[] = [
    ['g:CurrentTime', new Date(request.now)],
    ['g:SourceIp', request.sourceIp],
    ['g:UserAgent', request.userAgent],
    ['g:Referer', request.referer],
    ...principalTags(actor).map(({ key, value }): ConditionEntry => [`g:PrincipalTag/${key}`, value]),
  ];
  if (actor.kind === 'service') return [...common, ['g:SourceAccount', request.sourceAccount], ['g:SourceUrn', request.sourceUrn]];
  return [
    ...common,
    ['g:PrincipalUrn', actor.principalUrn],
    ['g:PrincipalAccount', actor.accountId],
    ['g:DomainId', actor.accountId],
    ['g:DomainName', actor.snapshot?.account.accountName],
    ...(actor.kind === 'user' ? userConditions(actor, request.now) : sessionConditions(actor, request.now)),
  ];
}

function userConditions(actor: UserActor, now: number): readonly ConditionEntry[] {
  const { user, temporary } = actor;
  return [
    ['g:PrincipalType', 'User'],
    ['g:PrincipalIsRootUser', user.isRootUser],
    ['g:UserName', user.userName],
    ['g:UserId', user.userId],
    ...(temporary === undefined ? [] : mfaConditions(loginMfaAt(actor), now)),
  ];
}

function sessionConditions({ session }: SessionActor, now: number): readonly ConditionEntry[] {
  const { mfaAuthenticatedAt } = session;
  return [
    ['g:PrincipalType', 'AssumedAgency'],
    ['g:PrincipalIsRootUser', false],
    ['g:TokenIssueTime', new Date(session.issuedAt * 1000)],
    ['g:SourceIdentity', session.sourceIdentity],
    ...mfaConditions(mfaAuthenticatedAt, now),
  ];
}

const mfaConditions = (authenticatedAt: number | undefined, now: number): readonly ConditionEntry[] => [
  ['g:MFAPresent', authenticatedAt !== undefined],
  ['g:MFAAge', authenticatedAt === undefined ? undefined : seconds(now) - authenticatedAt],
];

export const resourceConditions = (tags: readonly ResourceTag[]): readonly ConditionEntry[] =>
  tags.map(({ key, value }) => [`g:ResourceTag/${key}`, value]);
