// What is remembered of the latest date makes no date of an empty text.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { accessKeyId, now, ourOptions, secretAccessKey, signed, withHeader } from './support.js';

// A module of its own for each test: what it has read before is the matter here.
beforeEach(() => vi.resetModules());
const freshDate = () => import('../../src/signing/date.js');
const freshSigning = () => import('../../src/signing/index.js');

const good = '20260115T083000Z';

describe('an empty date', () => {
  it('is none as the very first one that is read', async () => {
    const { parseSdkDate } = await freshDate();
    expect(parseSdkDate('')).toBeUndefined();
    expect(parseSdkDate(good)).toBe(now);
  });

  it('is none behind a good one, nor behind one that is none', async () => {
    const { parseSdkDate } = await freshDate();
    expect([good, '', good, 'x', '', '', good].map(parseSdkDate)).toEqual([now, undefined, now, undefined, undefined, undefined, now]);
  });

  it.each([['now', now], ['at the beginning of time', 0]])('in `X-Sdk-Date` is malformed, as the first thing that is read and behind a good request: %s', async (_when, serverTime) => {
    const { parseSignedRequest, verificationKey, verifySignature } = await freshSigning();
    const request = signed({ date: new Date(serverTime) });
    const options = { ...ourOptions, now: serverTime };
    const empty = withHeader(request, 'x-sdk-date', '');
    expect(parseSignedRequest(empty, options)).toMatchObject({ ok: false, refusal: 'date_malformed' });
    const parsed = parseSignedRequest(request, options);
    expect(parsed.ok && verifySignature(request, parsed.signature, verificationKey(accessKeyId, secretAccessKey))).toBe(true);
    expect(parseSignedRequest(empty, options)).toMatchObject({ ok: false, refusal: 'date_malformed' });
  });
});
