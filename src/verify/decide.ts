// Deciding by a policy bundle: the same engine and the same condition keys as the token service decides by.
import { contextOf, decideCaller, type ConditionValue } from '../policy/index.js';
import type { ParsedSignature } from '../signing/index.js';
import { parseUrn } from '../urn/urn.js';
import type { PolicyBundle } from './policy-bundle.js';
import type { Answer, Question } from './question.js';

export interface Asked {
  readonly signature: ParsedSignature;
  readonly sourceIp: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function decide(bundle: PolicyBundle, asked: Asked, question: Question): Answer {
  const { identity, identityPolicies, sessionPolicies, serviceControlPolicies } = bundle;
  const { action, resource } = question;
  const [first, ...others] = sessionPolicies;
  const sets = { principal: identity, action, resource, identityPolicies, serviceControlPolicies, context: contextOf(conditionsOf(bundle, asked, question)) };
  const allowed = decideCaller({ ...sets, ...(first !== undefined && { sessionPolicyIds: first }) }).allowed
    && others.every((set) => decideCaller({ ...sets, sessionPolicyIds: set }).allowed)
    && isReachable(identity.accountId, question);
  return { allowed };
}

type Entry = readonly [name: string, value: ConditionValue | undefined];

function conditionsOf({ conditions, issuedAt, mfaAuthenticatedAt }: PolicyBundle, { signature, sourceIp, now }: Asked, { resource, resourceTags = [], requestTags = [], context = {} }: Question): readonly Entry[] {
  return [
    // First: what the service says of its own replaces nothing that is said here.
    ...Object.entries(context),
    ...conditions,
    ['g:CurrentTime', new Date(now)],
    ['g:SourceIp', sourceIp],
    // The main project of a region has its name, and other projects are known online only.
    ['g:ProjectName', parseUrn(resource ?? '')?.region || undefined],
    ['g:UserAgent', signature.header('user-agent')],
    ['g:Referer', signature.header('referer')],
    ['g:TokenIssueTime', issuedAt === undefined ? undefined : new Date(issuedAt * 1000)],
    ['g:MFAAge', mfaAuthenticatedAt === undefined ? undefined : Math.floor(now / 1000) - mfaAuthenticatedAt],
    ...resourceTags.map(({ key, value }): Entry => [`g:ResourceTag/${key}`, value]),
    ['g:TagKeys', requestTags.length > 0 ? requestTags.map(({ key }) => key) : undefined],
    ...requestTags.map(({ key, value }): Entry => [`g:RequestTag/${key}`, value]),
  ];
}

/** No account's policies give away what is another account's: that takes a policy of the resource itself. */
function isReachable(accountId: string, { resource, resourcePolicyAllows = false }: Question): boolean {
  const owner = parseUrn(resource ?? '')?.accountId ?? '';
  return owner === '' || owner === accountId || resourcePolicyAllows;
}
