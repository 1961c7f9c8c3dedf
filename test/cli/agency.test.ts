// The command that migrates agencies: what it asks, what it prints, and that it changes nothing unless it is told to.
import { describe, expect, it } from 'vitest';
import { account, agency } from './stand-in.js';
import { run, standIn } from './support.js';

const times = { created_at: '2026-01-01T00:00:00.000Z', max_session_duration: 3600 };
const listed = (name: string, more: object) => ({ urn: agency(name), agency_id: `id-of-${name}`, agency_name: name, path: '', description: '', ...times, ...more });
const copy = listed('copy', { trust_domain_id: '', trust_domain_name: 'op_svc_ims' });
const trusting = listed('trusting', { trust_policy: '{}' });
const trustPolicy = '{"Version":"5.0","Statement":[{"Effect":"Allow","Principal":{"Service":["service.IMS"]},"Action":["sts:agencies:assume"]}]}';
const hostile = 'a\u001b[2J\u202e\nb';

const service = () => standIn(({ target, body: asked }) => {
  if (target.startsWith('/v5/agencies')) {
    const isSecond = target.includes('marker');
    return { status: 200, body: { agencies: isSecond ? [copy] : [trusting], page_info: { current_count: 1, ...(!isSecond && { next_marker: 'second' }) } } };
  }
  const { agency_id: _, ...made } = listed('copy', { trust_policy: trustPolicy });
  return {
    status: 200, body: {
      dry_run: asked['dry_run'], legacy_agency: copy, agency: { ...made, ...(typeof asked['name'] === 'string' && { urn: agency(asked['name']), agency_name: asked['name'] }), ...(asked['dry_run'] === false && { agency_id: 'new' }) },
      policies: [{ policy_name: 'copy-IMS', description: '', policy_document: '{"Version":"5.0","Statement":[]}' }], attached_policies: [{ policy_id: 'p', urn: 'iam::x:policy:kept' }],
      not_carried_over: [{ about: 'role `X`', text: hostile }], advice: [`X: ${hostile}`],
    },
  };
});

describe('agency migrate', () => {
  it.each([['a name', 'copy'], ['an id', 'id-of-copy'], ['a URN', agency('copy')]])('finds the agency by %s, also on a later page, and without --apply only asks what would become of it', async (_what, wanted) => {
    const { endpoint, calls } = await service();
    const { out, exitCode } = await run(['agency', 'migrate', wanted, '--endpoint', endpoint]);
    expect(exitCode).toBe(0);
    expect(calls.map(({ target }) => target)).toEqual(['/v5/agencies?limit=200', '/v5/agencies?limit=200&marker=second', '/v1/agencies/id-of-copy/migrate']);
    expect(calls[2]?.body).toEqual({ dry_run: true });
    expect(out).toContain(`trust agency  ${agency('copy')}, in its place: sessions of the legacy agency would end\n`);
    expect(out).toContain('new identity policy copy-IMS\n  {\n    "Version": "5.0"');
    expect(out).toContain('identity policy iam::x:policy:kept, as before\nnot carried over:\n- role `X`: a?[2J??b\nmore than a task needs:\n- X: a?[2J??b\nnothing was changed; with --apply it is done\n');
  });

  it('does it with --apply, beside the legacy agency with --name', async () => {
    const { endpoint, calls } = await service();
    const { out } = await run(['agency', 'migrate', 'copy', '--apply', '--name', 'other', '--endpoint', endpoint]);
    expect(calls[2]?.body).toEqual({ dry_run: false, name: 'other' });
    expect(out).toContain(`legacy agency ${agency('copy')} stays as it is\ntrust agency  ${agency('other')}\n`);
    expect(out).toContain('done: the trust agency has the id new\n');
  });

  it('prints JSON that steers no terminal', async () => {
    const { out } = await run(['agency', 'migrate', 'copy', '--output', 'json', '--endpoint', (await service()).endpoint]);
    expect(out.replaceAll('\n', '')).toMatch(/^[^\p{Cc}\p{Cf}]*$/u);
    expect(JSON.parse(out)).toMatchObject({ dry_run: true, legacy_agency: { urn: `iam::${account}:agency:copy` }, not_carried_over: [{ text: hostile }] });
  });

  it.each([
    ['an agency that there is not', ['nowhere'], 1, 'the account has no agency `nowhere`'],
    ['an agency that has a trust policy', ['trusting'], 2, '`trusting` is no legacy agency: it has a trust policy already'],
    ['both --apply and --dry-run', ['copy', '--apply', '--dry-run'], 2, '`--apply` and `--dry-run` do not go together'],
  ] as const)('refuses %s, and changes nothing', async (_what, args, exitCode, message) => {
    const { endpoint, calls } = await service();
    expect(await run(['agency', 'migrate', ...args, '--endpoint', endpoint])).toMatchObject({ exitCode, message: expect.stringContaining(message) as string });
    expect(calls.filter(({ target }) => target.endsWith('/migrate'))).toEqual([]);
  });
});
