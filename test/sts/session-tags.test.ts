// Session tags: what passing them needs, whom they reach along a chain, and that an inherited one never changes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountsPlus, agencies, allow, ask, keys, policy, trust } from '../support/accounts.js';
import { credentialsOf, startService, type Credentials, type TestService } from '../support/service.js';

const urn = (name: string) => `iam::${accountA}:agency:${name}`;
const conditional = (name: string, condition: object, more: object = {}) => ({
  agency_name: name, trust_policy: trust({ IAM: [accountA] }, { Condition: condition }), attached_policies: ['assume-all'], ...more,
});

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      agencies: [
        { agency_name: 'no-tags', trust_policy: policy(allow('sts:agencies:assume', { Principal: { IAM: [accountA] } })) },
        { agency_name: 'only-assumes', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['only-assume'] },
        conditional('team-requested', { StringEquals: { 'g:RequestTag/team': 'blue' } }),
        conditional('only-team', { 'ForAllValues:StringEquals': { 'g:TagKeys': ['team'] }, Null: { 'g:TagKeys': 'false' } }),
        conditional('no-request-tags', { Null: { 'g:TagKeys': 'true', 'g:RequestTag/team': 'true' } }),
        conditional('team-transitive', { 'ForAnyValue:StringEquals': { 'sts:TransitiveTagKeys': ['team'] } }),
        conditional('own-stage', { StringEquals: { 'g:ResourceTag/stage': 'test' } }, { tags: [{ tag_key: 'stage', tag_value: 'test' }] }),
        conditional('is-blue', { StringEquals: { 'g:PrincipalTag/team': 'blue' } }),
        conditional('is-green', { StringEquals: { 'g:PrincipalTag/team': 'green' } }),
        conditional('stage-test', { StringEquals: { 'g:PrincipalTag/stage': 'test' } }),
        conditional('stage-prod', { StringEquals: { 'g:PrincipalTag/stage': 'prod' } }),
        conditional('same-team', { StringEquals: { 'g:RequestTag/team': '${g:PrincipalTag/team}' } }),
        { agency_name: 'greens', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['assume-all'], tags: [{ tag_key: 'team', tag_value: 'green' }] },
      ],
    },
  }));
  service.clock.set(Date.now());
});
afterAll(() => service.stop());

const blue = { tags: [{ key: 'team', value: 'blue' }] };
const transitiveBlue = { ...blue, transitive_tag_keys: ['team'] };
const status = async (credentials: Credentials, agency: string, more: object = {}) => (await service.assume(credentials, ask(agency, more))).status;
/** A session, and its tags as the audit of its account tells them. */
async function sessionAndTags(credentials: Credentials, agency: string, more: object = {}) {
  const { body } = await service.assume(credentials, ask(agency, more));
  const session = credentialsOf(body);
  const events = await service.events(body.assumed_agency?.urn.split(':')[2] ?? '');
  return { session, tags: events.find(({ issuedSession }) => issuedSession?.sessionId === session.accessKeyId)?.issuedSession?.tags };
}

describe('passing tags', () => {
  it('needs sts::tagSession in the caller\'s identity policies', async () => {
    expect(await status(keys.bob, agencies.first)).toBe(200);
    const answer = await service.assume(keys.bob, ask(agencies.first, blue));
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'STS5.1001' } });
    expect(answer.body.error_msg).toContain('no identity-based policy allows the sts::tagSession action');
  });

  it('needs sts::tagSession in the target\'s trust policy', async () => {
    expect(await status(keys.alice, urn('no-tags'))).toBe(200);
    const answer = await service.assume(keys.alice, ask(urn('no-tags'), blue));
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'STS5.1001' } });
    expect(answer.body.error_msg).toContain('the trust policy does not allow the sts::tagSession action');
    expect(await status(keys.alice, agencies.plain)).toBe(200);
    expect(await status(keys.alice, agencies.plain, blue)).toBe(403);
  });

  it.each<[agency: string, fields: object, expected: number]>([
    ['team-requested', blue, 200],
    ['team-requested', { tags: [{ key: 'team', value: 'Blue' }] }, 403],
    ['team-requested', { tags: [{ key: 'Team', value: 'blue' }] }, 200],
    ['team-requested', {}, 403],
    ['only-team', blue, 200],
    ['only-team', { tags: [...blue.tags, { key: 'ticket', value: '7' }] }, 403],
    ['team-transitive', transitiveBlue, 200],
    ['team-transitive', blue, 403],
    ['own-stage', blue, 200],
    ['own-stage', { tags: [{ key: 'stage', value: 'other' }] }, 200],
    ['is-blue', blue, 403],
  ])('is seen by the trust policy of `%s` in %j: %d', async (agency, fields, expected) => {
    expect(await status(keys.alice, urn(agency), fields)).toBe(expected);
  });

  it.each<[name: string, code: string, fields: object]>([
    ['one key twice', 'STS5.1105', { tags: [...blue.tags, ...blue.tags] }],
    ['keys that differ in case only', 'STS5.1105', { tags: [...blue.tags, { key: 'Team', value: 'red' }] }],
    ['a key in full width', 'STS5.1102', { tags: [...blue.tags, { key: 'ｔｅａｍ', value: 'red' }] }],
    ['a key with a blank at its end', 'STS5.1102', { tags: [...blue.tags, { key: 'team ', value: 'red' }] }],
    ['one transitive key twice', 'STS5.1105', { ...blue, transitive_tag_keys: ['team', 'team'] }],
    ['transitive keys that differ in case only', 'STS5.1105', { ...blue, transitive_tag_keys: ['team', 'TEAM'] }],
    ['a transitive key that is no tag', 'STS5.1110', { ...blue, transitive_tag_keys: ['ticket'] }],
    ['a transitive key without any tag', 'STS5.1110', { transitive_tag_keys: ['team'] }],
  ])('is refused with %s', async (_name, code, fields) => {
    expect(await service.assume(keys.alice, ask(agencies.first, fields))).toMatchObject({ status: 400, body: { error_code: code } });
  });

  it('keeps the case of a key as given, and finds it again without', async () => {
    const { session, tags } = await sessionAndTags(keys.alice, agencies.first, { tags: [{ key: 'Team', value: 'blue' }], transitive_tag_keys: ['tEAM'] });
    expect(tags).toEqual([['Team', 'blue']]);
    expect((await sessionAndTags(session, agencies.second)).tags).toEqual([['Team', 'blue']]);
  });
});

describe('the tags of a session', () => {
  it.each<[agency: string, more: object, expected: number]>([
    ['is-blue', {}, 200],
    ['is-green', {}, 403],
    ['same-team', blue, 200],
    ['same-team', { tags: [{ key: 'team', value: 'red' }] }, 403],
    ['same-team', {}, 403],
  ])('are tags of the principal in `%s` with %j: %d', async (agency, more, expected) => {
    const session = await service.session(keys.alice, ask(agencies.first, blue));
    expect(await status(session, urn(agency), more)).toBe(expected);
  });

  it.each<[tag: object | undefined, agency: string, expected: number]>([
    [undefined, 'stage-test', 200],
    [undefined, 'stage-prod', 403],
    [{ key: 'stage', value: 'prod' }, 'stage-prod', 200],
    [{ key: 'stage', value: 'prod' }, 'stage-test', 403],
    [{ key: 'STAGE', value: 'prod' }, 'stage-prod', 200],
    [{ key: 'STAGE', value: 'prod' }, 'stage-test', 403],
    [{ key: 'stage', value: '' }, 'stage-test', 403],
  ])('go before the agency\'s own tag stage=test: %j, then `%s`: %d', async (tag, agency, expected) => {
    const session = await service.session(keys.alice, ask(agencies.first, tag === undefined ? {} : { tags: [tag] }));
    expect(await status(session, urn(agency))).toBe(expected);
  });

  it('end with it unless they are transitive', async () => {
    const first = await service.session(keys.alice, ask(agencies.first, blue));
    const { session, tags } = await sessionAndTags(first, agencies.long);
    expect(tags).toBeUndefined();
    expect(await status(session, urn('is-blue'))).toBe(403);
  });

  it('may be passed anew with any value on the next hop, when they are not transitive', async () => {
    const first = await service.session(keys.alice, ask(agencies.first, blue));
    const second = await service.session(first, ask(agencies.long, { tags: [{ key: 'team', value: 'green' }] }));
    expect(await status(second, urn('is-green'))).toBe(200);
  });
});

describe('transitive tags', () => {
  it('reach every later session, over three accounts, unchanged and with the new ones', async () => {
    const first = await sessionAndTags(keys.alice, agencies.first, { tags: [{ key: 'team', value: 'blue' }, { key: 'gone', value: '1' }], transitive_tag_keys: ['team'] });
    expect(first.tags).toEqual([['team', 'blue'], ['gone', '1']]);
    const second = await sessionAndTags(first.session, agencies.second, { tags: [{ key: 'ticket', value: '7' }, { key: 'also-gone', value: '2' }], transitive_tag_keys: ['ticket'] });
    expect(second.tags).toEqual([['team', 'blue'], ['ticket', '7'], ['also-gone', '2']]);
    const third = await sessionAndTags(second.session, agencies.third, { tags: [{ key: 'last', value: '3' }] });
    expect(third.tags).toEqual([['team', 'blue'], ['ticket', '7'], ['last', '3']]);
  });

  it('go before the next agency\'s own tag', async () => {
    const first = await service.session(keys.alice, ask(agencies.first, transitiveBlue));
    const second = await service.session(first, ask(urn('greens')));
    expect(await status(second, urn('is-blue'))).toBe(200);
    expect(await status(second, urn('is-green'))).toBe(403);
    expect(await status(await service.session(keys.alice, ask(urn('greens'))), urn('is-green'))).toBe(200);
  });

  it('are tags of the principal in the chained call, and none of the request', async () => {
    const first = await service.session(keys.alice, ask(agencies.first, transitiveBlue));
    expect(await status(first, urn('is-blue'))).toBe(200);
    expect(await status(first, urn('no-request-tags'))).toBe(200);
    expect(await status(first, urn('team-requested'))).toBe(403);
    expect(await status(first, urn('team-transitive'))).toBe(403);
  });

  it.each<[look: string, key: string]>([['the same key', 'team'], ['upper case', 'TEAM']])('cannot be overridden by %s', async (_look, key) => {
    const first = await service.session(keys.alice, ask(agencies.first, transitiveBlue));
    const answer = await service.assume(first, ask(agencies.second, { tags: [{ key, value: 'red' }] }));
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'STS5.1107' } });
    expect(answer.body.error_msg).toContain('`team`');
  });

  it.each<[look: string, key: string]>([
    ['a blank behind', 'team '], ['a blank before', ' team'], ['a no-break space behind', 'team\u00a0'], ['a special blank', 'te\u2003am'], ['a line separator', 'te\u2028am'],
    ['full width', 'ｔｅａｍ'], ['mathematical letters', '𝐭𝐞𝐚𝐦'], ['the Kelvin sign', '\u212Aelvin'], ['a long s', '\u017Fize'], ['a ligature', 'ﬁeld'], ['a Roman numeral', 'Ⅷ'],
  ])('have no look-alikes: a key with %s is refused, and named as transitive too', async (_look, key) => {
    for (const fields of [{ tags: [{ key, value: 'red' }] }, { transitive_tag_keys: [key] }]) {
      const answer = await service.assume(keys.alice, ask(agencies.first, fields));
      expect(answer).toMatchObject({ status: 400, body: { error_code: 'STS5.1102' } });
      expect(answer.body.error_msg).toContain('must be plain text');
    }
  });

  it('are told apart as conditions tell them apart: another case of a letter that is not ASCII is another key, and takes nothing from the first', async () => {
    const first = await service.session(keys.alice, ask(agencies.first, { tags: [{ key: 'é', value: '1' }], transitive_tag_keys: ['é'] }));
    expect((await sessionAndTags(first, agencies.second, { tags: [{ key: 'É', value: '2' }] })).tags).toEqual([['é', '1'], ['É', '2']]);
  });

  it('cannot be passed again with the same value either, nor be named as transitive again', async () => {
    const first = await service.session(keys.alice, ask(agencies.first, transitiveBlue));
    expect(await service.assume(first, ask(agencies.second, blue))).toMatchObject({ status: 400, body: { error_code: 'STS5.1107' } });
    expect(await service.assume(first, ask(agencies.second, { transitive_tag_keys: ['team'] }))).toMatchObject({ status: 400, body: { error_code: 'STS5.1110' } });
  });

  it('are not overridden by a key that is decomposed: such keys are no keys', async () => {
    const first = await service.session(keys.alice, ask(agencies.first, { tags: [{ key: 'é', value: '1' }], transitive_tag_keys: ['é'] }));
    expect(await service.assume(first, ask(agencies.second, { tags: [{ key: 'e\u0301', value: '2' }] }))).toMatchObject({ status: 400, body: { error_code: 'STS5.1102' } });
  });

  it('need sts::tagSession of the caller, also when they are merely inherited', async () => {
    const tagged = await service.session(keys.alice, ask(urn('only-assumes'), transitiveBlue));
    const answer = await service.assume(tagged, ask(agencies.second));
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'STS5.1001' } });
    expect(answer.body.error_msg).toContain('no identity-based policy allows the sts::tagSession action');
    expect(await status(await service.session(keys.alice, ask(urn('only-assumes'), blue)), agencies.second)).toBe(200);
  });

  it('need sts::tagSession of the target, also when they are merely inherited', async () => {
    const tagged = await service.session(keys.alice, ask(agencies.first, transitiveBlue));
    expect(await status(tagged, agencies.plain)).toBe(403);
    const answer = await service.assume(tagged, ask(urn('no-tags')));
    expect(answer.body.error_msg).toContain('the trust policy does not allow the sts::tagSession action');
    expect(await status(await service.session(keys.alice, ask(agencies.first, blue)), agencies.plain)).toBe(200);
  });
});

describe('inherited and new tags together', () => {
  const numbered = (prefix: string, count: number) => {
    const tags = Array.from({ length: count }, (_, index) => ({ key: `${prefix}${index}`, value: '' }));
    return { tags, transitive_tag_keys: tags.map(({ key }) => key) };
  };

  it('are at most 50, and a call over that says how many of each', async () => {
    const first = await service.session(keys.alice, ask(agencies.first, numbered('a', 20)));
    const second = await service.session(first, ask(agencies.first, numbered('b', 20)));
    const answer = await service.assume(second, ask(agencies.first, numbered('c', 11)));
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'STS5.1112' } });
    expect(answer.body.error_msg).toMatch(/40 inherited and 11 new tags of \d+ bytes together; a session holds at most 50 tags and 16384 bytes/);
    const full = await service.session(second, ask(agencies.first, numbered('c', 10)));
    expect(await status(full, agencies.first)).toBe(200);
    expect(await status(full, agencies.first, { tags: [{ key: 'd', value: '' }] })).toBe(400);
  });

  /** Tags whose keys and values have this many bytes together, each key with a first letter of its own. */
  function tagsOfBytes(bytes: number, firstLetters: string) {
    const tags: { key: string; value: string }[] = [];
    for (let left = bytes; left > 0; left -= bytesOf(tags.slice(-1))) {
      const letters = Math.min(Math.floor((left - 1) / 2), 127 + 255);
      const key = firstLetters.charAt(tags.length) + 'Ж'.repeat(Math.min(127, letters));
      tags.push({ key, value: 'Ж'.repeat(Math.max(0, letters - 127)) + (left === 2 * letters + 2 ? 'x' : '') });
    }
    return tags;
  }
  const bytesOf = (tags: readonly { key: string; value: string }[]) => tags.reduce((sum, { key, value }) => sum + Buffer.byteLength(key + value), 0);

  it('are at most 16 KiB, and a call over that names both numbers', async () => {
    const inherited = tagsOfBytes(7650, '0123456789');
    const first = await service.session(keys.alice, ask(agencies.first, { tags: inherited, transitive_tag_keys: inherited.map(({ key }) => key) }));
    const distinct = tagsOfBytes(16_384 - 7650, 'abcdefghijkl');
    expect(bytesOf(inherited) + bytesOf(distinct)).toBe(16_384);
    expect(await status(first, agencies.second, { tags: distinct })).toBe(200);
    const over = distinct.map((tag, index) => (index === distinct.length - 1 ? { ...tag, value: `${tag.value}x` } : tag));
    const answer = await service.assume(first, ask(agencies.second, { tags: over }));
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'STS5.1112' } });
    expect(answer.body.error_msg).toMatch(/ of 16385 bytes together; a session holds at most 50 tags and 16384 bytes/);
  });
});
