// The operator's operations, our own: accounts, their service control policies, and registered services.
import type { z } from 'zod';
import * as accounts from '../../iam/operator/accounts.js';
import { callAsOperator, type OperatorCall } from '../../iam/operator/operator-call.js';
import * as services from '../../iam/operator/registered-services.js';
import * as serviceControlPolicies from '../../iam/operator/service-control-policies.js';
import { operation, type Input, type Operation } from '../operation.js';

const anAccount = '/v1/accounts/{account_id}';
const aService = '/v1/services/{service_principal}';

type OperatorOperation<Path extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Answer extends z.ZodType> =
  Omit<Operation<Path, Query, Body, Answer>, 'family' | 'authentication' | 'handle' | 'refine'>
  & OperatorCall<Input<z.output<Path>, z.output<Query>, z.output<Body>>, z.input<Answer>>;

/** [choice] Actions of these names are asked of no policy: the operator's account is the guard. */
function operatorOperation<Path extends z.ZodType = z.ZodUndefined, Query extends z.ZodType = z.ZodUndefined, Body extends z.ZodType = z.ZodUndefined, Answer extends z.ZodType = z.ZodUndefined>(
  { accountId, decide, ...declared }: OperatorOperation<Path, Query, Body, Answer>,
): Operation {
  return operation<Path, Query, Body, Answer>({
    ...declared, family: 'iam', authentication: 'signature',
    handle: (services, caller, input, call) => callAsOperator({ accountId, decide }, services, caller, input, call),
  });
}

const ofPath = ({ path }: { readonly path: { readonly account_id: string } }): string => path.account_id;

export const operatorOperations: readonly Operation[] = [
  operatorOperation({
    name: 'CreateAccount', method: 'post', path: '/v1/accounts', summary: 'Creates an account, and an access key of its root user',
    action: 'operator:accounts:create', refusals: [400, 403, 409], body: accounts.createAccountBody, status: 201, response: accounts.newAccountResponse, decide: accounts.create,
  }),
  operatorOperation({
    name: 'ListAccounts', method: 'get', path: '/v1/accounts', summary: 'Lists the accounts, in the order of their ids',
    action: 'operator:accounts:list', refusals: [400, 403], query: accounts.listAccountsQuery, status: 200, response: accounts.accountsResponse, decide: accounts.list,
  }),
  operatorOperation({
    name: 'GetAccount', method: 'get', path: anAccount, summary: 'Shows an account, with its quotas',
    action: 'operator:accounts:get', refusals: [400, 403, 404], parameters: accounts.accountPath, status: 200, response: accounts.accountResponse, accountId: ofPath, decide: accounts.get,
  }),
  operatorOperation({
    name: 'UpdateAccount', method: 'put', path: anAccount, summary: 'Changes the name, the quotas or the asymmetric signature switch of an account',
    action: 'operator:accounts:update', refusals: [400, 403, 404], parameters: accounts.accountPath, body: accounts.updateAccountBody, status: 200, response: accounts.accountResponse, accountId: ofPath, decide: accounts.update,
  }),
  operatorOperation({
    name: 'DeleteAccount', method: 'delete', path: anAccount, summary: 'Deletes an account with all it owns; its sessions end, and its id is never used again',
    action: 'operator:accounts:delete', refusals: [400, 403, 404], parameters: accounts.accountPath, status: 204, accountId: ofPath, decide: accounts.remove,
  }),
  operatorOperation({
    name: 'GetServiceControlPolicies', method: 'get', path: `${anAccount}/service-control-policies`, summary: 'Shows the service control policies that bind an account; null: no organization',
    action: 'operator:serviceControlPolicies:get', refusals: [400, 403, 404], parameters: accounts.accountPath,
    status: 200, response: serviceControlPolicies.serviceControlPoliciesResponse, accountId: ofPath, decide: serviceControlPolicies.get,
  }),
  operatorOperation({
    name: 'PutServiceControlPolicies', method: 'put', path: `${anAccount}/service-control-policies`, summary: 'Replaces the service control policies that bind an account; null: no organization',
    action: 'operator:serviceControlPolicies:put', refusals: [400, 403, 404], parameters: accounts.accountPath, body: serviceControlPolicies.putServiceControlPoliciesBody,
    status: 200, response: serviceControlPolicies.serviceControlPoliciesResponse, accountId: ofPath, decide: serviceControlPolicies.put,
  }),
  operatorOperation({
    name: 'RegisterService', method: 'post', path: '/v1/services', summary: 'Registers a service, and creates its first access key',
    action: 'operator:services:register', refusals: [400, 403, 409], body: services.registerServiceBody, status: 201, response: services.newServiceResponse, decide: services.register,
  }),
  operatorOperation({
    name: 'ListServices', method: 'get', path: '/v1/services', summary: 'Lists the registered services, in the order of their registration',
    action: 'operator:services:list', refusals: [400, 403], query: services.listQuery, status: 200, response: services.servicesResponse, decide: services.list,
  }),
  operatorOperation({
    name: 'DeleteService', method: 'delete', path: aService, summary: 'Deletes a registered service with its access keys',
    action: 'operator:services:delete', refusals: [400, 403, 404], parameters: services.servicePath, status: 204, decide: services.remove,
  }),
  operatorOperation({
    name: 'CreateServiceAccessKey', method: 'post', path: `${aService}/access-keys`, summary: 'Creates an access key of a registered service, two at most',
    action: 'operator:services:createAccessKey', refusals: [400, 403, 404, 409], parameters: services.servicePath, status: 201, response: services.newServiceKeyResponse, decide: services.createKey,
  }),
  operatorOperation({
    name: 'ListServiceAccessKeys', method: 'get', path: `${aService}/access-keys`, summary: 'Lists the access keys of a registered service',
    action: 'operator:services:listAccessKeys', refusals: [400, 403, 404], parameters: services.servicePath, query: services.listQuery, status: 200, response: services.serviceKeysResponse, decide: services.listKeys,
  }),
  operatorOperation({
    name: 'DeleteServiceAccessKey', method: 'delete', path: `${aService}/access-keys/{access_key_id}`, summary: 'Deletes an access key of a registered service',
    action: 'operator:services:deleteAccessKey', refusals: [400, 403, 404], parameters: services.serviceKeyPath, status: 204, decide: services.removeKey,
  }),
];
