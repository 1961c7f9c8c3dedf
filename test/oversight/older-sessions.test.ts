// Sessions of the older ways in are seen like all others, and tell which way they came.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { getSessionAnswer, listSessionsAnswer } from '../../src/oversight/sessions/answers.js';
import { accountB, keys } from '../support/accounts.js';
import type { TestService } from '../support/service.js';
import { olderService, operatorKey, withToken } from '../sts/older/support.js';

let service: TestService;
beforeAll(async () => {
  service = await olderService();
});
afterAll(() => service.stop());

const credential = z.object({ credential: z.object({ access: z.string() }) });
const toB = { domain_id: accountB, agency_name: 'to-a' };
const show = async (id: string) => {
  const answer = await service.call(keys.rootB, 'GET', `/v1/sessions/${id}`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return getSessionAnswer.parse(answer.body).session;
};

it('are listed and shown with their way, scope and user, also when only the audit knows them any more', async () => {
  const ask = { auth: { identity: { methods: ['assume_role'], assume_role: { ...toB, duration_seconds: 900, session_user: { name: 'SomeUser' } } } } };
  const ofAgency = credential.parse((await service.call(operatorKey, 'POST', '/v3.0/OS-CREDENTIAL/securitytokens', ask)).body).credential.access;
  const login = await service.call(operatorKey, 'POST', '/v3/auth/tokens', { auth: { identity: { methods: ['assume_role'], assume_role: toB } } });
  expect(login.status).toBe(201);
  const token = login.headers['x-subject-token'];
  const made = await withToken(service, token, 'post', '/v3.0/OS-CREDENTIAL/securitytokens', { auth: { identity: { methods: ['token'], token: { id: token, duration_seconds: 900 } } } });
  const ofToken = credential.parse(made.body).credential.access;

  const { sessions } = listSessionsAnswer.parse((await service.call(keys.rootB, 'GET', '/v1/sessions')).body);
  expect(sessions.map(({ way, scope, session_user_name: user }) => [way, scope, user])).toEqual(expect.arrayContaining([
    ['legacy-keys', undefined, 'SomeUser'], ['legacy-token', 'domain', undefined], ['legacy-keys', 'domain', undefined],
  ]));
  const before = await Promise.all([show(ofAgency), show(ofToken)]);
  expect(before).toMatchObject([{ source: 'record', session_user_name: 'SomeUser' }, { source: 'record', way: 'legacy-keys', depth: 2 }]);

  const { names } = service.composition;
  await service.redis.del(names.session(ofAgency), names.session(ofToken));
  const after = await Promise.all([show(ofAgency), show(ofToken)]);
  expect(after).toMatchObject(before.map(({ session_id, urn, agency_urn, agency_session_name, expires_at, depth }) => ({ source: 'audit', session_id, urn, agency_urn, agency_session_name, expires_at, depth })));
});
