// The account as a whole: its summary, the catalogue as it sees it, its features and its signature switch (IAM v5 API §9).
import { accountSummaryResponse, summarize } from '../../../iam/account-summary.js';
import * as asymmetricSignature from '../../../iam/asymmetric-signature.js';
import * as schemas from '../../../iam/authorization-schemas.js';
import * as features from '../../../iam/features.js';
import * as principals from '../../../iam/service-principals.js';
import type { Operation } from '../../operation.js';
import { language } from '../headers.js';
import { legacyOperations } from '../legacy/index.js';
import { oversightOperations } from '../oversight/index.js';
import { simulateOperations } from '../simulate.js';
import { stsOperations } from '../sts.js';
import { iamOperation } from './iam-operation.js';

/** @param iamOperations asked for when a schema is: these operations are among them */
export const accountOperations = (iamOperations: () => readonly Operation[]): readonly Operation[] => [
  iamOperation({
    name: 'GetAccountSummaryV5', method: 'get', path: '/v5/account-summary', summary: 'Shows what the account holds, and how much it may hold',
    action: 'iam::getAccountSummaryV5', refusals: [403], status: 200, response: accountSummaryResponse, decide: summarize,
  }),
  iamOperation({
    name: 'GetAuthorizationSchemaV5', method: 'get', path: '/v5/authorization-schemas/services/{service_code}', summary: 'Shows the actions, resources, condition keys and operations of a service',
    action: null, refusals: [400, 403, 404], parameters: schemas.schemaPath, status: 200, response: schemas.schemaResponse,
    decide: (ground, input) => schemas.get(ground, input, guardedOperations([...stsOperations, ...simulateOperations, ...oversightOperations, ...legacyOperations, ...iamOperations()])),
  }),
  iamOperation({
    name: 'ListRegisteredServicesForAuthSchemaV5', method: 'get', path: '/v5/authorization-schemas/registered-services', summary: 'Lists the services that have an authorization schema',
    action: null, refusals: [400, 403],
    query: schemas.registeredServicesQuery, status: 200, response: schemas.registeredServicesResponse, decide: schemas.listServices,
  }),
  iamOperation({
    name: 'ListServicePrincipalsV5', method: 'get', path: '/v5/service-principals', summary: 'Lists the service principals that agencies can trust',
    action: null, headers: [language], refusals: [400, 403],
    query: principals.servicePrincipalsQuery, status: 200, response: principals.servicePrincipalsResponse, decide: principals.list,
  }),
  iamOperation({
    name: 'GetFeatureStatusV5', method: 'get', path: '/v5/features/{feature_name}', summary: 'Shows whether the account has a feature',
    action: null, refusals: [400, 403, 404],
    parameters: features.featurePath, status: 200, response: features.featureResponse, decide: (_ground, input) => features.get(input),
  }),
  iamOperation({
    name: 'GetAsymmetricSignatureSwitchV5', method: 'get', path: '/v5/asymmetric-signature-switch', summary: 'Shows whether asymmetric signatures are accepted from the account',
    action: 'iam::getAsymmetricSignatureSwitchV5', refusals: [403], status: 200, response: asymmetricSignature.switchResponse, decide: asymmetricSignature.get,
  }),
  iamOperation({
    name: 'SetAsymmetricSignatureSwitchV5', method: 'put', path: '/v5/asymmetric-signature-switch', summary: 'Sets whether asymmetric signatures are accepted from the account',
    action: 'iam::setAsymmetricSignatureSwitchV5', outlasts: true, refusals: [400, 403], body: asymmetricSignature.switchBody, status: 204, decide: asymmetricSignature.set,
  }),
];

const guardedOperations = (operations: readonly Operation[]) => operations.flatMap(({ name, action }) => (action === null ? [] : [{ operationId: name, action }]));
