// Ending sessions: one, by its token, or all that a subject issued.
import * as one from '../../../oversight/revocation/revoke-session.js';
import * as many from '../../../oversight/revocation/revoke-sessions.js';
import * as token from '../../../oversight/revocation/revoke-token.js';
import * as settings from '../../../oversight/session-settings.js';
import { iamOperation } from '../iam/iam-operation.js';
import type { Operation } from '../../operation.js';

export const revocationOperations: readonly Operation[] = [
  iamOperation({
    name: 'RevokeSession', method: 'post', path: '/v1/sessions/{session_id}/revoke', summary: 'Ends a session and all that descends from it',
    action: one.revokeAction, resource: one.revokedResource, refusals: [400, 403, 404],
    parameters: one.sessionPath, body: one.revokeSessionBody, status: 200, response: one.revokeSessionResponse, decide: one.revokeSession,
  }),
  iamOperation({
    name: 'RevokeSessions', method: 'post', path: '/v1/revocations', summary: 'Ends all sessions that an access key, a user, an agency, a source identity or the account issued, with what descends from them',
    action: one.revokeAction, refusals: [400, 403, 409], body: many.revokeSessionsBody, status: 200, response: many.revokeSessionsResponse, decide: many.revokeSessions,
  }),
  iamOperation({
    name: 'RevokeToken', method: 'post', path: '/oauth2/revoke', summary: 'Ends the session of a security token, in the form of RFC 7009',
    action: null, refusals: [400, 403], bodyForm: 'urlencoded', body: token.revokeTokenForm, status: 200, decide: token.revokeToken,
  }),
  iamOperation({
    name: 'GetSessionSettings', method: 'get', path: '/v1/session-settings', summary: 'Shows what ends the sessions of the account beside revocation',
    action: 'sts:sessionSettings:get', refusals: [403], status: 200, response: settings.sessionSettings, decide: settings.getSessionSettings,
  }),
  iamOperation({
    name: 'SetSessionSettings', method: 'put', path: '/v1/session-settings', summary: 'Sets whether disabling or deleting a user or an access key ends the sessions that descend from it',
    action: 'sts:sessionSettings:update', outlasts: true, refusals: [400, 403], body: settings.sessionSettings, status: 200, response: settings.sessionSettings, decide: settings.setSessionSettings,
  }),
];
