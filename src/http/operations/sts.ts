// The STS operations.
import { z } from 'zod';
import { assumeAgency, withMessage } from '../../sts/assume-agency.js';
import { assumeAgencyBody, assumeAgencyInput } from '../../sts/assume-agency-input.js';
import { assumeHeaders } from '../../sts/assume-headers.js';
import { assumeAction } from '../../sts/assume-decisions.js';
import { getCallerIdentity } from '../../sts/caller-identity.js';
import { decodeAction, decodeBody, decodeMessage } from '../../sts/decode-authorization-message.js';
import { operation, type Operation } from '../operation.js';
import { onBehalfOf } from './headers.js';

export const stsOperations: readonly Operation[] = [
  operation({
    name: 'AssumeAgency', family: 'sts', method: 'post', path: '/v5/agencies/assume',
    summary: 'Exchanges the caller\'s credentials for temporary credentials of an agency',
    authentication: 'signature', action: assumeAction, headers: onBehalfOf, answerHeaders: assumeHeaders, status: 200, refusals: [400, 403, 404],
    body: assumeAgencyBody.transform(assumeAgencyInput),
    response: z.object({
      source_identity: z.string().optional(),
      assumed_agency: z.object({ urn: z.string(), id: z.string() }),
      credentials: z.object({ access_key_id: z.string(), secret_access_key: z.string(), security_token: z.string(), expiration: z.string() }),
    }),
    handle: (services, caller, input, call) => assumeAgency(services, caller, input.body, call),
    refine: (services, caller, input, error) => withMessage(services, caller, input.body.agencyUrn, error),
  }),
  operation({
    name: 'GetCallerIdentity', family: 'sts', method: 'get', path: '/v5/caller-identity',
    summary: 'Tells who is calling',
    authentication: 'signature', action: null, status: 200, refusals: [],
    response: z.object({ account_id: z.string(), principal_urn: z.string(), principal_id: z.string() }),
    handle: (_services, caller) => Promise.resolve(getCallerIdentity(caller)),
  }),
  operation({
    name: 'DecodeAuthorizationMessage', family: 'sts', method: 'post', path: '/v5/decode-authorization-message',
    summary: 'Decodes the reason of a denial that was issued for the caller\'s account',
    authentication: 'signature', action: decodeAction, status: 200, refusals: [400, 403],
    body: decodeBody,
    response: z.object({ decoded_message: z.string() }),
    handle: (services, caller, input, call) => Promise.resolve(decodeMessage(services, caller, input.body.encoded_message, call)),
  }),
];
