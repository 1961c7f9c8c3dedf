// Identity policies and their versions (IAM v5 API §4).
import type { Snapshot } from '../../../directory/snapshot.js';
import * as policies from '../../../iam/policies.js';
import { policyResource } from '../../../iam/policy-view.js';
import * as versions from '../../../iam/policy-versions.js';
import type { Resource } from '../../../sts/own-action.js';
import type { Operation } from '../../operation.js';
import { language } from '../headers.js';
import { iamOperation } from './iam-operation.js';

const named = (account: Snapshot, { path }: { readonly path: { readonly policy_id: string } }): Resource => policyResource(account, path.policy_id);

export const policyOperations: readonly Operation[] = [
  iamOperation({
    name: 'CreatePolicyV5', method: 'post', path: '/v5/policies', summary: 'Creates a custom identity policy; its document is version v1, the default',
    action: 'iam:policies:createV5', resource: policies.newPolicyResource, outlasts: true, refusals: [400, 403, 409],
    body: policies.createPolicyBody, status: 201, response: policies.policyResponse, decide: policies.create,
  }),
  iamOperation({
    name: 'ListPoliciesV5', method: 'get', path: '/v5/policies', summary: 'Lists identity policies: custom ones in the order of their creation, then system policies by name',
    action: 'iam:policies:listV5', resource: policies.everyPolicy, headers: [language], refusals: [400, 403],
    query: policies.listPoliciesQuery, status: 200, response: policies.policiesResponse, decide: policies.list,
  }),
  iamOperation({
    name: 'GetPolicyV5', method: 'get', path: '/v5/policies/{policy_id}', summary: 'Shows an identity policy, without a document: those are of its versions',
    action: 'iam:policies:getV5', resource: named, headers: [language], refusals: [400, 403, 404],
    parameters: policies.policyPath, status: 200, response: policies.policyResponse, decide: policies.get,
  }),
  iamOperation({
    name: 'DeletePolicyV5', method: 'delete', path: '/v5/policies/{policy_id}', summary: 'Deletes a custom identity policy that is attached to nothing',
    // What a deleted policy denied, it no longer denies to the sessions that are narrowed by it.
    action: 'iam:policies:deleteV5', resource: named, outlasts: true, refusals: [400, 403, 404, 409],
    parameters: policies.policyPath, status: 204, decide: policies.remove,
  }),
  iamOperation({
    name: 'CreatePolicyVersionV5', method: 'post', path: '/v5/policies/{policy_id}/versions', summary: 'Adds a version to a custom identity policy',
    action: 'iam:policies:createVersionV5', resource: named, outlasts: true, refusals: [400, 403, 404, 409],
    parameters: policies.policyPath, body: versions.createVersionBody, status: 201, response: versions.versionResponse, decide: versions.create,
  }),
  iamOperation({
    name: 'ListPolicyVersionsV5', method: 'get', path: '/v5/policies/{policy_id}/versions', summary: 'Lists the versions of an identity policy, newest first',
    action: 'iam:policies:listVersionsV5', resource: named, refusals: [400, 403, 404],
    parameters: policies.policyPath, query: versions.listVersionsQuery, status: 200, response: versions.versionsResponse, decide: versions.list,
  }),
  iamOperation({
    name: 'GetPolicyVersionV5', method: 'get', path: '/v5/policies/{policy_id}/versions/{version_id}', summary: 'Shows a version of an identity policy, with its document',
    action: 'iam:policies:getVersionV5', resource: named, refusals: [400, 403, 404],
    parameters: versions.versionPath, status: 200, response: versions.versionResponse, decide: versions.get,
  }),
  iamOperation({
    name: 'DeletePolicyVersionV5', method: 'delete', path: '/v5/policies/{policy_id}/versions/{version_id}', summary: 'Deletes a version of a custom identity policy that is not the default',
    action: 'iam:policies:deleteVersionV5', resource: named, refusals: [400, 403, 404, 409],
    parameters: versions.versionPath, status: 204, decide: versions.remove,
  }),
  iamOperation({
    name: 'SetDefaultPolicyVersionV5', method: 'post', path: '/v5/policies/{policy_id}/versions/{version_id}/set-default', summary: 'Makes a version the one that a custom identity policy grants by',
    action: 'iam:policies:setDefaultVersionV5', resource: named, outlasts: true, refusals: [400, 403, 404],
    parameters: versions.versionPath, status: 200, decide: versions.setDefault,
  }),
];
