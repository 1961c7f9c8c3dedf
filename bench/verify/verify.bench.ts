// Decisions of a resource service per second and core (column hz), beside the least that each of them costs; nothing asserts a time.
// Offline: against the bare verification of an ECDSA signature. Online: against an empty exchange with a bare HTTP server.
// Compare within one run by the ratio of the columns. Run: npx vitest bench --run --config config/vitest.config.ts bench/verify
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, bench, describe } from 'vitest';
import { accountA, accounts, agencies, keys } from '../../test/support/accounts.js';
import { startService } from '../../test/support/service.js';
import { clockOf, hosts, received } from '../../test/verify/support.js';
import { createVerifier } from '../../src/verify/index.js';

const unlimited = { STS_ISSUER: 'https://sts.example.com', STS_STATUS_LIST_LIFE: '3600', STS_RATE_ADDRESS_PER_MINUTE: '100000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '100000000', STS_AUDIT_MAX_UNSEALED: '10000000' };
const service = await startService(accounts, unlimited);
const ecdsa = { algorithm: 'SDK-ECDSA-P256-SHA256' } as const;
const first = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'bench', tags: [{ key: 'team', value: 'blue' }] }, ecdsa);
const credentials = await service.session(first, { agency_urn: agencies.second, agency_session_name: 'bench' }, ecdsa);
const common = { issuer: unlimited.STS_ISSUER, endpoint: service.url, service: 'obs', hosts, credentials: keys.service, clock: clockOf(service) };
const offline = createVerifier({ mode: 'offline', ...common });
const online = createVerifier({ mode: 'online', ...common });
const byEcdsa = received(service, credentials);
const byV11 = received(service, credentials, { algorithm: 'V11-HMAC-SHA256' });
const byHmac = received(service, credentials, { algorithm: 'SDK-HMAC-SHA256' });
const question = [{ action: 'obs:object:GetObject', resource: `obs::${accountA}:object:bucket/key` }];

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const text = Buffer.alloc(120, 'x');
const signature = sign('sha256', text, pair.privateKey);
const publicKey = createPublicKey(pair.publicKey.export({ format: 'pem', type: 'spki' }));

const bare = createServer((request, response) => {
  request.resume().on('end', () => response.end('{}'));
});
await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
const bareUrl = `http://127.0.0.1:${(bare.address() as AddressInfo).port}`;
const body = 'x'.repeat(2000);
afterAll(async () => {
  bare.close();
  await service.stop();
});

async function accepted(result: Promise<{ readonly ok: boolean }>): Promise<void> {
  if (!(await result).ok) throw new Error('a good request was refused');
}

describe('offline, a chain of two', () => {
  bench('floor: crypto.verify, ECDSA P-256', () => void verify('sha256', text, publicKey, signature));
  bench('who signed, ECDSA', () => accepted(offline.authenticate(byEcdsa, '192.0.2.7')));
  bench('who signed, V11', () => accepted(offline.authenticate(byV11, '192.0.2.7')));
  bench('who signed and what he may do, ECDSA', () => accepted(offline.authorize(byEcdsa, '192.0.2.7', question)));
});

describe('online, a chain of two', () => {
  bench('floor: an exchange with bare node:http', async () => {
    await (await fetch(bareUrl, { method: 'POST', body })).text();
  });
  bench('who signed and what he may do', () => accepted(online.authorize(byHmac, '192.0.2.7', question)));
});
