// `agency-sts exec` and `agency-sts credential-process`: the command as a process, as tools run it.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build, endAll, run as runMain, start } from '../service/support.js';
import { agency, type StandIn } from './stand-in.js';
import { botEnvironment, run, standIn } from './support.js';

beforeAll(() => build());
afterAll(() => endAll());

const environment = { PATH: process.env['PATH'] ?? '', ...botEnvironment };
const hops = ['--agency', agency('one'), '--agency', agency('two')];
const exec = (service: StandIn, ...words: string[]): string[] => ['exec', '--endpoint', service.endpoint, ...hops, '--', ...words];
/** Processes sign by the time of the machine. */
const service = (): Promise<StandIn> => standIn(undefined, {}, 'of the machine');

describe('exec', () => {
  it('runs the command with the last session in the variables of the SDKs and the rest of the environment, and ends with its exit code', async () => {
    const running = await service();
    const script = 'process.stdout.write(JSON.stringify([process.env, process.argv.slice(1)])); process.exitCode = 77;';
    const { code, out, err } = await runMain(exec(running, process.execPath, '-e', script, '--', '--agency', 'a b', '-v'), { ...environment, HUAWEICLOUD_SDK_SECURITY_TOKEN: '', MINE: 'kept' });
    expect([code, err]).toEqual([77, '']);
    const last = running.session(2);
    expect(JSON.parse(out)).toEqual([
      expect.objectContaining({ HUAWEICLOUD_SDK_AK: last.accessKeyId, HUAWEICLOUD_SDK_SK: last.secretAccessKey, HUAWEICLOUD_SDK_SECURITY_TOKEN: last.securityToken, AGENCY_STS_ENDPOINT: running.endpoint, MINE: 'kept' }),
      ['--agency', 'a b', '-v'],
    ]);
    expect(out).not.toContain(running.session(1).accessKeyId);
    expect(out).not.toContain(botEnvironment.HUAWEICLOUD_SDK_SK);
  });

  it('ends by the signal that ended the command', async () => {
    expect(await runMain(exec(await service(), 'sh', '-c', 'kill -KILL $$'), environment)).toMatchObject({ code: 'SIGKILL' });
  });

  it('passes signals on, and ends when the command does', async () => {
    const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const;
    const script = `for (const signal of ${JSON.stringify(signals)}) process.on(signal, () => console.log(signal)); process.on('SIGQUIT', () => process.exit(5)); console.log('ready'); setInterval(() => {}, 1000);`;
    const running = start(exec(await service(), process.execPath, '-e', script), environment);
    const said = async (text: string): Promise<void> => {
      while (!running.out().includes(text)) if (typeof (await Promise.race([sleep(5), running.ended])) === 'number') throw new Error(running.err());
    };
    await said('ready');
    for (const signal of signals) {
      running.child.kill(signal);
      await said(signal);
    }
    running.child.kill('SIGQUIT');
    expect([await running.ended, running.out()]).toEqual([5, `ready\n${signals.join('\n')}\n`]);
  });

  it.each<[string, string[], number, string]>([
    ['that is not there', ['/nonexistent/program'], 127, '`/nonexistent/program` cannot be run: ENOENT'],
    ['that cannot be run', ['/etc/passwd'], 126, '`/etc/passwd` cannot be run: EACCES'],
  ])('says so of a command %s', async (_, words, exitCode, message) => {
    expect(await run(exec(await standIn(), ...words))).toEqual({ exitCode, out: '', message });
  });

  it('does not run the command without credentials', async () => {
    const refusing = await standIn((_, index) => (index === 2 ? { status: 403, body: { error_code: 'STS5.1001', error_msg: 'no', request_id: 'r' } } : undefined));
    expect(await run(exec(refusing, '/nonexistent/program'))).toEqual({ exitCode: 1, out: '', message: `hop 2 of 2, assuming ${agency('two')}: 403 STS5.1001 no (request id r)` });
    expect(await run(['exec', ...hops])).toMatchObject({ exitCode: 2, message: "missing required argument 'command'" });
  });
});

describe('credential-process', () => {
  it('prints one line of JSON: the last session under the names that such tools know', async () => {
    const answering = await standIn();
    const { exitCode, out } = await run(['credential-process', '--endpoint', answering.endpoint, ...hops]);
    const { accessKeyId, secretAccessKey, securityToken } = answering.session(2);
    expect([exitCode, out.indexOf('\n')]).toEqual([0, out.length - 1]);
    expect(JSON.parse(out)).toEqual({ Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SecurityToken: securityToken, Expiration: '2026-01-15T09:30:00.000Z' });
  });

  it('prints nothing when a hop fails', async () => {
    const { endpoint } = await standIn(() => ({ status: 503, body: { error_code: 'STS5.1503', error_msg: 'no' } }));
    expect(await run(['credential-process', '--endpoint', endpoint, ...hops])).toEqual({ exitCode: 3, out: '', message: `hop 1 of 2, assuming ${agency('one')}: 503 STS5.1503 no` });
  });
});
