// Policies of the older system, versions 1.0 and 1.1: what is read and refused, and that the one evaluator decides on them as the tables say.
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { contextOf, decideCaller, formatPolicy, lint, parsePolicy, PolicyError, type Decision, type NamedPolicy } from '../../src/policy/index.js';
import { accountA, named, user } from './fixtures.js';
import { contexts, identityStatements, requestActions, requestResources } from './generators.js';
import { naiveDecide, type NaiveStatement } from './naive.js';

type Kind = 'role' | 'legacy-session';
const allow = (...Action: string[]) => ({ Effect: 'Allow', Action });
const textOf = (Statement: unknown, more: object = {}, Version = '1.1') => JSON.stringify({ Version, Statement, ...more });
const older = (statements: unknown, version = '1.1'): NamedPolicy => ({ name: 'role', policy: parsePolicy('role', textOf(statements, {}, version)) });
const many = (count: number, item: string) => Array.from({ length: count }, (_, index) => `${item}${index}`);
const keyed = (count: number) => Object.fromEntries(many(count, 'g:Key').map((key) => [key, ['x']]));
const condition = (Condition: object) => ({ ...allow('ims:images:list'), Condition });
const resource = (Resource: unknown) => ({ ...allow('ims:images:list'), Resource });
const urn = (characters: number) => `obs:*:*:object:${'x'.repeat(characters - 'obs:*:*:object:'.length)}`;

describe('a document of the older system', () => {
  it.each<[what: string, kind: Kind, text: string]>([
    ['a policy of version 1.1', 'role', textOf([allow('ims:images:list')])],
    ['a role of version 1.0, with what it depends on', 'role', textOf([allow('ims:*:*')], { Depends: [{ catalog: 'BASE', display_name: 'Tenant Administrator' }] }, '1.0')],
    ['an empty list of what it depends on', 'role', textOf([allow('ims:*:*')], { Depends: [] })],
    ['an action of two parts, the second with a blank', 'role', textOf([allow('identity:assume role')], {}, '1.0')],
    ['every action', 'role', textOf([allow('*')], {}, '1.0')],
    ['wildcards in parts of actions', 'role', textOf([allow('identity:*', 'ecs:*:get*', 'ims:*:*', 'CSBS:backup:*', 'sts::tagSession')])],
    ['a uri in place of a URN', 'role', textOf([{ ...allow('iam:agencies:assume'), Resource: { uri: ['/iam/agencies/0123'] } }])],
    ['a bare condition value', 'role', textOf([condition({ Bool: { 'g:MFAPresent': 'true' } })])],
    ['as many of everything as there may be', 'role', textOf(Array.from({ length: 8 }, (_, index) => (index > 0 ? allow('ims:images:list') : {
      ...allow(...many(100, 'ims:images:a')), Resource: many(10, 'obs:*:*:object:x'), Condition: { ...Object.fromEntries(['Equals', 'NotEquals', 'Match', 'NotMatch', 'StartWith', 'NotStartWith', 'EndWith', 'NotEndWith', 'EqualsIgnoreCase'].map((name) => [`String${name}`, { 'g:UserName': ['x'] }])), StringEqualsIfExists: keyed(10) },
    })))],
    ['twenty uris', 'role', textOf([resource({ uri: many(20, '/iam/agencies/') })])],
    ['an action of 128 characters, a resource of 1,500 and a value of 1,024', 'role', textOf([{ ...allow(`ims:images:${'x'.repeat(117)}`), Resource: [urn(1500)], Condition: { StringEquals: { 'g:UserName': ['x'.repeat(1024)] } } }])],
    ['a session policy with an Effect in lower case', 'legacy-session', textOf([{ Effect: 'allow', Action: ['obs:object:*'], Resource: ['obs:*:*:object:*'], Condition: { StringEquals: { 'obs:prefix': ['public'] } } }])],
    ['a session policy with an Effect in upper case', 'legacy-session', textOf([{ Effect: 'DENY', Action: ['obs:object:*'] }])],
    ['a session policy with a resource of 128 characters', 'legacy-session', textOf([{ ...allow('obs:object:*'), Resource: [urn(128)] }])],
  ])('is read: %s', (_what, kind, text) => {
    const policy = parsePolicy(kind, text);
    expect(policy).toMatchObject({ kind, text, version: (JSON.parse(text) as { Version: string }).Version });
    expect(lint(policy, {})).toBeInstanceOf(Array);
  });

  it.each<[what: string, kind: Kind, text: string, pointer: string, rule: string]>([
    ['of the newer version', 'role', textOf([allow('ims:images:list')], {}, '5.0'), '/Version', 'version'],
    ['of a session, of version 1.0', 'legacy-session', textOf([allow('ims:images:list')], {}, '1.0'), '/Version', 'version'],
    ['of a session, of the newer version', 'legacy-session', textOf([allow('ims:images:list')], {}, '5.0'), '/Version', 'version'],
    ['without a version', 'role', JSON.stringify({ Statement: [allow('ims:images:list')] }), '', 'missing'],
    ['without a statement', 'role', textOf([]), '/Statement', 'empty'],
    ['with nine statements', 'role', textOf(Array.from({ length: 9 }, () => allow('ims:images:list'))), '/Statement', 'count'],
    ['of a session, with nine statements', 'legacy-session', textOf(Array.from({ length: 9 }, () => allow('ims:images:list'))), '/Statement', 'count'],
    ['with an element of the newer grammar', 'role', textOf([{ ...allow('ims:images:list'), Sid: 'x' }]), '/Statement/0/Sid', 'element'],
    ['with NotAction', 'role', textOf([{ Effect: 'Allow', NotAction: ['ims:images:list'] }]), '/Statement/0/NotAction', 'element'],
    ['with NotResource', 'role', textOf([{ ...allow('ims:images:list'), NotResource: ['*'] }]), '/Statement/0/NotResource', 'element'],
    ['with a principal', 'role', textOf([{ ...allow('ims:images:list'), Principal: { IAM: ['*'] } }]), '/Statement/0/Principal', 'element'],
    ['of a session, that depends on a role', 'legacy-session', textOf([allow('ims:images:list')], { Depends: [] }), '/Depends', 'element'],
    ['with an Effect in lower case', 'role', textOf([{ Effect: 'allow', Action: ['ims:images:list'] }]), '/Statement/0/Effect', 'value'],
    ['of a session, with another Effect', 'legacy-session', textOf([{ Effect: 'permit', Action: ['ims:images:list'] }]), '/Statement/0/Effect', 'value'],
    ['without actions', 'role', textOf([{ Effect: 'Allow' }]), '/Statement/0', 'missing'],
    ['with an empty list of actions', 'role', textOf([allow()]), '/Statement/0/Action', 'empty'],
    ['with 101 actions', 'role', textOf([allow(...many(101, 'ims:images:a'))]), '/Statement/0/Action', 'count'],
    ['with an action of 129 characters', 'role', textOf([allow(`ims:images:${'x'.repeat(118)}`)]), '/Statement/0/Action/0', 'length'],
    ['with an action of one part', 'role', textOf([allow('ims')]), '/Statement/0/Action/0', 'action'],
    ['with an action of four parts', 'role', textOf([allow('ims:images:list:all')]), '/Statement/0/Action/0', 'action'],
    ['with a blank at the end of an action', 'role', textOf([allow('identity:assume ')]), '/Statement/0/Action/0', 'action'],
    ['of version 1.0 with a resource', 'role', textOf([resource(['*'])], {}, '1.0'), '/Statement/0/Resource', 'element'],
    ['of version 1.0 with a condition', 'role', textOf([condition({ Bool: { 'g:MFAPresent': ['true'] } })], {}, '1.0'), '/Statement/0/Condition', 'element'],
    ['with eleven resources', 'role', textOf([resource(many(11, 'obs:*:*:object:x'))]), '/Statement/0/Resource', 'count'],
    ['with 21 uris', 'role', textOf([resource({ uri: many(21, '/iam/agencies/') })]), '/Statement/0/Resource/uri', 'count'],
    ['with a uri that is no path', 'role', textOf([resource({ uri: ['iam/agencies/0123'] })]), '/Statement/0/Resource/uri/0', 'resource'],
    ['with something beside the uri', 'role', textOf([resource({ uri: ['/x'], urn: [] })]), '/Statement/0/Resource/urn', 'element'],
    ['with a resource object without uri', 'role', textOf([resource({})]), '/Statement/0/Resource', 'missing'],
    ['with a path in place of a URN', 'role', textOf([resource(['/iam/agencies/0123'])]), '/Statement/0/Resource/0', 'resource'],
    ['with a resource of 1,501 characters', 'role', textOf([resource([urn(1501)])]), '/Statement/0/Resource/0', 'length'],
    ['of a session, with a resource of 129 characters', 'legacy-session', textOf([resource([urn(129)])]), '/Statement/0/Resource/0', 'length'],
    ['of a session, with eleven resources', 'legacy-session', textOf([resource(many(11, 'obs:*:*:object:x'))]), '/Statement/0/Resource', 'count'],
    ['with eleven condition operators', 'role', textOf([condition(Object.fromEntries(many(11, 'StringEquals').map((name) => [name, { 'g:UserName': ['x'] }])))]), '/Statement/0/Condition', 'count'],
    ['with eleven keys of one operator', 'role', textOf([condition({ StringEquals: keyed(11) })]), '/Statement/0/Condition/StringEquals', 'count'],
    ['with an empty condition value', 'role', textOf([condition({ StringEquals: { 'g:UserName': [''] } })]), '/Statement/0/Condition/StringEquals/g:UserName/0', 'length'],
    ['with a condition value of 1,025 characters', 'role', textOf([condition({ StringEquals: { 'g:UserName': ['x'.repeat(1025)] } })]), '/Statement/0/Condition/StringEquals/g:UserName/0', 'length'],
    ['with an unknown operator', 'role', textOf([condition({ StringLike: { 'g:UserName': ['x'] } })]), '/Statement/0/Condition/StringLike', 'operator'],
    ['that depends on something without a name', 'role', textOf([allow('ims:*:*')], { Depends: [{ catalog: 'BASE' }] }), '/Depends/0', 'missing'],
    ['of 6,145 characters', 'role', textOf([allow(...Array.from({ length: 60 }, () => `ims:images:${'x'.repeat(100)}`))]), '', 'size'],
    ['with one name twice', 'role', '{"Version":"1.1","Version":"1.1","Statement":[{"Effect":"Allow","Action":["ims:images:list"]}]}', '/Version', 'duplicate-name'],
  ])('is refused, with place and rule: one %s', (_what, kind, text, pointer, rule) => {
    const refused = ((): unknown => {
      try {
        return parsePolicy(kind, text);
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(PolicyError);
    expect(refused).toMatchObject({ pointer, rule });
  });

  it('is no policy of another kind, and no policy of the newer version is one of it', () => {
    for (const kind of ['identity', 'trust', 'session', 'service-control'] as const) expect(() => parsePolicy(kind, textOf([allow('ims:images:list')]))).toThrow('version');
  });
});

const question = { principal: user, context: contextOf([]), serviceControlPolicies: undefined };
const asked = (policies: readonly NamedPolicy[], action: string, on: string | undefined): Decision => decideCaller({ ...question, action, resource: on, identityPolicies: policies });
const image = `ims:cn-east-3:${accountA}:image:0a1b`;
const object = `obs::${accountA}:object:photos/cat.jpg`;

describe('a policy of the older system', () => {
  it.each<[statement: object, action: string, on: string | undefined, allowed: boolean]>([
    [allow('ims:images:list'), 'ims:images:list', undefined, true],
    [allow('ims:images:list'), 'IMS:Images:LIST', undefined, true],
    [allow('ims:images:list'), 'ims:images:get', undefined, false],
    [allow('ims:*:get*'), 'ims:quotas:get', undefined, true],
    [allow('ims:*:get*'), 'ims:quotas:update', undefined, false],
    [allow('ecs:*:*'), 'ims:images:get', image, false],
    [allow('identity:assume role'), 'identity:assume role', undefined, true],
    [allow('identity:*'), 'identity:assume role', undefined, true],
    [allow('identity:*'), 'iam:agencies:createAgency', undefined, true],
    [allow('identity:*'), 'sts:agencies:assume', undefined, false],
    [allow('iam:*:*'), 'identity:assume role', undefined, false],
    // URNs have five segments in both languages.
    [resource(['ims:*:*:image:*']), 'ims:images:list', image, true],
    [resource(['ims:cn-east-3:*:image:0a1b']), 'ims:images:list', image, true],
    [resource(['ims:cn-north-4:*:image:*']), 'ims:images:list', image, false],
    [resource(['*']), 'ims:images:list', image, true],
    [resource(['ims:*:*:image:*']), 'ims:images:list', undefined, false],
    [{ ...allow('obs:object:*'), Resource: ['obs:*:*:object:*'] }, 'obs:object:GetObject', object, true],
    [{ ...allow('obs:object:*'), Resource: ['OBS:*:*:object:photos/*'] }, 'obs:object:GetObject', object, true],
    [{ ...allow('obs:object:*'), Resource: ['obs:*:*:object:Photos/*'] }, 'obs:object:GetObject', object, false],
    // A uri is met by a request that names a path, and by no URN.
    [{ ...allow('iam:agencies:assume'), Resource: { uri: ['/iam/agencies/0123'] } }, 'iam:agencies:assume', '/iam/agencies/0123', true],
    [{ ...allow('iam:agencies:assume'), Resource: { uri: ['/iam/agencies/0123'] } }, 'iam:agencies:assume', '/iam/agencies/4567', false],
    [{ ...allow('iam:agencies:assume'), Resource: { uri: ['/iam/agencies/*'] } }, 'iam:agencies:assume', '/iam/agencies/4567', true],
    [{ ...allow('iam:agencies:assume'), Resource: { uri: ['*'] } }, 'iam:agencies:assume', '/iam/agencies/4567', true],
    [{ ...allow('iam:agencies:assume'), Resource: { uri: ['*'] } }, 'iam:agencies:assume', `iam::${accountA}:agency:ops`, false],
    [{ ...allow('iam:agencies:assume'), Resource: { uri: ['/iam/agencies/0123'] } }, 'iam:agencies:assume', undefined, false],
    [{ ...allow('iam:agencies:assume'), Resource: { uri: ['/iam/agencies/${g:Absent}'] } }, 'iam:agencies:assume', '/iam/agencies/', false],
    [{ ...allow('iam:agencies:assume'), Resource: ['iam:*:*:agency:*'] }, 'iam:agencies:assume', '/iam/agencies/0123', false],
    [allow('iam:agencies:assume'), 'iam:agencies:assume', '/iam/agencies/0123', true],
  ])('%j on %s of %s: %s', (statement, action, on, allowed) => {
    expect(asked([older([statement])], action, on).allowed).toBe(allowed);
    expect(asked([older([allow('*')]), older([{ ...statement, Effect: 'Deny' }])], action, on).allowed).toBe(!allowed);
  });

  it('denies over every Allow, also of the newer version, and names its statement', () => {
    const decision = asked([named('wide', 'identity', [{ Effect: 'Allow', Action: ['*'] }]), older([allow('ims:*:*'), { Effect: 'Deny', Action: ['ims:images:delete'] }])], 'ims:images:delete', image);
    expect(decision).toMatchObject({ allowed: false, effect: 'explicit-deny', side: 'identity', statement: { policy: 'role', index: 1 } });
  });

  it('of version 1.0 takes back from itself alone what it denies', () => {
    const tenant = older([allow('*'), { Effect: 'Deny', Action: ['identity:*'] }], '1.0');
    const security = older([allow('identity:*')], '1.0');
    const action = 'iam:users:createUserV5';
    expect([asked([tenant], 'ims:images:get', image).allowed, asked([tenant], action, undefined).allowed, asked([tenant, security], action, undefined).allowed]).toEqual([true, false, true]);
    expect(asked([tenant], 'identity:assume role', undefined).effect).toBe('implicit-deny');
  });

  it('explains a condition that failed', () => {
    const decision = decideCaller({ ...question, context: contextOf([['g:ProjectName', 'cn-north-4']]), action: 'ims:images:get', resource: image, identityPolicies: [older([{ ...allow('ims:*:*'), Condition: { StringEquals: { 'g:ProjectName': ['cn-east-3'] } } }])] });
    expect(decision).toMatchObject({ allowed: false, failedConditions: [{ policy: 'role', operator: 'StringEquals', key: 'g:ProjectName', expected: ['cn-east-3'], actual: 'cn-north-4' }] });
  });

  it('narrows a session as one of the newer version does', () => {
    const sessionPolicy = { name: 'session policy', policy: parsePolicy('legacy-session', textOf([{ Effect: 'allow', Action: ['obs:object:Get*'], Resource: ['obs:*:*:object:*'] }])) };
    const decided = (action: string) => decideCaller({ ...question, action, resource: object, identityPolicies: [older([allow('obs:*:*')])], sessionPolicy });
    expect([decided('obs:object:GetObject').allowed, decided('obs:object:PutObject')]).toMatchObject([true, { allowed: false, side: 'session' }]);
  });
});

const runs = { numRuns: 2000 };
const withoutEmptyValues = (statements: readonly NaiveStatement[]): boolean => !/""/.test(JSON.stringify(statements));
/** Statements that both versions can say. */
const shared = identityStatements.filter((statements) => statements.every(({ Action, NotResource }) => Action !== undefined && NotResource === undefined) && withoutEmptyValues(statements));
const verdictOf = ({ allowed, effect, side }: Decision): string => (allowed ? 'allow' : `${effect} ${side}`);

test('what both versions can say, both mean, as the naive evaluator has it', () => {
  fc.assert(fc.property(fc.array(shared, { maxLength: 3 }), requestActions, requestResources, contexts, (documents, action, on, context) => {
    const whole = { ...question, context: contextOf(Object.entries(context)), action, resource: on };
    const decided = decideCaller({ ...whole, identityPolicies: documents.map((statements) => older(statements)) });
    expect(verdictOf(decided)).toBe(naiveDecide([{ side: 'identity', policies: documents }], () => true, { caller: user, action, resource: on, context }));
    const { statement: _older, ...newer } = decideCaller({ ...whole, identityPolicies: documents.map((statements) => named('role', 'identity', statements)) });
    const { statement: _newer, ...rest } = decided;
    expect(rest).toEqual(newer);
  }), runs);
});

test('a Deny of version 1.1 only takes away, and one of version 1.0 leaves every other role as it is', () => {
  const actions = fc.array(fc.constantFrom('*', 'identity:*', 'identity:assume role', 'ims:*:*', 'ims:*:get*', 'ims:images:list', 'ecs:*:*', '*:*:Get*', 'iam:*:*'), { minLength: 1, maxLength: 3 });
  const role = fc.array(fc.record({ Effect: fc.constantFrom('Allow', 'Allow', 'Deny'), Action: actions }), { minLength: 1, maxLength: 3 });
  const requests = fc.constantFrom('identity:assume role', 'iam:users:listUsersV5', 'ims:images:list', 'ims:images:get', 'ecs:servers:getAll', 'sts::tagSession');
  fc.assert(fc.property(role, role, requests, (one, other, action) => {
    const allows = (...roles: readonly NamedPolicy[]) => asked(roles, action, undefined).allowed;
    expect(allows(older(one, '1.0'), older(other, '1.0'))).toBe(allows(older(one, '1.0')) || allows(older(other, '1.0')));
    const onlyAllow = one.filter(({ Effect }) => Effect === 'Allow');
    expect(allows(older(one, '1.0'))).toBe(onlyAllow.length > 0 && allows(older(one, '1.1')));
    if (allows(older(one, '1.1'), older(other, '1.1'))) expect(allows(older(one, '1.1')) || allows(older(other, '1.1'))).toBe(true);
  }), runs);
});

test('parse(format(p)) = p', () => {
  const documents = [
    textOf([{ ...allow('iam:agencies:assume'), Resource: { uri: ['/iam/agencies/0123'] } }, { Effect: 'Deny', Action: ['ims:*:*'], Resource: ['ims:*:*:image:*'], Condition: { Bool: { 'g:MFAPresent': ['false'] } } }]),
    textOf([allow('*'), { Effect: 'Deny', Action: ['identity:*', 'sts:*'] }], { Depends: [{ catalog: 'BASE', display_name: 'Tenant Guest' }] }, '1.0'),
  ];
  for (const text of documents) {
    const policy = parsePolicy('role', text);
    const { text: _, ...again } = parsePolicy('role', formatPolicy(policy));
    expect(JSON.stringify(again)).toBe(JSON.stringify({ ...policy, text: undefined }));
  }
});
