// The body of AssumeAgency: type, limits, pattern and default of every field, and the 400 that names field and rule.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountsPlus, agencies, allow, ask, keys, mfaSerial, policy } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';

const policyIds = [...Array.from({ length: 9 }, (_, index) => `p${index}`), 'p'.repeat(64)];

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: { policies: policyIds.map((id, index) => ({ policy_id: id, policy_name: `by-id-${index}`, policy_document: policy(allow('obs:*:*')) })) },
  }));
});
afterAll(() => service.stop());

/** A letter beyond the first 65,536 code points: two UTF-16 units, four bytes, one character. */
const wideLetter = '𐐀';
const tag = (key: unknown, value: unknown = 'v') => ({ tags: [{ key, value }] });
const numbered = (count: number) => Array.from({ length: count }, (_, index) => ({ key: `k${index}`, value: '' }));
const numberedKeys = (count: number) => numbered(count).map(({ key }) => key);
const wordCharacters = 'abcxyzABCXYZ0189_';
const padded = (length: number) => JSON.stringify(policy(allow('obs:*:*'))).padEnd(length, ' ');

describe('accepted', () => {
  it.each<[name: string, fields: object]>([
    ['a session name of 2 characters', { agency_session_name: 'ab' }],
    ['a session name of 128 characters', { agency_session_name: 'a'.repeat(128) }],
    ['every character of a session name', { agency_session_name: `${wordCharacters}+=,.@-` }],
    ['an external id of 2 characters', { external_id: 'ab' }],
    ['an external id of 1,224 characters', { external_id: 'e'.repeat(1224) }],
    ['every character of an external id', { external_id: `${wordCharacters}+=,.@:/-` }],
    ['a source identity of 2 characters', { source_identity: 'ab' }],
    ['a source identity of 64 characters', { source_identity: 's'.repeat(64) }],
    ['every character of a source identity', { source_identity: `${wordCharacters}+=,.@-` }],
    ['a policy of 2,048 characters', { policy: padded(2048) }],
    ['ten policy ids, one of 64 characters, one of two', { policy_ids: policyIds }],
    ['no policy ids', { policy_ids: [] }],
    ['no tags', { tags: [], transitive_tag_keys: [] }],
    ['20 tags, all transitive', { tags: numbered(20), transitive_tag_keys: numberedKeys(20) }],
    ['a tag key of 1 character', tag('k')],
    ['a tag key of 128 characters', tag('k'.repeat(128))],
    ['a tag key of 128 code points in 256 UTF-16 units', tag(wideLetter.repeat(128))],
    ['every kind of character of a tag key', tag('aЖ漢9 _.:=+-@')],
    ['a tag key that holds _sys_ elsewhere', tag('a_sys_')],
    ['an empty tag value', tag('k', '')],
    ['a tag value of 255 characters', tag('k', 'v'.repeat(255))],
    ['a tag value of 255 code points in 510 UTF-16 units', tag('k', wideLetter.repeat(255))],
    ['every kind of character of a tag value, / among them', tag('k', 'aЖ漢9Ⅷ _.:/=+-@')],
    ['a tag key of a name that objects have', tag('constructor')],
    ['unknown members, which are ignored', { durationSeconds: 1, Tags: 7, constructor: { a: 1 }, tags: [{ key: 'k', value: 'v', tag_key: 3 }] }],
  ])('%s', async (_name, fields) => {
    const answer = await service.assume(keys.alice, ask(agencies.first, fields));
    expect(answer).toMatchObject({ status: 200 });
  });

  it.each<[name: string, fields: object]>([
    ['an agency URN of 1 character', { agency_urn: 'a' }],
    ['an agency URN of 1,500 characters', { agency_urn: 'u'.repeat(1500) }],
    ['an agency URN of 1,500 code points in 3,000 UTF-16 units', { agency_urn: '😀'.repeat(1500) }],
    ['a serial number of 9 characters', { serial_number: 'iam:a:mfa', token_code: '000000' }],
    ['a serial number of 256 characters', { serial_number: 's'.repeat(256), token_code: '123456' }],
    ['every character of a serial number', { serial_number: `${wordCharacters}+=/:,.@-`, token_code: '123456' }],
  ])('%s is well-formed, and only then refused', async (_name, fields) => {
    expect(await service.assume(keys.alice, ask(agencies.first, fields))).toMatchObject({ status: 403, body: { error_code: 'STS5.1001' } });
  });

  it('by default a session lasts one hour and has no source identity', async () => {
    const { body } = await service.assume(keys.alice, ask(agencies.first));
    expect(body.credentials?.expiration).toBe(new Date(service.clock.now() + 3_600_000).toISOString());
    expect(body).not.toHaveProperty('source_identity');
  });
});

const size = (minimum: number, maximum: number) => `must be ${minimum} to ${maximum} characters long`;
const sessionNameRule = 'must hold only letters, digits and _+=,.@-';
const externalIdRule = 'must hold only letters, digits and _+=,.@:/-';
const serialNumberRule = 'must hold only letters, digits and _+=/:,.@-';
const keyRule = 'must hold only letters, digits, blanks and _.:=+-@ and not begin with _sys_';
const valueRule = 'must hold only letters, digits, blanks and _.:/=+-@';

describe('refused with a 400 that names field and rule', () => {
  it.each<[field: string, rule: string, fields: object]>([
    ['agency_urn', 'is required', { agency_urn: undefined }],
    ['agency_urn', 'must be of type string', { agency_urn: null }],
    ['agency_urn', 'must be of type string', { agency_urn: ['iam'] }],
    ['agency_urn', size(1, 1500), { agency_urn: '' }],
    ['agency_urn', size(1, 1500), { agency_urn: 'u'.repeat(1501) }],
    ['agency_session_name', 'is required', { agency_session_name: undefined }],
    ['agency_session_name', 'must be of type string', { agency_session_name: 12 }],
    ['agency_session_name', size(2, 128), { agency_session_name: 'a' }],
    ['agency_session_name', size(2, 128), { agency_session_name: 'a'.repeat(129) }],
    ...['a b', 'a/b', 'a:b', 'aé', 'a\n', 'ab\u0000', 'a\u001b[0m', '\u202Eab', 'ab","principal":"root', 'a😀'].map(
      (name): [string, string, object] => ['agency_session_name', sessionNameRule, { agency_session_name: name }],
    ),
    ['external_id', 'must be of type string', { external_id: ['partner-42'] }],
    ['external_id', 'must be of type string', { external_id: null }],
    ['external_id', size(2, 1224), { external_id: '' }],
    ['external_id', size(2, 1224), { external_id: 'a' }],
    ['external_id', size(2, 1224), { external_id: 'a'.repeat(1225) }],
    ['external_id', externalIdRule, { external_id: 'a b' }],
    ['external_id', externalIdRule, { external_id: 'partner-42\n' }],
    ['policy', 'must be of type string', { policy: policy(allow('obs:*:*')) }],
    ['policy', size(2, 2048), { policy: '' }],
    ['policy', size(2, 2048), { policy: '{' }],
    ['policy', size(2, 2048), { policy: padded(2049) }],
    ['policy_ids', 'must be of type array', { policy_ids: 'p0' }],
    ['policy_ids', 'must be at most 10 items', { policy_ids: [...policyIds, 'p0'] }],
    ['policy_ids[1]', 'must be of type string', { policy_ids: ['p0', 1] }],
    ['policy_ids[0]', size(1, 64), { policy_ids: [''] }],
    ['policy_ids[0]', size(1, 64), { policy_ids: ['p'.repeat(65)] }],
    ['policy_ids[0]', 'must hold only letters, digits, _ and -', { policy_ids: ['a.b'] }],
    ['serial_number', 'must be of type string', { serial_number: 1, token_code: '123456' }],
    ['serial_number', size(9, 256), { serial_number: 'iam::mfa', token_code: '123456' }],
    ['serial_number', size(9, 256), { serial_number: 's'.repeat(257), token_code: '123456' }],
    ['serial_number', serialNumberRule, { serial_number: `${mfaSerial} `, token_code: '123456' }],
    ...[12345, null].map((code): [string, string, object] => ['token_code', 'must be of type string', { serial_number: mfaSerial, token_code: code }]),
    ...['', '12345', '1234567', '123 456', ' 123456', '12345a', '１２３４５６', '123456\n'].map(
      (code): [string, string, object] => ['token_code', 'must be six digits', { serial_number: mfaSerial, token_code: code }],
    ),
    ['source_identity', 'must be of type string', { source_identity: {} }],
    ['source_identity', size(2, 64), { source_identity: 'a' }],
    ['source_identity', size(2, 64), { source_identity: 'a'.repeat(65) }],
    ...['aws:x', 'a b', 'al\nice', '\u202Ealice'].map((name): [string, string, object] => ['source_identity', sessionNameRule, { source_identity: name }]),
    ['tags', 'must be of type array', { tags: { key: 'k', value: 'v' } }],
    ['tags', 'must be at most 20 items', { tags: numbered(21) }],
    ['tags[0]', 'must be of type object', { tags: ['k=v'] }],
    ['tags[1]', 'must be of type object', { tags: [{ key: 'k', value: 'v' }, null] }],
    ['tags[0].key', 'is required', { tags: [{ value: 'v' }] }],
    ['tags[0].key', 'is required', { tags: [{ tag_key: 'k', value: 'v' }] }],
    ['tags[0].key', 'must be of type string', tag(null)],
    ['tags[0].key', size(1, 128), tag('')],
    ['tags[0].key', size(1, 128), tag('k'.repeat(129))],
    ['tags[0].key', size(1, 128), tag(wideLetter.repeat(129))],
    ...['_sys_', '_sys_a', 'a/b', 'a*', 'a\u0000', 'a\n', 'a😀', 'e\u0301', '${a}'].map((key): [string, string, object] => ['tags[0].key', keyRule, tag(key)]),
    ['tags[0].value', 'is required', { tags: [{ key: 'k' }] }],
    ['tags[0].value', 'must be of type string', tag('k', null)],
    ['tags[0].value', 'must be of type string', tag('k', 1)],
    ['tags[0].value', size(0, 255), tag('k', 'v'.repeat(256))],
    ['tags[0].value', size(0, 255), tag('k', wideLetter.repeat(256))],
    ...['*', '${g:UserName}', 'a\n', '"', '😀'].map((value): [string, string, object] => ['tags[0].value', valueRule, tag('k', value)]),
    ['transitive_tag_keys', 'must be of type array', { ...tag('k'), transitive_tag_keys: 'k' }],
    ['transitive_tag_keys', 'must be at most 20 items', { tags: numbered(20), transitive_tag_keys: numberedKeys(21) }],
    ['transitive_tag_keys[0]', 'must be of type string', { ...tag('k'), transitive_tag_keys: [null] }],
    ['transitive_tag_keys[0]', size(1, 128), { ...tag('k'), transitive_tag_keys: [''] }],
    ['transitive_tag_keys[1]', keyRule, { ...tag('k'), transitive_tag_keys: ['k', '_sys_k'] }],
  ])('%s: %s (%j)', async (field, rule, fields) => {
    const answer = await service.assume(keys.alice, ask(agencies.first, fields));
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'STS5.1102', error_msg: `\`${field}\`: ${rule}` } });
    expect(answer.body).not.toHaveProperty('credentials');
  });
});
