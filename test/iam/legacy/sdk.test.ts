// The official IAM SDK of the older API, unmodified, drives agencies, roles, grants and what it looks up by itself.
import * as models from '@huaweicloud/huaweicloud-sdk-iam/v3/public-api.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountB, accounts, keys } from '../../support/accounts.js';
import { iamV3Client } from '../../support/iam-v3-sdk.js';
import { startService, type TestService } from '../../support/service.js';
import { absentId, like } from '../managed.js';
import { refusalOf, textIn } from '../sdk-answers.js';

let service: TestService;
let root: models.IamClient;
/** It fills the project of its region into the paths. */
let inProject: models.IamClient;
beforeAll(async () => {
  service = await startService(accounts, { STS_REGIONS: 'cn-north-4,cn-east-3' });
  // The SDK signs with the time of the machine.
  service.clock.set(Date.now());
  root = iamV3Client(service.url, keys.rootA);
  inProject = iamV3Client(service.url, keys.rootA, 'basic', 'cn-east-3');
});
afterAll(() => service.stop());

const someId = like(/^[0-9a-f]{32}$/);
const someTime = like(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
const create = (name: string, trusted: string): Promise<models.CreateAgencyResponse> => root.createAgency(new models.CreateAgencyRequest().withBody(
  new models.CreateAgencyRequestBody(new models.CreateAgencyOption(name, accountA).withTrustDomainName(trusted).withDescription('by the SDK')),
));
/** As a script resolves a role: by the name that people know. */
async function roleNamed(displayName: string): Promise<string> {
  const { roles } = await root.keystoneListPermissions(new models.KeystoneListPermissionsRequest().withDisplayName(displayName));
  expect(roles).toHaveLength(1);
  return roles?.[0]?.id ?? '';
}
async function projectOf(region: string): Promise<string> {
  const { projects } = await root.keystoneListProjects(new models.KeystoneListProjectsRequest().withName(region));
  return projects?.[0]?.id ?? '';
}

describe('the SDK looks up', () => {
  it('the account of its keys, and the project of its region', async () => {
    const before = (await service.events(accountA)).length;
    const project = await projectOf('cn-east-3');
    expect(await iamV3Client(service.url, keys.rootB, 'basic', 'cn-east-3').keystoneListRegions(new models.KeystoneListRegionsRequest())).toMatchObject({ regions: [{ id: 'cn-north-4', type: 'public' }, { id: 'cn-east-3' }] });
    expect((await service.events(accountA)).slice(before).map(({ operation }) => operation)).toEqual(['KeystoneListAuthDomains', 'KeystoneListProjects']);
    expect((await service.events(accountB)).map(({ operation }) => operation)).toEqual(['KeystoneListProjects', 'KeystoneListRegions']);
    expect(await inProject.keystoneShowProject(new models.KeystoneShowProjectRequest())).toMatchObject({ project: { id: project, name: 'cn-east-3', domain_id: accountA, parent_id: accountA, is_domain: false, enabled: true } });
    expect(await root.keystoneListAuthProjects(new models.KeystoneListAuthProjectsRequest())).toMatchObject({ projects: [{ name: 'cn-east-3' }, { name: 'cn-north-4' }] });
    expect(await root.keystoneListAuthDomains(new models.KeystoneListAuthDomainsRequest())).toMatchObject({ domains: [{ id: accountA, name: 'account-a', enabled: true }] });
  });
});

describe('agencies', () => {
  it('are created, listed, shown, changed and deleted', async () => {
    const created = await create('made', 'account-b');
    const agency = {
      id: someId, name: 'made', domain_id: accountA, trust_domain_id: accountB, description: 'by the SDK', duration: 'FOREVER', create_time: someTime, expire_time: null,
      agency_urn: `iam::${accountA}:agency:made`,
    };
    expect(created).toEqual({ httpStatusCode: 201, agency });
    const id = textIn(created, 'agency', 'id');
    const read = { ...agency, trust_domain_name: 'account-b' };
    expect(await root.showAgency(new models.ShowAgencyRequest(id))).toEqual({ httpStatusCode: 200, agency: read });
    expect(await root.listAgencies(new models.ListAgenciesRequest(accountA).withName('made').withTrustDomainId(accountB).withPage(1).withPerPage(10))).toEqual({ httpStatusCode: 200, agencies: [read] });

    const change = new models.UpdateAgencyOption().withDescription('other').withTrustDomainName('account-c').withDuration(20 as unknown as object);
    expect(await root.updateAgency(new models.UpdateAgencyRequest(id).withBody(new models.UpdateAgencyRequestBody(change)))).toMatchObject({
      agency: { description: 'other', trust_domain_name: 'account-c', duration: '480', expire_time: someTime },
    });
    expect(await root.deleteAgency(new models.DeleteAgencyRequest(id))).toEqual({ httpStatusCode: 204 });
    expect(await refusalOf(root.showAgency(new models.ShowAgencyRequest(id)))).toMatchObject({ httpStatusCode: 404, errorCode: 'IAM.0004' });
  });

  it('count in the quota that all agencies share', async () => {
    const { quotas } = await root.showDomainQuota(new models.ShowDomainQuotaRequest(accountA).withType('agency'));
    expect(quotas?.resources).toEqual([{ type: 'agency', used: 5, quota: 50, min: 0, max: 5000 }]);
  });
});

describe('roles', () => {
  it('are custom ones too: created, listed, shown, changed and deleted', async () => {
    const document = new models.ServicePolicy('1.1', [new models.ServiceStatement(['obs:object:GetObject'], 'Allow').withResource(['OBS:*:*:object:*'])]);
    const created = await root.createCloudServiceCustomPolicy(new models.CreateCloudServiceCustomPolicyRequest().withBody(
      new models.CreateCloudServiceCustomPolicyRequestBody(new models.ServicePolicyRoleOption('read objects', 'AX', 'reads', document)),
    ));
    const id = textIn(created, 'role', 'id');
    expect(created).toMatchObject({ httpStatusCode: 201, role: { id: someId, display_name: 'read objects', type: 'AX', catalog: 'CUSTOMED', domain_id: accountA, policy: { Version: '1.1', Statement: [{ Action: ['obs:object:GetObject'], Effect: 'Allow' }] } } });
    expect(await root.listCustomPolicies(new models.ListCustomPoliciesRequest())).toMatchObject({ total_number: 1, roles: [{ id }] });
    expect(await root.keystoneListPermissions(new models.KeystoneListPermissionsRequest().withDomainId(accountA).withDisplayName('read objects'))).toMatchObject({ roles: [{ id }] });
    const changed = new models.ServicePolicyRoleOption('read objects', 'AX', 'reads all', document);
    expect(await root.updateCloudServiceCustomPolicy(new models.UpdateCloudServiceCustomPolicyRequest(id).withBody(new models.UpdateCloudServiceCustomPolicyRequestBody(changed)))).toMatchObject({ role: { description: 'reads all' } });
    expect(await root.showCustomPolicy(new models.ShowCustomPolicyRequest(id))).toMatchObject({ role: { id, description: 'reads all' } });
    expect(await root.deleteCustomPolicy(new models.DeleteCustomPolicyRequest(id))).toEqual({ httpStatusCode: 200 });
    expect(await refusalOf(root.keystoneShowPermission(new models.KeystoneShowPermissionRequest(id)))).toMatchObject({ httpStatusCode: 404, errorCode: 404 });
  });

  it('are granted to an agency for every scope, looked for, listed and taken away', async () => {
    const agency = textIn(await create('granted', 'op_svc_ims'), 'agency', 'id');
    const [copy, operator] = [await roleNamed('IMS CrossCopyAgencyPolicy'), await roleNamed('IAM ReadOnlyAccess')];
    const done = { httpStatusCode: 204 };

    expect(await root.associateAgencyWithDomainPermission(new models.AssociateAgencyWithDomainPermissionRequest(accountA, agency, operator))).toEqual(done);
    expect(await root.checkDomainPermissionForAgency(new models.CheckDomainPermissionForAgencyRequest(accountA, agency, operator))).toEqual(done);
    expect(await root.listDomainPermissionsForAgency(new models.ListDomainPermissionsForAgencyRequest(accountA, agency))).toMatchObject({ roles: [{ id: operator, display_name: 'IAM ReadOnlyAccess', flag: 'fine_grained' }] });

    expect(await refusalOf(inProject.checkProjectPermissionForAgency(new models.CheckProjectPermissionForAgencyRequest(agency, copy)))).toMatchObject({ httpStatusCode: 404 });
    expect(await inProject.associateAgencyWithProjectPermission(new models.AssociateAgencyWithProjectPermissionRequest(agency, copy))).toEqual(done);
    expect(await inProject.checkProjectPermissionForAgency(new models.CheckProjectPermissionForAgencyRequest(agency, copy))).toEqual(done);
    expect(await inProject.listProjectPermissionsForAgency(new models.ListProjectPermissionsForAgencyRequest(agency))).toMatchObject({ roles: [{ id: copy, domain_id: null }] });

    expect(await root.associateAgencyWithAllProjectsPermission(new models.AssociateAgencyWithAllProjectsPermissionRequest(agency, accountA, copy))).toEqual(done);
    expect(await root.checkAllProjectsPermissionForAgency(new models.CheckAllProjectsPermissionForAgencyRequest(agency, accountA, copy))).toEqual(done);
    expect(await root.listAllProjectsPermissionsForAgency(new models.ListAllProjectsPermissionsForAgencyRequest(agency, accountA))).toMatchObject({ roles: [{ id: copy }] });

    const assignments = [new models.CreateAgencyEpPolicyAssignmentReqBodyRoleAssignments(agency, '0', copy)];
    expect(await root.associateRoleToAgencyOnEnterpriseProject(new models.AssociateRoleToAgencyOnEnterpriseProjectRequest('application/json').withBody(new models.CreateAgencyEpPolicyAssignmentReqBody(assignments)))).toEqual(done);

    expect(await root.showDomainRoleAssignments(new models.ShowDomainRoleAssignmentsRequest(accountA).withSubjectAgencyId(agency))).toMatchObject({ total_num: 4 });
    expect(await root.revokeRoleFromAgencyOnEnterpriseProject(new models.RevokeRoleFromAgencyOnEnterpriseProjectRequest('application/json').withBody(new models.CreateOrDelAgencyEpPolicyAssignmentReqBody(assignments)))).toEqual(done);
    expect(await root.removeAllProjectsPermissionFromAgency(new models.RemoveAllProjectsPermissionFromAgencyRequest(agency, accountA, copy))).toEqual(done);
    expect(await inProject.removeProjectPermissionFromAgency(new models.RemoveProjectPermissionFromAgencyRequest(agency, copy))).toEqual(done);
    expect(await root.removeDomainPermissionFromAgency(new models.RemoveDomainPermissionFromAgencyRequest(accountA, agency, operator))).toEqual(done);
    expect(await root.showDomainRoleAssignments(new models.ShowDomainRoleAssignmentsRequest(accountA).withSubjectAgencyId(agency))).toMatchObject({ total_num: 0, role_assignments: [] });
    expect(await refusalOf(root.removeDomainPermissionFromAgency(new models.RemoveDomainPermissionFromAgencyRequest(accountA, agency, absentId)))).toMatchObject({ httpStatusCode: 404, errorCode: 'IAM.0004' });
  });

  it('are granted to a group for every scope, so that its users have them', async () => {
    const group = textIn((await service.call(keys.rootA, 'POST', '/v5/groups', { group_name: 'granted' })).body, 'group', 'group_id');
    const [operator, administrator] = [await roleNamed('Agent Operator'), await roleNamed('IMS Administrator')];
    const done = { httpStatusCode: 204 };
    expect(await root.keystoneAssociateGroupWithDomainPermission(new models.KeystoneAssociateGroupWithDomainPermissionRequest(accountA, group, operator))).toEqual(done);
    expect(await root.keystoneCheckDomainPermissionForGroup(new models.KeystoneCheckDomainPermissionForGroupRequest(accountA, group, operator))).toEqual(done);
    expect(await root.keystoneListDomainPermissionsForGroup(new models.KeystoneListDomainPermissionsForGroupRequest(accountA, group))).toMatchObject({ roles: [{ id: operator, name: 'te_agency' }] });
    expect(await inProject.keystoneAssociateGroupWithProjectPermission(new models.KeystoneAssociateGroupWithProjectPermissionRequest(group, administrator))).toEqual(done);
    expect(await inProject.keystoneCheckProjectPermissionForGroup(new models.KeystoneCheckProjectPermissionForGroupRequest(group, administrator))).toEqual(done);
    expect(await inProject.keystoneListProjectPermissionsForGroup(new models.KeystoneListProjectPermissionsForGroupRequest(group))).toMatchObject({ roles: [{ id: administrator }] });
    expect(await root.updateDomainGroupInheritRole(new models.UpdateDomainGroupInheritRoleRequest(accountA, group, administrator))).toEqual(done);
    expect(await root.keystoneCheckroleForGroup(new models.KeystoneCheckroleForGroupRequest(accountA, group, administrator))).toEqual(done);
    expect(await root.keystoneListAllProjectPermissionsForGroup(new models.KeystoneListAllProjectPermissionsForGroupRequest(accountA, group))).toMatchObject({ roles: [{ id: administrator }] });
    expect(await root.associateRoleToGroupOnEnterpriseProject(new models.AssociateRoleToGroupOnEnterpriseProjectRequest('0', group, administrator))).toEqual(done);
    expect(await root.listRolesForGroupOnEnterpriseProject(new models.ListRolesForGroupOnEnterpriseProjectRequest('0', group))).toMatchObject({ roles: [{ id: administrator }] });
    expect(await root.listEnterpriseProjectsForGroup(new models.ListEnterpriseProjectsForGroupRequest(group))).toMatchObject({ 'enterprise-projects': [{ project_id: '0' }] });
    expect(await root.listGroupsForEnterpriseProject(new models.ListGroupsForEnterpriseProjectRequest('0'))).toMatchObject({ groups: [{ group_id: group }] });
    expect(await root.showDomainRoleAssignments(new models.ShowDomainRoleAssignmentsRequest(accountA).withSubject('group').withPage(1).withPerPage(3))).toMatchObject({ total_num: 4, role_assignments: [{ group: { id: group } }, {}, {}] });

    expect(await root.revokeRoleFromGroupOnEnterpriseProject(new models.RevokeRoleFromGroupOnEnterpriseProjectRequest('0', group, administrator))).toEqual(done);
    expect(await root.deleteDomainGroupInheritedRole(new models.DeleteDomainGroupInheritedRoleRequest(accountA, group, administrator))).toEqual(done);
    expect(await inProject.keystoneRemoveProjectPermissionFromGroup(new models.KeystoneRemoveProjectPermissionFromGroupRequest(group, administrator))).toEqual(done);
    expect(await root.keystoneRemoveDomainPermissionFromGroup(new models.KeystoneRemoveDomainPermissionFromGroupRequest(accountA, group, operator))).toEqual(done);
    expect(await refusalOf(root.keystoneCheckDomainPermissionForGroup(new models.KeystoneCheckDomainPermissionForGroupRequest(accountA, group, operator)))).toMatchObject({ httpStatusCode: 404 });
  });
});
