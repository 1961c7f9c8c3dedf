// The example of a resource service: run against the real token service, under the official SDK's signer and our own.
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BasicCredentials } from '@huaweicloud/huaweicloud-sdk-core';
import { HcClient } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js';
import { DefaultHttpClient } from '@huaweicloud/huaweicloud-sdk-core/http/DefaultHttpClient.js';
import { Logger4jInstance } from '@huaweicloud/huaweicloud-sdk-core/logger/log4jLogger.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allow, policy, trust } from '../support/accounts.js';
import { credentialsOf, startService, type Credentials, type TestService } from '../support/service.js';
import { signRequest, type SignatureAlgorithm } from '../../src/signing/index.js';
import { createVerifier, type Verifier } from '../../src/verify/index.js';

// Its client logs every refusal.
Logger4jInstance.level = 'off';
const folder = new URL('../../examples/object-store/', import.meta.url);
const issuer = 'https://sts.example.com';
const reports = 'iam::0000000000000000000000000000b0b0:agency:reports';
const alice: Credentials = { accessKeyId: 'HPUAEXAMPLEALICE0000', secretAccessKey: 'example-secret-of-alice-change-it-000000' };
const ownKey = { accessKeyId: 'HPUAEXAMPLESTORE0000', secretAccessKey: 'example-secret-of-store-change-it-000000' };
const modes = ['online', 'offline'] as const;

let service: TestService;
const servers = new Map<string, Server>();
beforeAll(async () => {
  const { accounts: [acme, ...others], ...rest } = JSON.parse(await readFile(new URL('bootstrap.json', folder), 'utf8')) as { accounts: { policies: object[] }[] };
  // Of the same installation, and not of the example: who may do everything with objects, in his own account.
  const policies = [...(acme?.policies ?? []), { policy_name: 'objects', policy_document: policy(allow('obs:*:*')) }];
  const agencies = [{ agency_name: 'everything', trust_policy: trust({ IAM: ['0000000000000000000000000000acce'] }), attached_policies: ['objects'] }];
  service = await startService({ ...rest, accounts: [{ ...acme, policies, agencies }, ...others] }, { STS_ISSUER: issuer });
  // The official SDK signs with the time of the machine.
  service.clock.set(Date.now());
  const store = new URL('store.mjs', folder).pathname;
  const { objectStore } = (await import(store)) as { objectStore: (verifier: Verifier) => RequestListener };
  for (const mode of modes) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.set(mode, server);
    server.on('request', objectStore(createVerifier({ mode, issuer, endpoint: service.url, service: 'obs', hosts: [new URL(urlOf(mode)).host], credentials: ownKey })));
  }
});
afterAll(async () => {
  for (const server of servers.values()) server.close();
  await service.stop();
});

const urlOf = (mode: string): string => `http://127.0.0.1:${(servers.get(mode)?.address() as AddressInfo).port}`;
async function member(team: string, role = 'reader', algorithm: SignatureAlgorithm = 'SDK-HMAC-SHA256'): Promise<Credentials> {
  service.clock.set(Date.now());
  const { body } = await service.assume(alice, { agency_urn: reports, agency_session_name: 'example', tags: [{ key: 'team', value: team }, { key: 'role', value: role }] }, { algorithm });
  return credentialsOf(body);
}

/** Of the official SDK. @param derived whether it signs with V11 */
async function withSdk(mode: string, { accessKeyId, secretAccessKey, securityToken = '' }: Credentials, derived: boolean, method: string, path: string, data?: object): Promise<number> {
  const credentials = new BasicCredentials().withAk(accessKeyId).withSk(secretAccessKey).withSecurityToken(securityToken).withProjectId('project');
  if (derived) {
    credentials.withDerivedPredicate(() => true);
    credentials.processDerivedAuthParams('obs', 'globe');
  }
  const client = new HcClient(new DefaultHttpClient({}, [urlOf(mode)])).withEndpoints([urlOf(mode)]).withCredential(credentials);
  const request = { method, url: path, contentType: 'application/json', queryParams: {}, pathParams: {}, headers: {}, ...(data !== undefined && { data }) };
  try {
    const answer: unknown = await client.sendRequest(request);
    return typeof answer === 'object' && answer !== null && 'httpStatusCode' in answer ? Number(answer.httpStatusCode) : 200;
  } catch (error) {
    return error instanceof Error && 'httpStatusCode' in error ? Number(error.httpStatusCode) : NaN;
  }
}

async function withOurs(mode: string, credentials: Credentials, algorithm: SignatureAlgorithm, method: string, path: string, body?: string): Promise<number> {
  const url = `${urlOf(mode)}${path}`;
  const { host: _, ...headers } = signRequest({ method, url, headers: {}, ...(body !== undefined && { body }), ...credentials, algorithm, region: 'globe', service: 'obs', date: new Date() });
  return (await fetch(url, { method, headers, ...(body !== undefined && { body }) })).status;
}

describe('under the official SDK', () => {
  it.each([['online', false], ['online', true], ['offline', true]] as const)('%s, V11 %s: a member of a team reads its own prefix and no other, and an editor writes there', async (mode, derived) => {
    const [reader, editor] = [await member('blue'), await member('blue', 'editor')];
    expect(await withSdk(mode, reader, derived, 'GET', '/reports/blue/2026.txt')).toBe(200);
    expect(await withSdk(mode, reader, derived, 'GET', '/reports/red/2026.txt')).toBe(403);
    expect(await withSdk(mode, reader, derived, 'PUT', '/reports/blue/new.txt', { text: 'new' })).toBe(403);
    expect(await withSdk(mode, editor, derived, 'PUT', '/reports/blue/new.txt', { text: 'new' })).toBe(201);
    expect(await withSdk(mode, editor, derived, 'PUT', '/reports/red/new.txt', { text: 'new' })).toBe(403);
  });

  it('offline, its default signature is refused: it can be verified online only', async () => {
    expect(await withSdk('offline', await member('blue'), false, 'GET', '/reports/blue/2026.txt')).toBe(401);
  });
});

describe('under our own signer', () => {
  const cases: readonly (readonly [mode: string, algorithm: SignatureAlgorithm])[] = [
    ...(['SDK-HMAC-SHA256', 'V11-HMAC-SHA256', 'SDK-ECDSA-P256-SHA256', 'SDK-HMAC-SM3'] as const).map((algorithm) => ['online', algorithm] as const),
    ['offline', 'V11-HMAC-SHA256'], ['offline', 'SDK-ECDSA-P256-SHA256'],
  ];
  it.each(cases)('%s, %s: the same', async (mode, algorithm) => {
    const [reader, editor] = [await member('red', 'reader', algorithm === 'V11-HMAC-SHA256' ? 'SDK-HMAC-SHA256' : algorithm), await member('red', 'editor', algorithm === 'V11-HMAC-SHA256' ? 'SDK-HMAC-SHA256' : algorithm)];
    expect(await withOurs(mode, reader, algorithm, 'GET', '/reports/red/2026.txt')).toBe(200);
    expect(await withOurs(mode, reader, algorithm, 'GET', '/reports/blue/2026.txt')).toBe(403);
    expect(await withOurs(mode, reader, algorithm, 'PUT', '/reports/red/own.txt', 'text')).toBe(403);
    expect(await withOurs(mode, editor, algorithm, 'PUT', '/reports/red/own.txt', 'text')).toBe(201);
  });
});

it.each(modes)('%s: a session of another account that may do everything there reaches nothing of this one, however the path is escaped', async (mode) => {
  service.clock.set(Date.now());
  const credentials = await service.session(alice, { agency_urn: 'iam::0000000000000000000000000000acce:agency:everything', agency_session_name: 'example' }, { algorithm: 'SDK-ECDSA-P256-SHA256' });
  const paths = [['/reports/blue/2026.txt', 403], ['/reports%2Fblue/2026.txt', 404], ['/reports/blue%2F2026.txt', 404], ['/reports//blue/2026.txt', 404], ['/unknown/blue/2026.txt', 404]] as const;
  for (const [path, status] of paths) {
    expect(await withOurs(mode, credentials, 'SDK-ECDSA-P256-SHA256', 'GET', path), path).toBe(status);
    expect(await withOurs(mode, credentials, 'SDK-ECDSA-P256-SHA256', 'PUT', path, 'text'), path).toBe(status);
  }
  expect(await withOurs(mode, await member('blue', 'reader', 'SDK-ECDSA-P256-SHA256'), 'SDK-ECDSA-P256-SHA256', 'GET', '/reports/blue/2026.txt')).toBe(200);
});

it.each(modes)('%s: a session whose parent was revoked reads nothing any more', async (mode) => {
  const credentials = await member('blue', 'reader', 'SDK-ECDSA-P256-SHA256');
  expect(await withOurs(mode, credentials, 'SDK-ECDSA-P256-SHA256', 'GET', '/reports/blue/2026.txt')).toBe(200);
  expect(await service.call(credentials, 'POST', '/oauth2/revoke', `token=${credentials.securityToken ?? ''}`, { headers: { 'content-type': 'application/x-www-form-urlencoded' } })).toMatchObject({ status: 200 });
  await expect.poll(async () => {
    service.clock.set(Date.now());
    return withOurs(mode, credentials, 'SDK-ECDSA-P256-SHA256', 'GET', '/reports/blue/2026.txt');
  }, { timeout: 8000, interval: 200 }).toBe(401);
});
