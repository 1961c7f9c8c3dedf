// A disk of the log that hangs keeps neither tokens from being verified nor readiness from answering.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import supertest from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { oneAtATime } from '../../src/base/one-at-a-time.js';
import { readSettings } from '../../src/service/settings.js';
import { createWorkerServer } from '../../src/service/worker.js';
import { accounts, agencies, keys } from '../support/accounts.js';
import { hang, hangingFile, holdThreads, letGo, poolThreads } from '../support/hanging.js';
import { startService, type TestService } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
});
afterAll(() => service.stop());

it('however often readiness is asked, it holds one thread, and answers within two seconds that it does not know; fresh tokens are verified', async () => {
  const session = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'hung' });
  const settings = readSettings({ STS_DATA_DIR: join(service.folder, 'data'), STS_KEYS_DIR: join(service.folder, 'keys'), STS_REDIS_URL: 'redis://unused', STS_PORT: '0' });
  const log = { debug: () => undefined, info: () => undefined, error: () => undefined };
  await mkdir(join(service.folder, 'pipes'));
  const path = await hangingFile(join(service.folder, 'pipes'), 'probed');
  let probes = 0;
  const server = createWorkerServer(settings, service.composition, log, async () => {
    probes += 1;
    await hang(path);
    return { reasons: [], warnings: [] };
  });
  // One is left for the probe, and one for tokens.
  const end = await holdThreads(join(service.folder, 'pipes'), poolThreads - 2);
  try {
    const since = performance.now();
    while (performance.now() - since < 3500) {
      const asked = performance.now();
      const answer = await supertest(server).get('/readyz');
      expect(answer.status).toBe(503);
      expect(answer.body).toMatchObject({ reasons: ['what is asked does not answer'] });
      expect(performance.now() - asked).toBeLessThan(2500);
      const called = performance.now();
      expect((await service.identity(session)).status).toBe(200);
      expect(performance.now() - called).toBeLessThan(1000);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(probes).toBe(1);
  } finally {
    const close = letGo(path);
    end();
    await expect.poll(async () => (await supertest(server).get('/readyz')).status, { timeout: 5000 }).toBe(200);
    close();
  }
});

it('what hangs is not waited for, and nothing else begins beside it, also what was given up meanwhile', async () => {
  const inTurn = oneAtATime(100, () => new Error('late'));
  const begun: number[] = [];
  let finish = (): void => undefined;
  const first = inTurn(() => new Promise<void>((resolve) => {
    begun.push(1);
    finish = resolve;
  }));
  await expect(first).rejects.toThrow('late');
  await expect(inTurn(() => Promise.resolve(begun.push(2)))).rejects.toThrow('late');
  const third = inTurn(() => Promise.resolve(begun.push(3)));
  finish();
  await third;
  expect(begun).toEqual([1, 3]);
});

it('a pipe in place of the checkpoint does not hang the check of its cell', async () => {
  const { auditLog } = service.composition;
  const folder = join(auditLog.directory, 'c07');
  await mkdir(folder, { recursive: true });
  await hangingFile(folder, 'checkpoint');
  await expect(auditLog.sealedSize(7)).rejects.toThrow('is no plain file');
  await rm(folder, { recursive: true });
});
