// What registered services fetch to verify, and to decide, by themselves.
import { presentedBody, presentedRequest } from '../../sts/authorize-input.js';
import { derivedKey, derivedKeyAnswer } from '../../sts/derived-key.js';
import { policyBundle, policyBundleAnswer } from '../../sts/policy-bundle.js';
import { operation, type Operation } from '../operation.js';

/** [choice] As with the other operations of relying parties no policy gives these away: being a registered service does. */
export const offlineOperations: readonly Operation[] = [
  operation({
    name: 'GetDerivedKey', family: 'sts', method: 'post', path: '/v1/derived-keys',
    summary: 'Hands a registered service the key with which it verifies the V11 signatures of whoever signed the request that it received',
    authentication: 'signature', action: null, status: 200, refusals: [400, 403],
    body: presentedBody.transform(presentedRequest), response: derivedKeyAnswer,
    handle: (services, caller, input, call) => derivedKey(services, caller, input.body, call),
  }),
  operation({
    name: 'GetPolicyBundle', family: 'sts', method: 'post', path: '/v1/policy-bundles',
    summary: 'Hands a registered service what bounds whoever signed the request that it received, as far as its own actions are concerned',
    authentication: 'signature', action: null, status: 200, refusals: [400, 403],
    body: presentedBody.transform(presentedRequest), response: policyBundleAnswer,
    handle: (services, caller, input, call) => policyBundle(services, caller, input.body, call),
  }),
];
