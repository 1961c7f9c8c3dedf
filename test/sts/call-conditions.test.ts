// The condition keys of a call: read one by one, they are what a list of them all would say.
import { expect, it } from 'vitest';
import { contextFinding, contextOf, foldAscii, type ConditionContext } from '../../src/policy/index.js';
import type { Actor } from '../../src/sts/actor.js';
import { callerConditions, findCallerCondition, findResourceCondition, resourceConditions, type RequestFacts } from '../../src/sts/call-conditions.js';

const now = Date.UTC(2026, 0, 15, 8, 30);
const accountId = 'a'.repeat(32);
const common = { accountId, principalUrn: 'iam::a:user:u', snapshot: undefined };
const request: RequestFacts = { now, sourceIp: '192.0.2.1', userAgent: 'agent', referer: undefined, sourceAccount: 'b'.repeat(32), sourceUrn: 'ecs:::x:y' };
const tags = [{ key: 'Team', value: 'red' }, { key: 'team', value: 'blue' }, { key: 'g:PrincipalTag/x', value: 'odd' }];

const user = { userName: 'u', userId: '1', isRootUser: false, tags, groupIds: [], attachedPolicies: [] };
const session = { tags: [{ key: 'TEAM', value: 'green', transitive: true, inherited: false }], sourceIdentity: 'si', mfaAuthenticatedAt: now / 1000 - 60, issuedAt: now / 1000 - 60, sessionPolicy: undefined, sessionPolicyIds: [] };
const agency = { path: '', agencyName: 'a', tags, attachedPolicies: [] };

const actors: readonly (readonly [string, Actor])[] = [
  ['a user', { ...common, kind: 'user', user }],
  ['a root user that cannot be seen', { ...common, kind: 'user', user: { ...user, userId: undefined, userName: undefined, isRootUser: undefined, tags: [] } }],
  ['a user with a token and no code', { ...common, kind: 'user', user, temporary: { issuedAt: now / 1000 - 5, methods: ['password'] } }],
  ['a user with a token and a code', { ...common, kind: 'user', user, temporary: { issuedAt: now / 1000 - 5, methods: ['password', 'totp'] } }],
  ['a session', { ...common, kind: 'agency-session', session, agency }],
  ['a session without all that it may lack', { ...common, kind: 'agency-session', session: { ...session, tags: [], sourceIdentity: undefined, mfaAuthenticatedAt: undefined }, agency: { ...agency, tags: [] } }],
  ['a service', { ...common, kind: 'service', servicePrincipal: 'service.x' }],
];

const names = [...new Set(actors.flatMap(([, actor]) => callerConditions(actor, request).map(([name]) => name)))]
  .concat('g:PrincipalTag/team', 'g:PrincipalTag/other', 'g:PrincipalTag/', 'g:ResourceTag/TEAM', 'g:ResourceTag/none', 'g:RequestTag/team', 'g:MFA', '', 'constructor');

const said = (context: ConditionContext): readonly unknown[] => names.map((name) => [name, context.entry(foldAscii(name))]);

it.each(actors)('%s', (_who, actor) => {
  const listed = said(contextOf([...callerConditions(actor, request), ...resourceConditions(tags)]));
  expect(said(contextFinding([findCallerCondition(actor, request), findResourceCondition(tags)]))).toEqual(listed);
  expect(listed.filter((entry) => Array.isArray(entry) && entry[1] !== undefined).length).toBeGreaterThan(5);
});

it('of two that say something of a key the later one counts, also where it says that it is absent', () => {
  const context = contextFinding([() => ['g:A', 'one'], (folded) => (folded === 'g:b' ? ['g:B', undefined] : undefined)]);
  expect([context.entry('g:a'), context.entry('g:b')]).toEqual([{ name: 'g:A', values: ['one'], multiValued: false }, undefined]);
});
