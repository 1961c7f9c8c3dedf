// Generated accounts, callers and assume calls for the tests of the simulator: small pools, so that allowed and refused are both frequent.
import fc from 'fast-check';
import { accessKey, accountA, accountB, assumeActions, bootstrapKey, policy } from '../support/accounts.js';
import type { Credentials } from '../support/service.js';

const pick = <Value>(...values: readonly Value[]) => fc.constantFrom(...values);
/** Half of the time. */
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });

export const seed = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
export const worldKeys: Readonly<Record<'rootA' | 'ann' | 'abe' | 'rootB' | 'bob' | 'service', Credentials>> = {
  rootA: accessKey('wroota'), ann: accessKey('wann'), abe: accessKey('wabe'), rootB: accessKey('wrootb'), bob: accessKey('wbob'), service: accessKey('wservice'),
};
export type UserName = 'rootA' | 'ann' | 'abe' | 'rootB' | 'bob';
export const userUrns: Readonly<Record<UserName, string>> = {
  rootA: `iam::${accountA}:user:owner`, ann: `iam::${accountA}:user:ann`, abe: `iam::${accountA}:user:abe`, rootB: `iam::${accountB}:user:owner`, bob: `iam::${accountB}:user:bob`,
};
export const accountOf = (name: UserName): string => (name === 'rootB' || name === 'bob' ? accountB : accountA);
/** Everybody may assume these two; sessions of them are callers. */
const [hubA, hubB] = [`iam::${accountA}:agency:hub`, `iam::${accountB}:agency:ops/hub`] as const;
export const hubOf = (accountId: string): string => (accountId === accountA ? hubA : hubB);
export const agencyUrns = [hubA, hubB, `iam::${accountA}:agency:x`, `iam::${accountB}:agency:ops/y`, `iam::${accountA}:agency:absent`, `iam::${accountB}:agency:y`] as const;
export const serviceName = 'service.OBS';

const conditions = [
  ['StringEquals', 'g:PrincipalTag/team', ['blue', '${g:ResourceTag/team}', '${g:RequestTag/team}']],
  ['StringNotEquals', 'g:PrincipalTag/team', ['blue', '']],
  ['StringEquals', 'g:RequestTag/team', ['blue', '${g:PrincipalTag/team}']],
  ['StringEquals', 'g:ResourceTag/team', ['blue', 'red']],
  ['ForAllValues:StringEquals', 'g:TagKeys', ['team', 'stage']],
  ['ForAnyValue:StringEquals', 'sts:TransitiveTagKeys', ['team']],
  ['StringEquals', 'sts:ExternalId', ['partner-1', 'partner-2']],
  ['StringEqualsIfExists', 'sts:SourceIdentity', ['ann', '${g:UserName}', '${g:SourceIdentity}']],
  ['StringMatch', 'sts:AgencySessionName', ['ci-*', '*1']],
  ['StringMatch', 'g:PrincipalUrn', [`iam::${accountA}:user:*`, `sts::${accountA}:assumed-agency:hub/*`, '*']],
  ['StringEquals', 'g:UserName', ['ann', 'bob']],
  ['StringEquals', 'g:DomainName', ['account-a', 'account-b']],
  ['StringNotEqualsIfExists', 'g:PrincipalAccount', [accountA, accountB]],
  ['StringEquals', 'g:PrincipalType', ['User', 'AssumedAgency']],
  ['StringEquals', 'g:SourceIdentity', ['ann', 'bob']],
  ['StringEquals', 'g:SourceAccount', [accountA]],
  ['StringMatch', 'g:UserAgent', ['probe/*']],
  ['Bool', 'g:PrincipalIsRootUser', ['true', 'false']],
  ['Bool', 'g:MFAPresent', ['true', 'false']],
  ['BoolIfExists', 'g:MFAPresent', ['true', 'false']],
  ['NumberLessThan', 'g:MFAAge', ['60', '1']],
  ['Null', 'g:UserId', ['true', 'false']],
  ['Null', 'g:TokenIssueTime', ['true', 'false']],
  ['Null', 'sts:TransitiveTagKeys', ['true', 'false']],
  ['DateGreaterThan', 'g:CurrentTime', ['2026-01-15T09:00Z', '2020-01-01T00:00Z']],
  ['DateLessThan', 'g:TokenIssueTime', ['2026-01-15T08:40Z', '2030-01-01T00:00Z']],
  ['IpAddress', 'g:SourceIp', ['127.0.0.0/8', '10.0.0.0/8']],
  ['NotIpAddress', 'g:SourceIp', ['127.0.0.1', '10.0.0.1']],
] as const;
export const conditionKeys: ReadonlySet<string> = new Set(conditions.map(([, key]) => key));
const clause = fc.oneof(...conditions.map(([operator, key, values]) => pick(...values).map((value) => ({ [operator]: { [key]: value } }))));
const condition = maybe(clause).map((given) => (given === undefined ? {} : { Condition: given }));
const plainActions = fc.oneof(
  { weight: 4, arbitrary: pick(['*'], ['sts:*'], [...assumeActions]).map((Action) => ({ Action })) },
  { weight: 3, arbitrary: fc.subarray(['sts:agencies:assume', 'STS::TagSession', 'sts::setSourceIdentity', 'sts:agencies:*', 'iam:*'], { minLength: 1 }).map((Action) => ({ Action })) },
);
const action = fc.oneof({ weight: 7, arbitrary: plainActions }, { weight: 1, arbitrary: pick('sts::tagSession', 'iam:*').map((name) => ({ NotAction: [name] })) });
const resource = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.subarray(['*', ...agencyUrns, 'iam::*:agency:ops/*', `iam::${accountA}:agency:\${g:PrincipalTag/agency}`, 'iam::*:agency:*'], { minLength: 1, maxLength: 3 }).map((Resource) => ({ Resource })) },
  { weight: 1, arbitrary: pick(...agencyUrns).map((urn) => ({ NotResource: [urn] })) },
);
const effect = fc.oneof({ weight: 6, arbitrary: fc.constant({ Effect: 'Allow' }) }, { weight: 1, arbitrary: fc.constant({ Effect: 'Deny' }) });
const principals = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ IAM: ['*'], Service: [serviceName] }) },
  { weight: 3, arbitrary: fc.subarray([accountA, accountB, `iam::${accountB}:root`, ...Object.values(userUrns), hubA, hubB, `sts::${accountA}:assumed-agency:hub/ci-1`, `sts::${accountB}::assumed-agency:hub/ci-1`], { minLength: 1, maxLength: 4 }).map((IAM) => ({ IAM })) },
  { weight: 1, arbitrary: fc.constant({ Service: ['service.obs'] }) },
);
const principal = fc.oneof({ weight: 6, arbitrary: principals.map((Principal) => ({ Principal })) }, { weight: 1, arbitrary: principals.map((NotPrincipal) => ({ NotPrincipal })) });
const merged = (...parts: readonly fc.Arbitrary<object>[]): fc.Arbitrary<object> => fc.tuple(...parts).map((given): object => Object.assign({}, ...given) as object);
const document = (statement: fc.Arbitrary<object>) => fc.array(statement, { minLength: 1, maxLength: 3 }).map((statements) => policy(...statements));
const identity = document(merged(effect, action, resource, condition));
const control = document(merged(effect, plainActions, resource, condition));
const trusts = document(merged(effect, principal, action, condition));

const tagList = fc.subarray([{ key: 'team', value: 'blue' }, { key: 'stage', value: 'red' }, { key: 'agency', value: 'x' }]);
const resourceTags = tagList.map((tags) => tags.map(({ key, value }) => ({ tag_key: key, tag_value: value })));
const controls = maybe(fc.array(fc.oneof(fc.constant(policy({ Effect: 'Allow', Action: ['*'] })), control), { minLength: 1, maxLength: 2 }));
const named = (documents: readonly object[]) => documents.map((one, index) => ({ policy_id: `p${index}`, policy_name: `p${index}`, policy_document: one }));
const attachments = fc.subarray(['p0', 'p1', 'p2']);
const user = (name: string, key: Credentials, tags: readonly object[], attached: readonly string[], more: object = {}) =>
  ({ user_id: `id-${name}`, user_name: name, tags, attached_policies: attached, access_keys: [bootstrapKey(key)], ...more });
const mfa = (device: string) => ({ mfa_devices: [{ device_name: device, base32_string_seed: seed }] });
const owner = (key: Credentials, device: string) => ({ user_id: `id-${device}`, user_name: 'owner', access_keys: [bootstrapKey(key)], ...mfa(device) });
export const mfaSerials = { rootA: `iam::${accountA}:mfa:root`, ann: `iam::${accountA}:mfa:ann`, rootB: `iam::${accountB}:mfa:root` } as const;

const openTrust = policy({ Effect: 'Allow', Action: ['*'], Principal: { IAM: ['*'], Service: [serviceName] } });
const scp = (documents: readonly object[] | undefined) =>
  documents === undefined ? {} : { service_control_policies: documents.map((policy_document, index) => ({ name: `scp${index}`, policy_document })) };

/** A bootstrap file; what differs from one to the next are policies, tags and attachments. */
export const worlds: fc.Arbitrary<object> = fc.record({
  a: fc.tuple(identity, identity, identity), b: fc.tuple(identity, identity, identity), trustX: trusts, trustY: trusts,
  attached: fc.tuple(attachments, attachments, attachments, attachments, attachments, attachments), tags: fc.tuple(resourceTags, resourceTags, resourceTags, resourceTags, resourceTags), scpA: controls, scpB: controls,
}).map(({ a, b, trustX, trustY, attached, tags, scpA, scpB }) => ({
  accounts: [
    {
      account_id: accountA, account_name: 'account-a', root_user: owner(worldKeys.rootA, 'root'), policies: named(a), ...scp(scpA),
      groups: [{ group_id: 'g', group_name: 'group', attached_policies: attached[0] }],
      users: [user('ann', worldKeys.ann, tags[0], attached[1], mfa('ann')), user('abe', worldKeys.abe, tags[1], attached[2], { groups: ['group'] })],
      agencies: [
        { agency_id: 'hub-a', agency_name: 'hub', trust_policy: openTrust, attached_policies: attached[3], tags: tags[2] },
        { agency_id: 'x', agency_name: 'x', trust_policy: trustX, tags: tags[3] },
      ],
    },
    {
      account_id: accountB, account_name: 'account-b', root_user: owner(worldKeys.rootB, 'root'), policies: named(b), ...scp(scpB),
      users: [user('bob', worldKeys.bob, tags[4], attached[4])],
      agencies: [
        { agency_id: 'hub-b', agency_name: 'hub', path: 'ops/', trust_policy: openTrust, attached_policies: attached[5], tags: tags[1] },
        { agency_id: 'y', agency_name: 'y', path: 'ops/', trust_policy: trustY, tags: tags[0] },
      ],
    },
  ],
  services: [{ service_principal: serviceName, access_keys: [bootstrapKey(worldKeys.service)] }],
}));

/** The session in which a caller acts, and how it was obtained. */
export interface WorldSession {
  readonly name: string;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly transitive: readonly string[];
  readonly sourceIdentity: string | undefined;
  readonly policy: string | undefined;
  readonly policyIds: readonly string[];
  readonly mfa: boolean;
}

export type WorldCaller =
  | { readonly kind: 'user'; readonly name: UserName }
  | { readonly kind: 'service'; readonly sourceAccount: string | undefined }
  | { readonly kind: 'session'; readonly accountId: string; readonly session: WorldSession };

export interface WorldRequest {
  readonly agencyUrn: string;
  readonly agencySessionName: string;
  readonly externalId: string | undefined;
  readonly sourceIdentity: string | undefined;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly transitiveTagKeys: readonly string[];
  readonly mfa: boolean;
  readonly userAgent: string | undefined;
}

const names = pick('ci-1', 'run1', 'other');
const sourceIdentities = maybe(pick('ann', 'bob'));
const sessionPolicy = maybe(fc.oneof(fc.constant(policy({ Effect: 'Allow', Action: ['*'] })), identity).map((given) => JSON.stringify(given)));
const sessions: fc.Arbitrary<WorldSession> = fc.record({ name: names, tags: tagList, sourceIdentity: sourceIdentities, policy: sessionPolicy, policyIds: maybe(attachments), mfa: fc.boolean(), transitiveTags: fc.boolean() })
  .map(({ transitiveTags, policyIds, tags, ...rest }) => ({ ...rest, tags, policyIds: policyIds ?? [], transitive: transitiveTags ? tags.slice(0, 1).map(({ key }) => key) : [] }));

export const callers: fc.Arbitrary<WorldCaller> = fc.oneof(
  { weight: 4, arbitrary: pick<UserName>('rootA', 'ann', 'abe', 'rootB', 'bob').map((name) => ({ kind: 'user' as const, name })) },
  { weight: 1, arbitrary: maybe(pick(accountA, accountB)).map((sourceAccount) => ({ kind: 'service' as const, sourceAccount })) },
  { weight: 4, arbitrary: fc.tuple(pick(accountA, accountB), sessions).map(([accountId, session]) => ({ kind: 'session' as const, accountId, session })) },
);

export const requests: fc.Arbitrary<WorldRequest> = fc.record({
  agencyUrn: pick(...agencyUrns), agencySessionName: names, externalId: maybe(pick('partner-1', 'partner-2', 'partner-3')), sourceIdentity: sourceIdentities,
  tags: fc.oneof(fc.constant([]), tagList), transitive: fc.boolean(), mfa: fc.boolean(), userAgent: maybe(pick('probe/1', 'other')),
}).map(({ transitive, ...rest }) => ({ ...rest, transitiveTagKeys: transitive ? rest.tags.slice(0, 1).map(({ key }) => key) : [] }));

/** Whether the caller can send an MFA code with a call. */
export const hasMfaDevice = (caller: WorldCaller): boolean => caller.kind === 'user' && Object.hasOwn(mfaSerials, caller.name);
