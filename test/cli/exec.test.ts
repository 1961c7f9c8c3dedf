// `agency-sts exec` and `agency-sts credential-process`: the command as a process, as tools run it.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build, endAll, run as runMain, start } from '../service/support.js';
import { agency, type StandIn } from './stand-in.js';
import { botEnvironment, run, standIn } from './support.js';

beforeAll(() => build());
afterAll(() => endAll());

const service = (): Promise<StandIn> => standIn(undefined, {}, 'of the machine');
const environment = { PATH: process.env['PATH'] ?? '', ...botEnvironment };
const hops = ['--agency', agency('one'), '--agency', agency('two')];
const exec = ({ endpoint }: StandIn, ...words: string[]): string[] => ['exec', '--endpoint', endpoint, ...hops, '--', ...words];

describe('exec', () => {
  it('runs the command with the last session in the variables of the SDKs, and with the rest of the environment', async () => {
    const { endpoint, session, ...rest } = await service();
    const script = 'process.stdout.write(JSON.stringify([process.env, process.argv.slice(1)]))';
    const { code, out, err } = await runMain(exec({ endpoint, session, ...rest }, process.execPath, '-e', script, '--', '--agency', 'a b', '-v'), { ...environment, HUAWEICLOUD_SDK_SECURITY_TOKEN: '', MINE: 'kept' });
    expect([code, err]).toEqual([0, '']);
    const last = session(2);
    expect(JSON.parse(out)).toEqual([
      expect.objectContaining({ HUAWEICLOUD_SDK_AK: last.accessKeyId, HUAWEICLOUD_SDK_SK: last.secretAccessKey, HUAWEICLOUD_SDK_SECURITY_TOKEN: last.securityToken, AGENCY_STS_ENDPOINT: endpoint, MINE: 'kept' }),
      ['--agency', 'a b', '-v'],
    ]);
    expect(out).not.toContain(session(1).accessKeyId);
    expect(out).not.toContain(botEnvironment.HUAWEICLOUD_SDK_SK);
  });

  it.each([
    ['0', 0, ''], ['7', 7, ''], ['255', 255, ''],
  ])('ends with the exit code %s of the command', async (text, code, err) => {
    expect(await runMain(exec(await service(), 'sh', '-c', `echo said; exit ${text}`), environment)).toEqual({ code, out: 'said\n', err });
  });

  it('ends by the signal that ended the command', async () => {
    expect(await runMain(exec(await service(), 'sh', '-c', 'kill -KILL $$'), environment)).toMatchObject({ code: 'SIGKILL' });
  });

  it.each<NodeJS.Signals>(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'])('passes %s on, and ends when the command does', async (signal) => {
    const script = `process.on('${signal}', () => { console.log('got it'); setTimeout(() => process.exit(5), 20); }); console.log('ready'); setInterval(() => {}, 1000);`;
    const running = start(exec(await service(), process.execPath, '-e', script), environment);
    while (!running.out().includes('ready')) await Promise.race([sleep(10), running.ended]);
    running.child.kill(signal);
    expect([await running.ended, running.out()]).toEqual([5, 'ready\ngot it\n']);
  });

  it.each<[string, string[], number, string]>([
    ['that is not there', ['/nonexistent/program'], 127, 'agency-sts: `/nonexistent/program` cannot be run: ENOENT\n'],
    ['that cannot be run', ['/etc/passwd'], 126, 'agency-sts: `/etc/passwd` cannot be run: EACCES\n'],
  ])('says so of a command %s', async (_, words, code, err) => {
    expect(await runMain(exec(await service(), ...words), environment)).toEqual({ code, out: '', err });
  });

  it('does not run the command without credentials', async () => {
    const refusing = await standIn((_, index) => (index === 2 ? { status: 403, body: { error_code: 'STS5.1001', error_msg: 'no', request_id: 'r' } } : undefined), {}, 'of the machine');
    expect(await runMain(exec(refusing, 'echo', 'ran'), environment)).toEqual({ code: 1, out: '', err: `agency-sts: hop 2 of 2, assuming ${agency('two')}: 403 STS5.1001 no (request id r)\n` });
    expect(await run(['exec', ...hops])).toMatchObject({ exitCode: 2, message: "missing required argument 'command'" });
  });
});

describe('credential-process', () => {
  it('prints one line of JSON: the last session under the names that such tools know', async () => {
    const { endpoint, session } = await standIn();
    const { exitCode, out } = await run(['credential-process', '--endpoint', endpoint, ...hops]);
    const { accessKeyId, secretAccessKey, securityToken } = session(2);
    expect([exitCode, out.indexOf('\n')]).toEqual([0, out.length - 1]);
    expect(JSON.parse(out)).toEqual({ Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SecurityToken: securityToken, Expiration: '2026-01-15T09:30:00.000Z' });
  });

  it('prints nothing when a hop fails', async () => {
    const { endpoint } = await standIn(() => ({ status: 503, body: { error_code: 'STS5.1503', error_msg: 'no' } }));
    expect(await run(['credential-process', '--endpoint', endpoint, ...hops])).toEqual({ exitCode: 3, out: '', message: `hop 1 of 2, assuming ${agency('one')}: 503 STS5.1503 no` });
  });
});
