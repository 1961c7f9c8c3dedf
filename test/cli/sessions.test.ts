// The commands that look at sessions: what they ask, how they follow pages, and that no name steers the terminal.
import { describe, expect, it } from 'vitest';
import type { Descendant, SessionDetails, SessionSummary } from '../../src/oversight/sessions/answers.js';
import { account, agency } from './stand-in.js';
import { run, standIn } from './support.js';

const id = (number: number): string => `HSTAA${String(number).padStart(15, 'A').replace(/\d/g, (digit) => 'ABCDEFGHIJ'.charAt(Number(digit)))}`;
const hostile = 'a\u001b[2J\u0007\u202e\u2028b\u009bc';
const harmless = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u;

const summary = (number: number, more: Partial<SessionSummary> = {}): SessionSummary => ({
  session_id: id(number), urn: `sts::${account}:assumed-agency:deploy/run`, account_id: account, agency_urn: agency('deploy'), agency_session_name: 'run', status: 'active',
  issued_at: '2026-01-15T08:00:00.000Z', expires_at: '2026-01-15T09:00:00.000Z', depth: 2, assumed_by: `iam::${account}:user:bot`, access_key_id: 'HPUABOT0000000000001', tags: [], ...more,
});
const details: SessionDetails = {
  ...summary(1), source: 'record', source_identity: { value: hostile, origin: { depth: 1, session_id: id(9) } },
  tags: [{ key: hostile, value: hostile, transitive: true, inherited: true, origin: { depth: 1, session_id: id(9) } }],
  revocation: { by: 'session', session_id: id(1), revoked_at: '2026-01-15T08:10:00.000Z', revoked_by: `iam::${account}:user:sec`, reason: hostile }, status: 'revoked',
  chain: [{ kind: 'access_key', id: 'HPUABOT0000000000001', depth: 0, account_id: account }, { kind: 'session', id: id(9), depth: 1, account_id: account, agency_urn: agency('first'), agency_session_name: hostile, status: 'expired' }],
  session_policies: { is_narrowed: true, policy_ids: ['p1'] }, last_use: { time: '2026-01-15T08:05:00.000Z', source_ip: '192.0.2.7' },
};
const descendant = (number: number, parent: number, depth: number, more: Partial<Descendant> = {}): Descendant => ({ session_id: id(number), parent_session_id: id(parent), depth, status: 'active', ...more });

/** Answers pages of a list; markers are the numbers of their items. */
const pages = (member: string, items: readonly unknown[], target: string): { status: number; body: unknown } => {
  const query = new URL(target, 'http://x').searchParams;
  const [from, limit] = [Number(query.get('marker') ?? 0), Math.min(Number(query.get('limit')), 2)];
  const some = items.slice(from, from + limit);
  return { status: 200, body: { [member]: some, page_info: { current_count: some.length, ...(from + limit < items.length && { next_marker: String(from + limit) }) } } };
};

describe('sessions list', () => {
  const sessions = [1, 2, 3, 4, 5].map((number) => summary(number));

  it('prints one line per session and follows markers up to its limit', async () => {
    const service = await standIn(({ target }) => pages('sessions', sessions, target));
    const { out, exitCode } = await run(['sessions', 'list', '--endpoint', service.endpoint]);
    expect(exitCode).toBe(0);
    expect(out.trimEnd().split('\n').map((line) => line.slice(0, 20))).toEqual([1, 2, 3, 4, 5].map(id));
    expect(out.split('\n')[0]).toBe(`${id(1)}  active  2026-01-15T08:00:00.000Z to 2026-01-15T09:00:00.000Z  depth 2  sts::${account}:assumed-agency:deploy/run  by iam::${account}:user:bot`);
    const three = await run(['sessions', 'list', '--limit', '3', '--endpoint', service.endpoint]);
    expect(three.out.trimEnd().split('\n')).toHaveLength(3);
    expect(service.calls.at(-1)?.target).toContain('limit=1&marker=2');
  });

  it('asks for what its options say, whatever characters they hold', async () => {
    const service = await standIn(({ target }) => pages('sessions', [], target));
    const options = {
      '--state': 'ended', '--agency': agency('deploy'), '--principal': 'iam::x:user:ä&b', '--root-principal': 'r r', '--access-key': 'HPUA1', '--source-identity': 'a+b', '--tag': 'team=blue', '--depth': '2',
      '--issued-after': '2026-01-01T00:00:00+01:00', '--issued-before': 't1', '--expires-after': 't2', '--expires-before': 't3',
    };
    expect((await run(['sessions', 'list', ...Object.entries(options).flat(), '--endpoint', service.endpoint])).exitCode).toBe(0);
    expect(Object.fromEntries(new URL(service.calls[0]?.target ?? '', 'http://x').searchParams)).toEqual({
      state: 'ended', agency: agency('deploy'), principal: 'iam::x:user:ä&b', root_principal: 'r r', access_key_id: 'HPUA1', source_identity: 'a+b', tag: 'team=blue', depth: '2',
      issued_after: '2026-01-01T00:00:00+01:00', issued_before: 't1', expires_after: 't2', expires_before: 't3', limit: '100',
    });
  });

  it('prints nothing that steers a terminal, as text and as JSON', async () => {
    const service = await standIn(({ target }) => pages('sessions', [summary(1, { urn: hostile, assumed_by: hostile, agency_session_name: hostile, tags: [{ key: hostile, value: hostile }] })], target));
    for (const output of ['text', 'json']) {
      const { out } = await run(['sessions', 'list', '--output', output, '--endpoint', service.endpoint]);
      expect(out.trimEnd()).toMatch(harmless);
    }
    const { out } = await run(['sessions', 'list', '--output', 'json', '--endpoint', service.endpoint]);
    expect(JSON.parse(out)).toMatchObject({ urn: hostile });
  });

  it.each(['0', '-1', '1.5', 'many', ''])('refuses `--limit %s` before it asks anybody', async (limit) => {
    expect(await run(['sessions', 'list', `--limit=${limit}`])).toMatchObject({ exitCode: 2, message: expect.stringContaining('`--limit` must be a whole number from 1') as string });
  });
});

describe('sessions show', () => {
  it('tells everything, and nothing that steers a terminal', async () => {
    const service = await standIn(() => ({ status: 200, body: { session: details } }));
    const { out } = await run(['sessions', 'show', id(1), '--endpoint', service.endpoint]);
    expect(service.calls[0]?.target).toBe(`/v1/sessions/${id(1)}`);
    const lines = out.trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(harmless);
    for (const part of ['status      revoked', 'by itself by iam::', 'a?[2J', `set by hop 1 (${id(9)})`, '(transitive)', 'last used   2026-01-15T08:05:00.000Z from 192.0.2.7', 'narrowed    yes, by policy p1', 'chain       HPUABOT0000000000001  access key']) expect(out).toContain(part);
    const json = await run(['sessions', 'show', id(1), '--output', 'json', '--endpoint', service.endpoint]);
    expect(JSON.parse(json.out)).toEqual(details);
    expect(json.out.replaceAll('\n', '')).toMatch(harmless);
  });

  it.each(['../x', 'a/b', '', 'HST?', 'ä'])('refuses %j as an id: it would be another path', async (text) => {
    expect(await run(['sessions', 'show', text])).toMatchObject({ exitCode: 2, message: expect.stringContaining('is no session id') as string });
  });
});

describe('sessions tree', () => {
  const below = [descendant(2, 1, 3, { urn: hostile }), descendant(3, 1, 3, { status: 'expired' }), descendant(4, 2, 4), descendant(5, 3, 4), descendant(6, 4, 5)];
  const service = () => standIn(({ target }) => (target.includes('/descendants') ? pages('descendants', below, target) : { status: 200, body: { session: details } }));

  it('draws what is above and what is below', async () => {
    const { out } = await run(['sessions', 'tree', id(1), '--endpoint', (await service()).endpoint]);
    expect(out).toBe([
      `HPUABOT0000000000001  access key  account ${account}`,
      `└─ ${id(9)}  expired  ${agency('first')} / a?[2J???b?c  account ${account}`,
      `   └─ * ${id(1)}  revoked  sts::${account}:assumed-agency:deploy/run`,
      `      ├─ ${id(2)}  active  a?[2J???b?c`,
      `      │  └─ ${id(4)}  active`,
      `      │     └─ ${id(6)}  active`,
      `      └─ ${id(3)}  expired`,
      `         └─ ${id(5)}  active`,
      '',
    ].join('\n'));
  });

  it('says when there is more than its limit', async () => {
    const { endpoint } = await service();
    expect((await run(['sessions', 'tree', id(1), '--limit', '3', '--endpoint', endpoint])).out).toContain('... and more');
    const { out } = await run(['sessions', 'tree', id(1), '--limit', '3', '--output', 'json', '--endpoint', endpoint]);
    expect(JSON.parse(out)).toEqual({ session: details, descendants: below.slice(0, 3), complete: false });
  });
});
