// What registered services ask about requests and tokens that they received.
import { authorizeRequests } from '../../sts/authorize.js';
import { authorizeAnswer } from '../../sts/authorize-answer.js';
import { authorizeBody, forwardedRequests } from '../../sts/authorize-input.js';
import { introspectAnswer, introspectForm, introspectToken } from '../../sts/introspect.js';
import { operation, type Operation } from '../operation.js';

/** [choice] No policy gives these operations away: being a registered service does. */
export const relyingPartyOperations: readonly Operation[] = [
  operation({
    name: 'Authorize', family: 'sts', method: 'post', path: '/v1/authorize',
    summary: 'Tells a registered service who signed the requests that it received, and whether they may do what they ask for',
    authentication: 'signature', action: null, status: 200, refusals: [400, 403],
    body: authorizeBody.transform(forwardedRequests), response: authorizeAnswer,
    handle: (services, caller, input, call) => authorizeRequests(services, caller, input.body, call),
  }),
  operation({
    name: 'IntrospectToken', family: 'sts', method: 'post', path: '/oauth2/introspect',
    summary: 'Tells a registered service whether a security token is that of a living session, in the form of RFC 7662',
    authentication: 'signature', action: null, status: 200, refusals: [400], bodyForm: 'urlencoded',
    body: introspectForm, response: introspectAnswer,
    handle: (services, caller, input, call) => introspectToken(services, caller, input.body.token, call),
  }),
];
