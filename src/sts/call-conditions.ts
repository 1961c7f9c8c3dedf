// Condition keys of one call: the caller's, the request's and the resource's, which never mix.
import type { ConditionValue } from '../policy/index.js';
import type { ResourceTag } from '../directory/entities.js';
import { seconds } from '../base/clock.js';
import { principalTags, type Caller } from './caller.js';

export type ConditionEntry = readonly [name: string, value: ConditionValue | undefined];

/** `g:` keys of the caller and of the request itself (policy language §7). Unsigned headers decide nothing. */
export function callerConditions(caller: Caller, now: number): readonly ConditionEntry[] {
  const common: ConditionEntry[] = [
    ['g:CurrentTime', new Date(now)],
    ['g:SourceIp', caller.sourceIp],
    ['g:UserAgent', caller.signature.header('user-agent')],
    ['g:Referer', caller.signature.header('referer')],
    ...principalTags(caller).map(({ key, value }): ConditionEntry => [`g:PrincipalTag/${key}`, value]),
  ];
  if (caller.kind === 'service') return [...common, ...onBehalf(caller)];
  return [
    ...common,
    ['g:PrincipalUrn', caller.principalUrn],
    ['g:PrincipalAccount', caller.accountId],
    ['g:DomainId', caller.accountId],
    ['g:DomainName', caller.snapshot.account.accountName],
    ...(caller.kind === 'user' ? userConditions(caller) : sessionConditions(caller, now)),
  ];
}

function userConditions({ user }: Extract<Caller, { kind: 'user' }>): readonly ConditionEntry[] {
  return [
    ['g:PrincipalType', 'User'],
    ['g:PrincipalIsRootUser', user.isRootUser],
    ['g:UserName', user.userName],
    ['g:UserId', user.userId],
  ];
}

function sessionConditions({ session }: Extract<Caller, { kind: 'agency-session' }>, now: number): readonly ConditionEntry[] {
  const { mfaAuthenticatedAt } = session;
  return [
    ['g:PrincipalType', 'AssumedAgency'],
    ['g:PrincipalIsRootUser', false],
    ['g:TokenIssueTime', new Date(session.issuedAt * 1000)],
    ['g:SourceIdentity', session.sourceIdentity],
    ['g:MFAPresent', mfaAuthenticatedAt !== undefined],
    ['g:MFAAge', mfaAuthenticatedAt === undefined ? undefined : seconds(now) - mfaAuthenticatedAt],
  ];
}

/** [choice] A registered service says on whose behalf it acts in two signed headers; nobody else's are looked at. */
function onBehalf(caller: Caller): readonly ConditionEntry[] {
  return [
    ['g:SourceAccount', caller.signature.header('x-source-account')],
    ['g:SourceUrn', caller.signature.header('x-source-urn')],
  ];
}

export const resourceConditions = (tags: readonly ResourceTag[]): readonly ConditionEntry[] =>
  tags.map(({ key, value }) => [`g:ResourceTag/${key}`, value]);
