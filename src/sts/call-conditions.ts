// Condition keys of one call: the actor's, the request's and the resource's, which never mix.
import { foldAscii, type ConditionValue, type FindValue } from '../policy/index.js';
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

/** A condition key and how its value is read; undefined: it is absent. */
type Reading = readonly [name: string, read: (actor: Actor, request: RequestFacts) => ConditionValue | undefined];

const ofRequest: readonly Reading[] = [
  ['g:CurrentTime', (_actor, { now }) => new Date(now)],
  ['g:SourceIp', (_actor, { sourceIp }) => sourceIp],
  ['g:UserAgent', (_actor, { userAgent }) => userAgent],
  ['g:Referer', (_actor, { referer }) => referer],
];

/** A service has no account that would know anything of it. */
const ofAccount = (read: (actor: UserActor | SessionActor) => ConditionValue | undefined): Reading[1] => (actor) => (actor.kind === 'service' ? undefined : read(actor));
const ofUser = (read: (actor: UserActor) => ConditionValue | undefined): Reading[1] => (actor) => (actor.kind === 'user' ? read(actor) : undefined);
const ofSession = (read: (actor: SessionActor) => ConditionValue | undefined): Reading[1] => (actor) => (actor.kind === 'agency-session' ? read(actor) : undefined);

const ofActor: readonly Reading[] = [
  ['g:SourceAccount', (actor, { sourceAccount }) => (actor.kind === 'service' ? sourceAccount : undefined)],
  ['g:SourceUrn', (actor, { sourceUrn }) => (actor.kind === 'service' ? sourceUrn : undefined)],
  ['g:PrincipalUrn', ofAccount(({ principalUrn }) => principalUrn)],
  ['g:PrincipalAccount', ofAccount(({ accountId }) => accountId)],
  ['g:DomainId', ofAccount(({ accountId }) => accountId)],
  ['g:DomainName', ofAccount(({ snapshot }) => snapshot?.account.accountName)],
  ['g:PrincipalType', ofAccount(({ kind }) => (kind === 'user' ? 'User' : 'AssumedAgency'))],
  ['g:PrincipalIsRootUser', ofAccount((actor) => (actor.kind === 'user' ? actor.user.isRootUser : false))],
  ['g:UserName', ofUser(({ user }) => user.userName)],
  ['g:UserId', ofUser(({ user }) => user.userId)],
  ['g:TokenIssueTime', ofSession(({ session }) => new Date(session.issuedAt * 1000))],
  ['g:SourceIdentity', ofSession(({ session }) => session.sourceIdentity)],
  ['g:MFAPresent', ofAccount((actor) => (canHaveMfa(actor) ? mfaAt(actor) !== undefined : undefined))],
  ['g:MFAAge', (actor, { now }) => {
    const authenticatedAt = actor.kind === 'service' ? undefined : mfaAt(actor);
    return authenticatedAt === undefined ? undefined : seconds(now) - authenticatedAt;
  }],
];

/** A long-term key is no login: of an MFA code it says neither that there was one nor that there was none. */
const canHaveMfa = (actor: UserActor | SessionActor): boolean => actor.kind === 'agency-session' || actor.temporary !== undefined;

const mfaAt = (actor: UserActor | SessionActor): number | undefined => (actor.kind === 'user' ? loginMfaAt(actor) : actor.session.mfaAuthenticatedAt);

/** `g:` keys of the actor and of the request itself (policy language §7). */
export function callerConditions(actor: Actor, request: RequestFacts): readonly ConditionEntry[] {
  const entryOf = ([name, read]: Reading): ConditionEntry => [name, read(actor, request)];
  return [...ofRequest.map(entryOf), ...tagConditions(principalTag, principalTags(actor)), ...ofActor.map(entryOf)];
}

const readings: ReadonlyMap<string, Reading> = new Map([...ofRequest, ...ofActor].map((reading) => [foldAscii(reading[0]), reading]));

/** The same keys, each read when a policy asks for it: a list of all takes three microseconds. */
export function findCallerCondition(actor: Actor, request: RequestFacts): FindValue {
  const tags = findTag(principalTag, () => principalTags(actor));
  return (folded) => {
    const reading = readings.get(folded);
    return reading === undefined ? tags(folded) : [reading[0], reading[1](actor, request)];
  };
}

interface TagKey {
  readonly name: string;
  readonly folded: string;
}

const tagKey = (name: string): TagKey => ({ name, folded: foldAscii(name) });

const principalTag = tagKey('g:PrincipalTag/');
const resourceTag = tagKey('g:ResourceTag/');
export const requestTag = tagKey('g:RequestTag/');

const tagConditions = ({ name }: TagKey, tags: readonly ResourceTag[]): readonly ConditionEntry[] => tags.map(({ key, value }) => [`${name}${key}`, value]);

export const resourceConditions = (tags: readonly ResourceTag[]): readonly ConditionEntry[] => tagConditions(resourceTag, tags);

/** Of tags whose keys differ in case only the last one counts, as in a list of them. */
export function findTag({ name, folded: prefix }: TagKey, tags: () => readonly ResourceTag[]): FindValue {
  return (folded) => {
    if (!folded.startsWith(prefix)) return undefined;
    const tag = tags().findLast(({ key }) => foldAscii(key) === folded.slice(prefix.length));
    return tag && [`${name}${tag.key}`, tag.value];
  };
}

export const findResourceCondition = (tags: readonly ResourceTag[]): FindValue => findTag(resourceTag, () => tags);
