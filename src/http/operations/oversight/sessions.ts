// Sessions to be seen by the accounts that are a party to them.
import * as answers from '../../../oversight/sessions/answers.js';
import * as descendants from '../../../oversight/sessions/descendants.js';
import { listSessionsQuery } from '../../../oversight/sessions/filters.js';
import { anySessionPath, sessionResource } from '../../../oversight/sessions/find-session.js';
import { getSession } from '../../../oversight/sessions/get.js';
import { listSessions } from '../../../oversight/sessions/list.js';
import type { Operation } from '../../operation.js';
import { iamOperation } from '../iam/iam-operation.js';

export const sessionOperations: readonly Operation[] = [
  iamOperation({
    name: 'ListSessions', method: 'get', path: '/v1/sessions', summary: 'Lists the sessions of the agencies of the account, and those that its principals assumed elsewhere, newest first',
    action: 'sts:sessions:list', refusals: [400, 403],
    query: listSessionsQuery, status: 200, response: answers.listSessionsAnswer, decide: listSessions,
  }),
  iamOperation({
    name: 'GetSession', method: 'get', path: '/v1/sessions/{session_id}', summary: 'Shows a session with its chain up to the long-term key, what narrows it and what became of it',
    action: 'sts:sessions:get', resource: sessionResource, refusals: [403, 404],
    parameters: anySessionPath, status: 200, response: answers.getSessionAnswer, decide: getSession,
  }),
  iamOperation({
    name: 'ListSessionDescendants', method: 'get', path: '/v1/sessions/{session_id}/descendants', summary: 'Lists the sessions that descend from a session, breadth first',
    action: 'sts:sessions:get', resource: sessionResource, refusals: [400, 403, 404],
    parameters: anySessionPath, query: descendants.listDescendantsQuery, status: 200, response: answers.listDescendantsAnswer, decide: descendants.listDescendants,
  }),
];
