// Our own operation beside those of the cloud: what would be decided, and why.
import { simulateAnswer } from '../../sts/simulate-answer.js';
import { simulateBody, simulationQuestion } from '../../sts/simulate-input.js';
import { simulateAction, simulatePolicies } from '../../sts/simulate-policies.js';
import { operation, type Operation } from '../operation.js';

export const simulateOperations: readonly Operation[] = [
  operation({
    name: 'SimulatePolicies', family: 'sts', method: 'post', path: '/v1/simulate',
    summary: 'Tells what the policies of the caller\'s account would decide, and why',
    authentication: 'signature', action: simulateAction, status: 200, refusals: [400, 403, 404],
    body: simulateBody.transform(simulationQuestion), response: simulateAnswer,
    handle: (services, caller, input, call) => Promise.resolve(simulatePolicies(services, caller, input.body, call)),
  }),
];
