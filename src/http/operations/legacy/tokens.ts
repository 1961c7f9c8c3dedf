// The operations on tokens and temporary keys of the older system.
import { createKeys, createKeysBody, keysAnswer } from '../../../sts/older/create-keys.js';
import { createToken, createTokenBody, subjectTokenHeader } from '../../../sts/older/create-token.js';
import { checkToken, revokeSubjectToken, showToken } from '../../../sts/older/subject-token.js';
import { tokenAnswer } from '../../../sts/older/token-answer.js';
import { operation, type Operation } from '../../operation.js';

const subjectToken = { name: subjectTokenHeader, description: 'the token that is asked about; signed where the request is' };
const issuedToken = { name: subjectTokenHeader, description: 'the token' };
const onTokens = { family: 'keystone', path: '/v3/auth/tokens', authentication: 'signature', action: null } as const;

export const tokenOperations: readonly Operation[] = [
  operation({
    ...onTokens, name: 'KeystoneCreateToken', method: 'post', authentication: 'login', summary: 'Makes a token of an agency for who may switch to it, or of a user for who has its password',
    status: 201, refusals: [400, 403, 404], answerHeaders: [issuedToken], body: createTokenBody, response: tokenAnswer,
    handle: (services, caller, input, call) => createToken(services, caller, input.body, call),
  }),
  // Before GET, whose handler Express would give it.
  operation({
    ...onTokens, name: 'KeystoneCheckToken', method: 'head', summary: 'Tells whether a token is good', status: 200, refusals: [400, 404], headers: [subjectToken],
    handle: (services, caller, _input, call) => checkToken(services, caller, call),
  }),
  operation({
    ...onTokens, name: 'KeystoneValidateToken', method: 'get', summary: 'Tells what a token says', status: 200, refusals: [400, 404], headers: [subjectToken], answerHeaders: [issuedToken], response: tokenAnswer,
    handle: (services, caller, _input, call) => showToken(services, caller, call),
  }),
  operation({
    ...onTokens, name: 'KeystoneRevokeToken', method: 'delete', summary: 'Ends a token, and all that descends from it', status: 204, refusals: [400, 403, 404], headers: [subjectToken],
    handle: (services, caller, _input, call) => revokeSubjectToken(services, caller, call),
  }),
  operation({
    name: 'CreateTemporaryAccessKey', family: 'legacy', method: 'post', path: '/v3.0/OS-CREDENTIAL/securitytokens', authentication: 'signature', action: null,
    summary: 'Makes temporary keys of an agency for who may switch to it, or from a token',
    status: 201, refusals: [400, 403, 404], body: createKeysBody, response: keysAnswer,
    handle: (services, caller, input, call) => createKeys(services, caller, input.body, call),
  }),
];
