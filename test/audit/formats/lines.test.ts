// Lines in every format: one for each event, whatever callers wrote; no secrets; and in jsonl the whole event.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuditEvent, EventSession } from '../../../src/audit/event.js';
import { formats, type FormatName } from '../../../src/audit/formats/index.js';
import { accountA, events, leaves, secrets } from './events.js';

const formatNames = Object.keys(formats) as FormatName[];
const all = Object.entries(events);
/** Control, format and separator characters, and half ones. */
const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

describe('a line of jsonl', () => {
  it.each(all)('of %s holds the whole event', (_name, event) => {
    expect(readBack(formats.jsonl('4-17', event))).toStrictEqual({ id: '4-17', event });
  });

  it('has full names, and nothing under one that is not documented', () => {
    const event = events['a chained session with tags, from start to end'];
    if (event === undefined) throw new Error('no such event');
    expect(JSON.parse(formats.jsonl('4-17', { ...event, resourceAccountId: 'other', errorCode: 'code', principal: { ...event.principal, userName: 'name' } }))).toMatchObject({
      id: '4-17', account_id: event.accountId, time: event.time, request_id: event.requestId, operation: 'AssumeAgency', resource_account_id: 'other', resource: event.resource,
      source_ip: '192.0.2.1', status: 200, error_code: 'code', decision: 'allowed', request: event.request,
      principal: { account_id: event.accountId, urn: event.principal.urn, id: 'agency-1:one', type: 'AssumedAgency', is_root_user: false, access_key_id: 'HSTONE', user_name: 'name' },
      caller_session: { session_id: 'HSTONE', chain: ['HPUAALICE00000000000'], source_identity: 'alice', tags: [{ key: 'team', value: 'blue' }, { key: 'empty', value: '' }], expires_at: 1_768_469_400 },
      issued_session: { session_id: 'HSTTWO', agency_id: 'agency-2', root_principal: `iam::${accountA}:user:alice` },
    });
  });
});

describe.each(formatNames)('a line of %s', (name) => {
  const format = formats[name];

  it.each(all)('of %s is one JSON object, and the same again for the same event', (_name, event) => {
    const line = format('4-17', event);
    expect(line).toMatch(/^\{.*\}$/);
    expect(format('4-17', structuredClone(event))).toBe(line);
  });

  it.each(all)('of %s holds no secret', (_name, event) => {
    const said = leaves(JSON.parse(format('4-17', event))).map(String);
    for (const secret of secrets) expect(said.some((text) => text.includes(secret)), secret).toBe(false);
  });

  const hostile = [
    'two\nlines', 'two\r\nlines', 'two\u2028lines', 'two\u2029lines', 'two\u0085lines', '\u001b[2J\u001b[31mred', '\u009b31mred', '\u202egnp.exe', '\u2066isolated\u2069', '\u200bhidden', '\ufeffmark',
    '\u{e0041}tag', 'nul\u0000', '\u007f', '\ud800 alone', '", "status": 200, "x": "', '\\', '\\u000a', '{"status":200}', '}\n{"operation":"Forged"}', '__proto__',
  ];

  it.each(hostile)('that holds %j is one harmless line, and no other field changes', (text) => {
    const harmless = formed('harmless');
    const line = format('4-17', formed(text));
    expect(line).not.toMatch(steering);
    expect(withText(JSON.parse(line), text)).toStrictEqual(withText(JSON.parse(format('4-17', harmless)), 'harmless'));
  });

  it('is one harmless line for any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      const line = format('4-17', formed(text));
      expect(line).not.toMatch(steering);
      expect(typeof JSON.parse(line)).toBe('object');
    }));
  });
});

/** An event with a text wherever a caller has a say. */
function formed(text: string): AuditEvent {
  const session: EventSession = { sessionId: 'HSTONE', chain: ['HPUA'], sourceIdentity: text, tags: [[text, text]], expiresAt: 1 };
  return {
    accountId: 'a', time: 1, requestId: 'r', operation: 'AssumeAgency', sourceIp: `from ${text}`, status: 400, errorCode: 'STS5.1002', resource: text, decision: text,
    principal: { accountId: 'a', urn: text, id: text, type: 'AssumedAgency', isRootUser: false, accessKeyId: text, userName: text },
    request: { session_name: text, user_agent: text, tags: [{ key: text, value: text }] }, callerSession: session, issuedSession: session,
  };
}

/** The value with a place holder where the text stands, also within the texts that hold JSON of their own. */
function withText(value: unknown, text: string): unknown {
  if (typeof value === 'string') {
    if (value.startsWith('{"session_name"')) return withText(JSON.parse(value), text);
    // The agency's id is what stands before the first colon.
    return value === text || value === `from ${text}` || value === text.split(':', 1)[0] ? '<text>' : value;
  }
  if (Array.isArray(value)) return value.map((item) => withText(item, text));
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withText(inner, text)])) : value;
}

/** The event of a line, by the documented rule: names in snake_case, tags as pairs. */
function readBack(line: string): { id: unknown; event: unknown } {
  const { id, request, ...fields } = JSON.parse(line) as Record<string, unknown>;
  return { id, event: { ...(camelCased(fields) as object), ...(request !== undefined && { request }) } };
}

function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => (isTag(item) ? [item.key, item.value] : item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.replaceAll(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase()), camelCased(inner)]));
}

const isTag = (value: unknown): value is { key: string; value: string } => typeof value === 'object' && value !== null && 'key' in value && 'value' in value;
