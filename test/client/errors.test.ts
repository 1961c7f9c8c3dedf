// F16: an error says which hop failed, of which agency, why, and whether it is worth trying again.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agencyCredentials, CredentialsError, type AgencyCredentialsOptions } from '../../src/client/index.js';
import { agencies, keys } from '../support/accounts.js';
import { agency, botKey, now, type StandInAnswer } from '../cli/stand-in.js';
import { standIn } from '../cli/support.js';
import { assumes, gatedService, type GatedService } from './support.js';

let gated: GatedService;
beforeAll(async () => {
  gated = await gatedService();
});
afterAll(() => gated.stop());

const failureOf = async (work: Promise<unknown>): Promise<CredentialsError> => {
  const error = await work.catch((caught: unknown) => caught);
  if (!(error instanceof CredentialsError)) throw new Error('no CredentialsError', { cause: error });
  return error;
};

describe('a refused hop', () => {
  it.each<[string, AgencyCredentialsOptions['agencies'], number, string, number, string]>([
    ['the first', [agencies.second, agencies.third], 0, agencies.second, 403, 'STS5.1001'],
    ['one in the middle', [agencies.first, agencies.untrusting, agencies.third], 1, agencies.untrusting, 403, 'STS5.1001'],
    ['the last', [agencies.first, agencies.second, agencies.untrusting], 2, agencies.untrusting, 403, 'STS5.1001'],
    ['with a duration over the maximum of its agency', [{ agencyUrn: agencies.long, durationSeconds: 10_000 }], 0, agencies.long, 400, 'STS5.1103'],
    ['that needs an MFA code', [agencies.mfa], 0, agencies.mfa, 403, 'STS5.1001'],
  ])('%s', async (_, hops, hopIndex, agencyUrn, status, code) => {
    const source = hopIndex === 0 && status === 403 ? keys.carol : keys.alice;
    const error = await failureOf(gated.provider({ agencies: hops, source }).get());
    expect(error).toMatchObject({ name: 'CredentialsError', reason: 'refused', hopIndex, hopCount: hops.length, agencyUrn, status, code, isRetryable: false });
    expect(error.message).toMatch(new RegExp(`^hop ${hopIndex + 1} of ${hops.length}, assuming ${agencyUrn}: ${status} ${code} .* \\(request id ${error.requestId ?? 'none'}\\)$`));
    expect(error.encodedAuthorizationMessage !== undefined).toBe(status === 403);
    gated.reached();
  });

  it('is asked for once, whoever asks, until it is time to try again; then without the hops that went well', async () => {
    const failures: CredentialsError[] = [];
    const provider = gated.provider({ agencies: [agencies.first, agencies.untrusting], onRefreshFailed: (error) => failures.push(error) });
    const all = await Promise.all(Array.from({ length: 100 }, () => failureOf(provider.get())));
    expect(new Set(all).size).toBe(1);
    expect(await failureOf(provider.get())).toBe(all[0]);
    expect(gated.reached()).toEqual(assumes(2));
    expect(failures).toEqual([all[0]]);
  });

  it('does not become that of a listener that fails', async () => {
    const provider = gated.provider({ source: keys.carol, onRefreshFailed: () => { throw new Error('mistake of the listener'); } });
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    expect(await failureOf(provider.get())).toMatchObject({ status: 403 });
    expect((await warned).message).toBe('mistake of the listener');
  });
});

/** The stand-in lives in this time. */
const dated = { Date: now.toUTCString() };

describe('an answer', () => {
  it.each<[StandInAnswer, Partial<CredentialsError>]>([
    [{ status: 503, body: { error_code: 'STS5.1503', error_msg: 'x' }, headers: { 'Retry-After': '7' } }, { reason: 'unavailable', status: 503, code: 'STS5.1503', retryAfterSeconds: 7, isRetryable: true }],
    [{ status: 429, body: { error_code: 'APIGW.0308', error_msg: 'x', request_id: 'r' }, headers: { 'Retry-After': '60' } }, { reason: 'refused', status: 429, requestId: 'r', retryAfterSeconds: 60, isRetryable: true }],
    [{ status: 401, body: { error_code: 'APIGW.0301', error_msg: 'x' } }, { reason: 'refused', status: 401, isRetryable: false }],
    [{ status: 502, body: '<html>' }, { reason: 'unavailable', status: 502, isRetryable: true }],
    [{ status: 200, body: '<html>' }, { reason: 'unavailable', isRetryable: true }],
    [{ status: 200, body: { credentials: {} } }, { reason: 'unavailable', isRetryable: true }],
    [{ status: 302, body: '', headers: { Location: 'http://127.0.0.1:1/' } }, { reason: 'unavailable', status: 302 }],
    // A session that had ended before it came would be asked for for ever.
    [{ status: 200, body: { assumed_agency: { urn: 'sts::x', id: 'x' }, credentials: { access_key_id: 'HSTAAAAAAA', secret_access_key: 's', security_token: 't', expiration: '2026-01-15T08:30:00Z' } } }, { reason: 'unavailable', isRetryable: true }],
  ])('%j', async (answer, expected) => {
    const service = await standIn(() => answer, dated);
    const provider = agencyCredentials({ agencies: [agency('one')], endpoint: service.endpoint, source: botKey, clock: { now: () => now.getTime() } });
    expect(await failureOf(provider.get())).toMatchObject(expected);
  });

  it('that mirrors a secret or a token puts neither into the error', async () => {
    const service = await standIn((_, index) => (index === 2 ? { status: 401, body: { error_code: 'APIGW.0301', error_msg: `${service.session(1).securityToken} ${service.session(1).secretAccessKey} \u001b[2J` } } : undefined), dated);
    const provider = agencyCredentials({ agencies: [agency('one'), agency('two')], endpoint: service.endpoint, source: botKey, clock: { now: () => now.getTime() } });
    const error = await failureOf(provider.get());
    expect(error.message).toContain('401 APIGW.0301 *** *** ?[2J');
    expect(JSON.stringify(error)).not.toContain(service.session(1).securityToken);
  });
});

describe('the first credentials', () => {
  it('that another provider cannot give are no fault of a hop', async () => {
    const error = await failureOf(gated.provider({ source: () => Promise.reject(new Error('vault is sealed')) }).get());
    expect(error).toMatchObject({ reason: 'source', hopIndex: undefined, isRetryable: true, message: 'the first credentials could not be had: vault is sealed', cause: { message: 'vault is sealed' } });
    const inner = gated.provider({ agencies: [agencies.untrusting] });
    expect(await failureOf(gated.provider({ source: inner }).get())).toMatchObject({ reason: 'refused', agencyUrn: agencies.untrusting, hopIndex: 0, hopCount: 1 });
    await inner.dispose();
    expect(await failureOf(gated.provider({ source: inner }).get())).toMatchObject({ reason: 'source', isRetryable: false });
  });
});

describe('options that cannot be', () => {
  it.each<[Partial<AgencyCredentialsOptions>, string]>([
    [{ agencies: [] }, '`agencies` must name 1 to 10 agencies'],
    [{ agencies: Array.from({ length: 11 }, () => agencies.first) }, '`agencies` must name 1 to 10 agencies'],
    [{ agencies: [agencies.first, 'iam::x:user:bot'] }, '`agencies[1]` is `iam::x:user:bot`, which is no agency: it must look like iam::ACCOUNT:agency:NAME'],
    [{ sessionName: 'a b' }, '`agencies[0]`: session name `a b` must have 2 to 128 characters'],
    [{ agencies: [{ agencyUrn: agencies.first, durationSeconds: 899 }] }, '`agencies[0]`: `durationSeconds` must be a whole number from 900 to 43200'],
    [{ agencies: [agencies.first, { agencyUrn: agencies.second, durationSeconds: 3601 }] }, '`agencies[1]`: `durationSeconds` must be a whole number from 900 to 3600, the most that a chained session may have'],
    [{ agencies: [{ agencyUrn: agencies.first, tags: [{ key: 'a', value: 'b' }], transitiveTagKeys: ['b'] }] }, '`agencies[0]`: transitive tag key `b` is none of its tags'],
    [{ endpoint: 'sts.example' }, 'endpoint `sts.example` must be an http or https URL'],
    [{ refreshWindowSeconds: -1 }, '`refreshWindowSeconds` must be a number of seconds from 0 to 43200'],
    [{ minimumLifeSeconds: NaN }, '`minimumLifeSeconds` must be a number of seconds from 0 to 43200'],
    [{ timeoutSeconds: 0 }, '`timeoutSeconds` must be a number of seconds from 0.001 to 43200'],
  ])('%j', (options, message) => {
    expect(() => gated.provider(options)).toThrow(expect.objectContaining({ reason: 'settings', message: expect.stringContaining(message) as string }) as Error);
  });
});
