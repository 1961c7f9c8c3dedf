// The official IAM SDK, unmodified, drives every family of the API that it and this service both have.
import type { IamClient } from '@huaweicloud/huaweicloud-sdk-iam/v5/IamClient.js';
import * as OTPAuth from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../src/http/app.js';
import { accountA, accountsPlus, allow, ask, keys, policy, trust } from '../support/accounts.js';
import * as models from '../support/iam-models.js';
import { apiMethods, iamClient, noting } from '../support/iam-sdk.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { absentId, holding, like, someText } from './managed.js';
import { inPagesOfOne, refusalOf, textIn } from './sdk-answers.js';

const trustPolicy = JSON.stringify(trust({ IAM: [accountA] }));
const document = JSON.stringify(policy(allow('obs:object:GetObject')));
const otherDocument = JSON.stringify(policy(allow('obs:object:PutObject')));
const looking = `iam::${accountA}:agency:looking`;
const linked = `iam::${accountA}:agency:service-linked-agency/service.OBS/ServiceLinkedAgencyForOBS`;
const someId = like(/^[0-9a-f]{32}$/);
const someTime = like(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

const answered = new Set<string>();
let service: TestService;
let root: IamClient;
let carol: IamClient;

beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      policies: [{ policy_name: 'look', policy_document: policy(allow(['iam:agencies:listV5', 'iam:agencies:getV5'])) }],
      agencies: [{ agency_name: 'looking', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['look'] }],
    },
  }));
  // The SDK signs with the time of the machine.
  service.clock.set(Date.now());
  root = clientOf(keys.rootA);
  carol = clientOf(keys.carol);
});
afterAll(() => service.stop());

const clientOf = (credentials: Credentials): IamClient => noting(answered, iamClient(service.url, credentials, accountA));

/** Lists are in the order of time: what is made next is later than what there is. */
const later = (): void => service.clock.advance(0.001);

const newAgency = async (name: string, path = ''): Promise<string> => {
  later();
  return textIn(await root.createAgencyV5(new models.CreateAgencyV5Request().withBody(new models.CreateAgencyReqBody(name, trustPolicy).withPath(path))), 'agency', 'agency_id');
};
const newUser = async (name: string): Promise<string> => {
  later();
  return textIn(await root.createUserV5(new models.CreateUserV5Request().withBody(new models.CreateUserReqBody(name, true))), 'user', 'user_id');
};
const newGroup = async (name: string): Promise<string> => {
  later();
  return textIn(await root.createGroupV5(new models.CreateGroupV5Request().withBody(new models.CreateGroupReqBody(name))), 'group', 'group_id');
};
const newPolicy = async (name: string): Promise<string> => {
  later();
  return textIn(await root.createPolicyV5(new models.CreatePolicyV5Request().withBody(new models.CreatePolicyReqBody(name, document))), 'policy', 'policy_id');
};

describe('trust agencies', () => {
  it('are created, read, changed and deleted', async () => {
    const created = await root.createAgencyV5(new models.CreateAgencyV5Request().withBody(
      new models.CreateAgencyReqBody('deployer', trustPolicy).withPath('ops/').withDescription('deploys').withMaxSessionDuration(3600),
    ));
    const agency = {
      urn: `iam::${accountA}:agency:ops/deployer`, agency_id: someId, agency_name: 'deployer', path: 'ops/', created_at: someTime, max_session_duration: 3600,
      description: 'deploys', trust_policy: trustPolicy,
    };
    expect(created).toEqual({ httpStatusCode: 201, agency });
    const id = textIn(created, 'agency', 'agency_id');

    expect(await root.updateAgencyV5(new models.UpdateAgencyV5Request(id).withBody(new models.UpdateAgencyReqBody().withMaxSessionDuration(7200)))).toEqual({ httpStatusCode: 200 });
    const other = JSON.stringify(trust({ Service: ['service.OBS'] }));
    expect(await root.updateTrustPolicyV5(new models.UpdateTrustPolicyV5Request(id).withBody(new models.UpdateTrustPolicyReqBody(other)))).toEqual({ httpStatusCode: 200 });
    await root.tagResourceV5(new models.TagResourceV5Request(id, 'agency').withBody(new models.Tags().withTags([new models.Tag('stage', 'test')])));
    expect(await root.getAgencyV5(new models.GetAgencyV5Request(id))).toEqual({
      httpStatusCode: 200, agency: { ...agency, max_session_duration: 7200, trust_policy: other, tags: [{ tag_key: 'stage', tag_value: 'test' }] },
    });

    expect(await root.deleteAgencyV5(new models.DeleteAgencyV5Request(id))).toEqual({ httpStatusCode: 204 });
    expect(await refusalOf(root.getAgencyV5(new models.GetAgencyV5Request(id)))).toMatchObject({ httpStatusCode: 404, errorCode: 'PAP5.0012' });
  });

  it('are listed by the prefix of their path, page by page', async () => {
    for (const name of ['one', 'two', 'three']) await newAgency(name, 'listed/');
    const listed = await inPagesOfOne(new models.ListAgenciesV5Request().withPathPrefix('listed/'), (request) => root.listAgenciesV5(request), 'agencies');
    expect(listed).toMatchObject([{ agency_name: 'one' }, { agency_name: 'two' }, { agency_name: 'three' }]);
    expect(await root.listAgenciesV5(new models.ListAgenciesV5Request().withLimit(200))).toMatchObject({ page_info: { current_count: 9 } });
  });
});

describe('service-linked agencies', () => {
  const create = (): Promise<object> => root.createServiceLinkedAgencyV5(new models.CreateServiceLinkedAgencyV5Request().withBody(
    new models.CreateServiceLinkedAgencyReqBody('service.OBS').withDescription('replication'),
  ));
  const remove = (client: IamClient, id: string): Promise<object> => client.deleteServiceLinkedAgencyV5(new models.DeleteServiceLinkedAgencyV5Request(id));
  const statusOf = (task: string): Promise<object> => root.getServiceLinkedAgencyDeletionStatusV5(new models.GetServiceLinkedAgencyDeletionStatusV5Request(task));

  it('are created by users, and deleted by the service only', async () => {
    const created = await create();
    expect(created).toMatchObject({ httpStatusCode: 201, agency: { urn: linked, agency_name: 'ServiceLinkedAgencyForOBS', path: 'service-linked-agency/service.OBS/', description: 'replication' } });
    const id = textIn(created, 'agency', 'agency_id');
    expect(await refusalOf(remove(root, id))).toMatchObject({
      httpStatusCode: 403, errorCode: 'PAP5.0001', errorMsg: 'a service-linked agency can be changed and deleted only by its service itself, not by users or administrators',
    });

    const task = await remove(clientOf(await service.session(keys.service, ask(linked))), id);
    expect(task).toEqual({ httpStatusCode: 202, deletion_task_id: someId });
    expect(await statusOf(textIn(task, 'deletion_task_id'))).toEqual({ httpStatusCode: 200, status: 'succeeded' });
    expect(await refusalOf(statusOf(absentId))).toMatchObject({ httpStatusCode: 404, errorCode: 'PAP5.0012' });
  });
});

describe('identity policies', () => {
  it('are created, listed by type, read and deleted', async () => {
    const created = await root.createPolicyV5(new models.CreatePolicyV5Request().withBody(new models.CreatePolicyReqBody('reader', document).withPath('team/').withDescription('reads')));
    const read = {
      policy_type: 'custom', policy_name: 'reader', policy_id: someId, urn: `iam::${accountA}:policy:team/reader`, path: 'team/', default_version_id: 'v1', attachment_count: 0,
      description: 'reads', created_at: someTime, updated_at: someTime,
    };
    expect(created).toEqual({ httpStatusCode: 201, policy: read });
    const id = textIn(created, 'policy', 'policy_id');
    expect(await root.getPolicyV5(new models.GetPolicyV5Request(id))).toEqual({ httpStatusCode: 200, policy: read });

    const list = (request: models.ListPoliciesV5Request): Promise<object> => root.listPoliciesV5(request);
    const custom = await inPagesOfOne(new models.ListPoliciesV5Request().withPolicyType('custom'), list, 'policies');
    for (const name of ['assume-all', 'only-assume', 'read-objects', 'look', 'reader']) expect(custom).toContainEqual(expect.objectContaining({ policy_name: name, policy_type: 'custom' }));
    expect(custom).toHaveLength(5);
    expect(await inPagesOfOne(new models.ListPoliciesV5Request().withPathPrefix('team/'), list, 'policies')).toEqual([read]);
    expect(await inPagesOfOne(new models.ListPoliciesV5Request().withPolicyType('custom').withOnlyAttached(true), list, 'policies')).toHaveLength(3);
    const system = await root.listPoliciesV5(new models.ListPoliciesV5Request().withPolicyType('system').withLimit(200).withXLanguage('en-us'));
    expect(system).toMatchObject({ policies: expect.arrayContaining([expect.objectContaining({ policy_name: 'OBSReadOnlyPolicy', policy_type: 'system', description: like(/^[ -~]+$/) })]) as unknown });

    expect(await root.deletePolicyV5(new models.DeletePolicyV5Request(id))).toEqual({ httpStatusCode: 204 });
  });

  it('have versions, of which one is the default', async () => {
    const id = await newPolicy('versioned');
    const second = { document: otherDocument, version_id: 'v2', is_default: false, created_at: someTime };
    const create = (setAsDefault: boolean): Promise<object> => root.createPolicyVersionV5(new models.CreatePolicyVersionV5Request(id).withBody(
      new models.CreatePolicyVersionReqBody(otherDocument).withSetAsDefault(setAsDefault),
    ));
    expect(await create(false)).toEqual({ httpStatusCode: 201, policy_version: second });
    expect(await create(true)).toEqual({ httpStatusCode: 201, policy_version: { ...second, version_id: 'v3', is_default: true } });
    expect(await root.setDefaultPolicyVersionV5(new models.SetDefaultPolicyVersionV5Request(id, 'v2'))).toEqual({ httpStatusCode: 200 });
    expect(await root.getPolicyVersionV5(new models.GetPolicyVersionV5Request(id, 'v2'))).toEqual({ httpStatusCode: 200, policy_version: { ...second, is_default: true } });
    expect(await refusalOf(root.deletePolicyVersionV5(new models.DeletePolicyVersionV5Request(id, 'v2')))).toMatchObject({ httpStatusCode: 409, errorCode: 'PAP5.1204' });
    expect(await root.deletePolicyVersionV5(new models.DeletePolicyVersionV5Request(id, 'v1'))).toEqual({ httpStatusCode: 204 });
    expect(await inPagesOfOne(new models.ListPolicyVersionsV5Request(id), (request) => root.listPolicyVersionsV5(request), 'versions'))
      .toMatchObject([{ version_id: 'v3', is_default: false }, { version_id: 'v2', is_default: true }]);
  });

  it('are attached to agencies, groups and users', async () => {
    const [first, second] = [await newPolicy('attached-first'), await newPolicy('attached-second')];
    const agencyId = await newAgency('with-policies');
    const groupId = await newGroup('with-policies');
    const userId = await newUser('with-policies');
    for (const id of [first, second]) {
      later();
      expect(await root.attachAgencyPolicyV5(new models.AttachAgencyPolicyV5Request(id).withBody(new models.AttachAgencyPolicyReqBody(agencyId)))).toEqual({ httpStatusCode: 200 });
      expect(await root.attachGroupPolicyV5(new models.AttachGroupPolicyV5Request(id).withBody(new models.AttachGroupPolicyReqBody(groupId)))).toEqual({ httpStatusCode: 200 });
      expect(await root.attachUserPolicyV5(new models.AttachUserPolicyV5Request(id).withBody(new models.AttachUserPolicyReqBody(userId)))).toEqual({ httpStatusCode: 200 });
    }
    const lists = () => Promise.all([
      inPagesOfOne(new models.ListAttachedAgencyPoliciesV5Request(agencyId), (request) => root.listAttachedAgencyPoliciesV5(request), 'attached_policies'),
      inPagesOfOne(new models.ListAttachedGroupPoliciesV5Request(groupId), (request) => root.listAttachedGroupPoliciesV5(request), 'attached_policies'),
      inPagesOfOne(new models.ListAttachedUserPoliciesV5Request(userId), (request) => root.listAttachedUserPoliciesV5(request), 'attached_policies'),
    ]);
    const attached = (id: string, name: string) => ({ policy_name: name, policy_id: id, urn: `iam::${accountA}:policy:${name}`, attached_at: someTime });
    const both = [attached(first, 'attached-first'), attached(second, 'attached-second')];
    for (const list of await lists()) expect(list).toEqual(both);

    const entities = (entityType?: string): Promise<object> => {
      const request = new models.ListEntitiesForPolicyV5Request(first);
      return root.listEntitiesForPolicyV5(entityType === undefined ? request : request.withEntityType(entityType));
    };
    const holders = {
      policy_agencies: [{ agency_id: agencyId, attached_at: someTime }], policy_groups: [{ group_id: groupId, attached_at: someTime }], policy_users: [{ user_id: userId, attached_at: someTime }],
    };
    expect(await entities()).toEqual({ httpStatusCode: 200, ...holders, page_info: { current_count: 3 } });
    expect(await entities('group')).toEqual({ httpStatusCode: 200, ...holders, policy_agencies: [], policy_users: [], page_info: { current_count: 1 } });
    expect(await refusalOf(root.deletePolicyV5(new models.DeletePolicyV5Request(first)))).toMatchObject({ httpStatusCode: 409, errorCode: 'PAP5.1203' });

    expect(await root.detachAgencyPolicyV5(new models.DetachAgencyPolicyV5Request(first).withBody(new models.DetachAgencyPolicyReqBody(agencyId)))).toEqual({ httpStatusCode: 200 });
    expect(await root.detachGroupPolicyV5(new models.DetachGroupPolicyV5Request(first).withBody(new models.DetachGroupPolicyReqBody(groupId)))).toEqual({ httpStatusCode: 200 });
    expect(await root.detachUserPolicyV5(new models.DetachUserPolicyV5Request(first).withBody(new models.DetachUserPolicyReqBody(userId)))).toEqual({ httpStatusCode: 200 });
    for (const list of await lists()) expect(list).toEqual(both.slice(1));
    expect(await root.deletePolicyV5(new models.DeletePolicyV5Request(first))).toEqual({ httpStatusCode: 204 });
  });
});

describe('users and groups', () => {
  it('are created, read, changed and deleted: users', async () => {
    const created = await root.createUserV5(new models.CreateUserV5Request().withBody(new models.CreateUserReqBody('erin', true).withDescription('works here')));
    const user = { user_id: someId, user_name: 'erin', urn: `iam::${accountA}:user:erin`, enabled: true, is_root_user: false, created_at: someTime, description: 'works here' };
    expect(created).toEqual({ httpStatusCode: 201, user });
    const id = textIn(created, 'user', 'user_id');
    expect(await root.showUserV5(new models.ShowUserV5Request(id))).toEqual({ httpStatusCode: 200, user: { ...user, tags: [] } });
    expect(await root.updateUserV5(new models.UpdateUserV5Request(id).withBody(new models.UpdateUserReqBody().withNewUserName('erina').withNewDescription('left').withEnabled(false))))
      .toEqual({ httpStatusCode: 200, user: { ...user, user_name: 'erina', urn: `iam::${accountA}:user:erina`, description: 'left', enabled: false } });
    expect(await root.showUserLastLoginV5(new models.ShowUserLastLoginV5Request(id))).toEqual({ httpStatusCode: 200, user_last_login: {} });
    expect(await root.deleteUserV5(new models.DeleteUserV5Request(id))).toEqual({ httpStatusCode: 204 });
  });

  it('are created, read, changed and deleted: groups', async () => {
    const created = await root.createGroupV5(new models.CreateGroupV5Request().withBody(new models.CreateGroupReqBody('readers').withDescription('read')));
    const group = { group_id: someId, group_name: 'readers', urn: `iam::${accountA}:group:readers`, created_at: someTime, description: 'read' };
    expect(created).toEqual({ httpStatusCode: 201, group });
    const id = textIn(created, 'group', 'group_id');
    expect(await root.showGroupV5(new models.ShowGroupV5Request(id))).toEqual({ httpStatusCode: 200, group });
    expect(await root.updateGroupV5(new models.UpdateGroupV5Request(id).withBody(new models.UpdateGroupReqBody().withNewGroupName('writers').withNewGroupDescription('write'))))
      .toEqual({ httpStatusCode: 200, group: { ...group, group_name: 'writers', urn: `iam::${accountA}:group:writers`, description: 'write' } });
    expect(await root.deleteGroupV5(new models.DeleteGroupV5Request(id))).toEqual({ httpStatusCode: 204 });
  });

  it('are listed page by page, all and by membership', async () => {
    const groupId = await newGroup('members');
    const members = [await newUser('member-one'), await newUser('member-two')];
    for (const id of members) expect(await root.addUserToGroupV5(new models.AddUserToGroupV5Request(groupId).withBody(new models.AddUserToGroupReqBody(id)))).toEqual({ httpStatusCode: 200 });
    const users = (request: models.ListUsersV5Request) => inPagesOfOne(request, (page) => root.listUsersV5(page), 'users');
    const groups = (request: models.ListGroupsV5Request) => inPagesOfOne(request, (page) => root.listGroupsV5(page), 'groups');
    expect(await users(new models.ListUsersV5Request())).toContainEqual(expect.objectContaining({ user_name: 'root-a', is_root_user: true }));
    expect(await users(new models.ListUsersV5Request().withGroupId(groupId))).toMatchObject(members.map((id) => ({ user_id: id })));
    expect(await groups(new models.ListGroupsV5Request())).toContainEqual(expect.objectContaining({ group_name: 'assumers' }));
    expect(await groups(new models.ListGroupsV5Request().withUserId(members[0] ?? ''))).toMatchObject([{ group_id: groupId }]);
    for (const id of members) expect(await root.removeUserFromGroupV5(new models.RemoveUserFromGroupV5Request(groupId).withBody(new models.RemoveUserFromGroupReqBody(id)))).toEqual({ httpStatusCode: 200 });
    expect(await users(new models.ListUsersV5Request().withGroupId(groupId))).toEqual([]);
  });
});

describe('access keys', () => {
  it('sign calls from their creation until they are switched off', async () => {
    const userId = await newUser('key-holder');
    const created = await root.createAccessKeyV5(new models.CreateAccessKeyV5Request(userId));
    const key = { user_id: userId, access_key_id: like(/^HPUA[A-Z2-7]{16}$/), created_at: someTime, status: 'active' };
    expect(created).toEqual({ httpStatusCode: 201, access_key: { ...key, secret_access_key: someText } });
    const id = textIn(created, 'access_key', 'access_key_id');
    await root.createAccessKeyV5(new models.CreateAccessKeyV5Request(userId));
    expect(await inPagesOfOne(new models.ListAccessKeysV5Request(userId), (request) => root.listAccessKeysV5(request), 'access_keys')).toEqual([key, key]);

    const lastUsed = (): Promise<object> => root.showAccessKeyLastUsedV5(new models.ShowAccessKeyLastUsedV5Request(userId, id));
    expect(await lastUsed()).toEqual({ httpStatusCode: 200, access_key_last_used: {} });
    const holder = clientOf({ accessKeyId: id, secretAccessKey: textIn(created, 'access_key', 'secret_access_key') });
    const call = (): Promise<object> => holder.getFeatureStatusV5(new models.GetFeatureStatusV5Request('v5_console'));
    expect(await call()).toMatchObject({ httpStatusCode: 200 });
    expect(await lastUsed()).toEqual({ httpStatusCode: 200, access_key_last_used: { last_used_at: someTime } });

    const turn = (status: string): Promise<object> => root.updateAccessKeyV5(new models.UpdateAccessKeyV5Request(userId, id).withBody(new models.UpdateAccessKeyReqBody(status)));
    expect(await turn('inactive')).toEqual({ httpStatusCode: 200, access_key: { ...key, status: 'inactive' } });
    expect(await refusalOf(call())).toMatchObject({ httpStatusCode: 401, errorCode: 'APIGW.0301' });
    await turn('active');
    expect(await call()).toMatchObject({ httpStatusCode: 200 });
    expect(await root.deleteAccessKeyV5(new models.DeleteAccessKeyV5Request(userId, id))).toEqual({ httpStatusCode: 204 });
    expect(await refusalOf(call())).toMatchObject({ httpStatusCode: 401, errorCode: 'APIGW.0301' });
  });
});

describe('virtual MFA devices', () => {
  it('are created, enabled with two codes, listed, disabled and deleted', async () => {
    const userId = await newUser('device-holder');
    const created = await root.createVirtualMfaDeviceV5(new models.CreateVirtualMfaDeviceV5Request().withBody(new models.CreateVirtualMfaDeviceReqBody('tablet', userId)));
    const serial = `iam::${accountA}:mfa:tablet`;
    expect(created).toEqual({ httpStatusCode: 201, virtual_mfa_device: { serial_number: serial, base32_string_seed: like(/^[A-Z2-7]+$/) } });

    const device = new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(textIn(created, 'virtual_mfa_device', 'base32_string_seed')) });
    const code = (seconds: number): string => device.generate({ timestamp: service.clock.now() + seconds * 1000 });
    const enable = (first: string, second: string): Promise<object> => root.enableMfaDeviceV5(new models.EnableMfaDeviceV5Request().withBody(new models.EnableMfaDeviceReqBody(userId, serial, first, second)));
    expect(await refusalOf(enable(code(-30), code(-30)))).toMatchObject({ httpStatusCode: 400, errorCode: 'PAP5.1206' });
    expect(await enable(code(-30), code(0))).toEqual({ httpStatusCode: 200 });

    const listed = (request: models.ListMfaDevicesV5Request) => inPagesOfOne(request, (page) => root.listMfaDevicesV5(page), 'mfa_devices');
    expect(await listed(new models.ListMfaDevicesV5Request().withUserId(userId))).toEqual([{ serial_number: serial, user_id: userId, enabled: true }]);
    expect(await listed(new models.ListMfaDevicesV5Request())).toHaveLength(2);
    const remove = (): Promise<object> => root.deleteVirtualMfaDeviceV5(new models.DeleteVirtualMfaDeviceV5Request(userId, serial));
    expect(await refusalOf(remove())).toMatchObject({ httpStatusCode: 409 });
    expect(await root.disableMfaDeviceV5(new models.DisableMfaDeviceV5Request().withBody(new models.DisableMfaDeviceReqBody(userId, serial)))).toEqual({ httpStatusCode: 200 });
    expect(await remove()).toEqual({ httpStatusCode: 204 });
  });
});

describe('tags', () => {
  it('are put on users, listed, and taken away by their keys', async () => {
    const id = await newUser('tagged');
    const tags = [{ tag_key: 'dept', tag_value: 'research' }, { tag_key: '部门', tag_value: '研发' }];
    const given = new models.Tags().withTags(tags.map((tag) => new models.Tag(tag.tag_key, tag.tag_value)));
    expect(await root.tagResourceV5(new models.TagResourceV5Request(id, 'user').withBody(given))).toEqual({ httpStatusCode: 200, tags });
    const list = (): Promise<object> => root.listResourceTagsV5(new models.ListResourceTagsV5Request(id, 'user'));
    expect(await list()).toEqual({ httpStatusCode: 200, tags });
    expect(await root.deleteResourceTagsV5(new models.DeleteResourceTagsV5Request(id, 'user').withBody(['dept']))).toEqual({ httpStatusCode: 200 });
    expect(await list()).toEqual({ httpStatusCode: 200, tags: tags.slice(1) });
  });
});

describe('the account as a whole', () => {
  it('has a summary', async () => {
    expect(await root.getAccountSummaryV5()).toMatchObject({ httpStatusCode: 200, agencies_quota: 50, policies_quota: 1500, policy_size_quota: 6144, root_user_mfa_enabled: 0 });
  });

  it('sees the services, their authorization schemas and their principals', async () => {
    const codes = await inPagesOfOne(new models.ListRegisteredServicesForAuthSchemaV5Request(), (request) => root.listRegisteredServicesForAuthSchemaV5(request), 'service_codes');
    expect(codes).toEqual(expect.arrayContaining(['iam', 'obs', 'sts']));
    expect(await root.getAuthorizationSchemaV5(new models.GetAuthorizationSchemaV5Request('iam'))).toMatchObject({
      httpStatusCode: 200, version: '1.0', operations: expect.arrayContaining([{ operation_id: 'CreateAgencyV5', operation_action: 'iam:agencies:createV5', dependent_actions: [] }]) as unknown,
    });
    const principals = (language: string) => inPagesOfOne(new models.ListServicePrincipalsV5Request().withXLanguage(language), (request) => root.listServicePrincipalsV5(request), 'service_principals');
    expect(await principals('en-us')).toContainEqual(expect.objectContaining({ service_principal: 'service.OBS', display_name: 'Object Storage Service' }));
    expect(await principals('zh-cn')).toContainEqual(expect.objectContaining({ service_principal: 'service.OBS', display_name: '对象存储服务' }));
    expect(await carol.getFeatureStatusV5(new models.GetFeatureStatusV5Request('v5_console'))).toEqual({ httpStatusCode: 200, feature_status: 'off' });
  });

  it('switches asymmetric signatures off, which the SDK itself does not make', async () => {
    const turn = (isOn: boolean): Promise<object> => root.setAsymmetricSignatureSwitchV5(new models.SetAsymmetricSignatureSwitchV5Request().withBody(
      new models.SetAsymmetricSignatureReq(new models.AsymmetricSignature(isOn)),
    ));
    const asymmetric = async (): Promise<number> => (await service.call(keys.rootA, 'GET', '/v5/account-summary', undefined, { algorithm: 'SDK-ECDSA-P256-SHA256' })).status;
    expect(await turn(false)).toEqual({ httpStatusCode: 204 });
    expect(await root.getAsymmetricSignatureSwitchV5()).toEqual({ httpStatusCode: 200, asymmetric_signature: { asymmetric_signature_switch: false, domain_id: accountA } });
    expect(await asymmetric()).toBe(401);
    await turn(true);
    expect(await asymmetric()).toBe(200);
  });
});

describe('a session', () => {
  it('is the client\'s credentials, and does what its agency may', async () => {
    const session = clientOf(await service.session(keys.alice, ask(looking)));
    expect(await session.listAgenciesV5(new models.ListAgenciesV5Request().withLimit(1))).toMatchObject({ httpStatusCode: 200, page_info: { current_count: 1 } });
    expect(await refusalOf(session.listUsersV5(new models.ListUsersV5Request()))).toMatchObject({
      httpStatusCode: 403, errorCode: 'PAP5.0001', errorMsg: holding(`\`sts::${accountA}:assumed-agency:looking/session1\` is not authorized to perform \`iam:users:listUsersV5\``),
    });
  });
});

describe('a refusal', () => {
  it('of permission says why to whoever may decode it', async () => {
    const refused = await refusalOf(carol.createGroupV5(new models.CreateGroupV5Request().withBody(new models.CreateGroupReqBody('carols'))));
    expect(refused).toMatchObject({ httpStatusCode: 403, errorCode: 'PAP5.0001', requestId: someText, encodedAuthorizationMessage: someText });
    const decoded = await service.call(keys.rootA, 'POST', '/v5/decode-authorization-message', { encoded_message: refused.encodedAuthorizationMessage });
    expect(decoded).toMatchObject({ status: 200, body: { decoded_message: holding('iam:groups:createGroupV5') } });
  });

  it.each<[what: string, call: () => Promise<unknown>, status: number, code: string, message: string]>([
    ['of what does not exist', () => root.showUserV5(new models.ShowUserV5Request(absentId)), 404, 'PAP5.0012', `the user \`${absentId}\` cannot be found`],
    ['of a name in use', () => newUser('alice'), 409, 'PAP5.1201', '`alice`'],
    ['of a field', () => root.listUsersV5(new models.ListUsersV5Request().withLimit(201)), 400, 'PAP5.1102', '`limit`'],
    ['of a policy document', () => root.createPolicyV5(new models.CreatePolicyV5Request().withBody(new models.CreatePolicyReqBody('odd', '{}'))), 400, 'PAP5.0011', 'policy_document'],
    ['of a marker', () => root.listUsersV5(new models.ListUsersV5Request().withMarker('none')), 400, 'PAP5.0010', '`marker`'],
    ['of a wrong secret', () => clientOf({ ...keys.rootA, secretAccessKey: 'x'.repeat(40) }).getAccountSummaryV5(), 401, 'APIGW.0301', ''],
  ])('%s is the exception that the SDK knows', async (_what, call, status, code, message) => {
    expect(await refusalOf(call())).toMatchObject({ httpStatusCode: status, errorCode: code, errorMsg: holding(message), requestId: someText });
  });
});

describe('the SDK and this service', () => {
  const methodOf = (name: string): string => `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  const cloudOperations = operations.filter(({ family, name }) => family === 'iam' && (name.endsWith('V5') || name === 'ShowGroupSummary')).map(({ name }) => methodOf(name));
  const shared = cloudOperations.filter((method) => apiMethods.includes(method));

  it('have these operations in common; this release of the SDK has no summary of groups', () => {
    expect(cloudOperations.filter((method) => !apiMethods.includes(method))).toEqual(['showGroupSummary']);
  });

  it('differ in passwords, which are left out here', async () => {
    const unserved = apiMethods.filter((method) => !shared.includes(method));
    expect(unserved.filter((method) => !/password|login(policy|profile)|tokenpolicy/i.test(method))).toEqual([]);
    expect(await refusalOf(root.showPasswordPolicyV5())).toMatchObject({ httpStatusCode: 404, errorCode: 'APIGW.0101' });
  });

  it('work together in each of them: every one was answered with success above', () => {
    expect(shared.filter((method) => !answered.has(method))).toEqual([]);
  });
});
