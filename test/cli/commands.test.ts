// `agency-sts whoami` and `agency-sts decode`, what the help says, and the quoting for shells.
import { execFileSync } from 'node:child_process';
import { Command } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addClientCommands } from '../../src/cli/index.js';
import { shellQuote } from '../../src/cli/text.js';
import { account, now } from './stand-in.js';
import { run, standIn } from './support.js';

describe('whoami', () => {
  it('shows account, principal and id, for people or as JSON', async () => {
    const service = await standIn();
    const text = await run(['whoami', '--endpoint', service.endpoint]);
    expect(text).toEqual({ exitCode: 0, message: '', out: `account    ${account}\nprincipal  iam::${account}:user:bot\nid         b0\n` });
    const json = await run(['whoami', '--endpoint', service.endpoint, '--output', 'json']);
    expect(JSON.parse(json.out)).toEqual({ account_id: account, principal_urn: `iam::${account}:user:bot`, principal_id: 'b0' });
  });
});

describe('decode', () => {
  it('prints the decoded JSON indented, from the argument or from standard input', async () => {
    const service = await standIn();
    const expected = { exitCode: 0, message: '', out: '{\n  "asked": "abc="\n}\n' };
    expect(await run(['decode', 'abc=', '--endpoint', service.endpoint])).toEqual(expected);
    expect(await run(['decode', '-', '--endpoint', service.endpoint], { input: 'abc=\n' })).toEqual(expected);
  });

  it('prints JSON without characters that could steer a terminal, and as the same value', async () => {
    const value = { 'a\u009b31m': ['\u202eright to left', '\u2028', '\u007f\u0085\u200b\ufeff', '\u{e0041}tag', 'plain \u00e9\u4e2d'] };
    const service = await standIn(() => ({ status: 200, body: { decoded_message: JSON.stringify(value) } }));
    const { out } = await run(['decode', 'x', '--endpoint', service.endpoint]);
    expect(out).not.toMatch(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(out).toContain('plain \u00e9\u4e2d');
    expect(JSON.parse(out)).toEqual(value);
  });

  it('prints as it is what is not JSON', async () => {
    const service = await standIn(() => ({ status: 200, body: { decoded_message: 'plain \u001b[2J' } }));
    expect((await run(['decode', 'x', '--endpoint', service.endpoint])).out).toBe('plain ?[2J\n');
  });
});

describe('help', () => {
  it('says which hop gets what, and that a secret on the command line can be seen', () => {
    let text = '';
    const unused = () => expect.unreachable();
    const program = new Command('agency-sts');
    addClientCommands(program, { environment: {}, homeDirectory: '/', now: () => now, out: (part) => (text += part), err: unused });
    program.commands.find((command) => command.name() === 'assume')?.outputHelp();
    const words = text.replace(/\s+/g, ' ');
    for (const phrase of ['can be seen by every user of this machine', 'travels on through the whole chain', 'last hop only', 'HUAWEICLOUD_SDK_SECURITY_TOKEN', 'Exit codes: 0 done, 1 refused']) {
      expect(words).toContain(phrase);
    }
  });
});

describe('quoting for a shell', () => {
  it('gives back every text as one word', () => {
    const texts = fc.sample(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')), { numRuns: 200, seed: 7 });
    const script = texts.map((text) => `printf '%s\\0' ${shellQuote(text)}`).join('\n');
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(texts);
  });
});
