// The short way past the routes leads to where the routes lead.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operations } from '../../src/http/app.js';
import { accounts, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { send, signed } from './support.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
});
afterAll(() => service.stop());

const plain = operations.filter(({ path }) => !path.includes('{'));

it.each(plain.map(({ name, method, path }) => [name, method, path] as const))('%s is the first of all routes that its method and its path fit', (name, method, path) => {
  const first = operations.find((operation) => operation.method === method && new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path));
  expect(first?.name).toBe(name);
});

it('a request gets the same answer on the short way and along the routes', async () => {
  const answerTo = (path: string) => send(service, signed(service, keys.alice, { method: 'GET', path }));
  const [short, long] = [await answerTo('/v5/caller-identity'), await answerTo('/v5/caller-identity?')];
  expect(short.status).toBe(200);
  expect([long.status, long.body]).toEqual([short.status, short.body]);
  expect(Object.keys(long.headers).sort()).toEqual(Object.keys(short.headers).sort());
});

it('a path that looks like a route with its parameter is a path like any other', async () => {
  const answer = await send(service, signed(service, keys.alice, { method: 'GET', path: '/v5/agencies/{agency_id}' }));
  expect([400, 401, 403, 404]).toContain(answer.status);
});
