// The guarantees of request signing against tampered, doubled, malformed and ambiguous requests.
import { createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  canonicalRequestForDisplay,
  checkPath,
  dummyVerificationKey,
  parseSignedRequest,
  queryPairs,
  verificationKey,
  verifySignature,
} from '../../src/signing/index.js';
import { canonicalQuery } from '../../src/signing/target.js';
import {
  accessKeyId,
  candidatesOf,
  now,
  optionsOf,
  ourOptions,
  ourOutcome,
  parsed,
  plusHeader,
  reauthorized,
  receivedOf,
  secretAccessKey,
  signed,
  vectorOf,
  withHeader,
} from './support.js';

describe('S2: only a date within the window, in the one format, is accepted', () => {
  const at = (seconds: number) => ourOutcome(signed(), { now: now + seconds * 1000 });

  it('15 minutes either way pass, one millisecond more does not', () => {
    expect([at(900), at(-900), at(900.001), at(-900.001), at(1e9), at(-1e9)]).toEqual([
      'valid',
      'valid',
      ...Array<string>(4).fill('date_out_of_range'),
    ]);
  });

  it('a server without a usable clock accepts nothing', () => {
    const result = parseSignedRequest(signed(), { ...ourOptions, maximumSkewSeconds: Number.NaN });
    expect(result).toMatchObject({ ok: false, refusal: 'date_out_of_range' });
  });

  it("the message is the gateway's", () => {
    expect(parseSignedRequest(signed(), { ...ourOptions, now: now + 901_000 })).toMatchObject({
      message: 'signature expired, signature time:20260115T083000Z,server time:20260115T084501Z',
    });
  });

  it.each([
    '',
    '20260230T083000Z',
    '20261301T083000Z',
    '20260100T083000Z',
    '20260115T240000Z',
    '20260115T086000Z',
    '20260115T083060Z',
    '00260115T083000Z',
    '20260115T083000',
    '20260115T083000z',
    '20260115T083000+00',
    '2026-01-15T08:30:00Z',
    'Thu, 15 Jan 2026 08:30:00 GMT',
    '20260115T083000Z, 20260115T083000Z',
    '1768465800',
  ])('`%s` is date_malformed', (date) =>
    expect(ourOutcome(withHeader(signed(), 'X-Sdk-Date', date))).toBe('date_malformed'),
  );

  it('a missing date is not replaced by Date', () => {
    const request = withHeader(withHeader(signed(), 'X-Sdk-Date', undefined), 'Date', 'Thu, 15 Jan 2026 08:30:00 GMT');
    expect(ourOutcome(request)).toBe('date_missing');
  });
});

describe('S3: a repeated header that matters is refused, even where Node would drop it', () => {
  it.each([
    'Authorization',
    'Host',
    'X-Sdk-Date',
    'X-Security-Token',
    'X-Sdk-Content-Sha256',
    'X-Source-Account',
    'X-Source-Urn',
  ])('%s, with the same or another value, in any case', (name) => {
    const headers = { 'X-Sdk-Content-Sha256': 'UNSIGNED-PAYLOAD', 'X-Source-Account': 'a', 'X-Source-Urn': 'b' };
    const request = signed({ securityToken: 'token', headers, method: 'GET', body: '' });
    expect(ourOutcome(request)).toBe('valid');
    for (const spelling of [name, name.toLowerCase(), name.toUpperCase()]) {
      const value = request.rawHeaders[request.rawHeaders.indexOf(name.toLowerCase()) + 1] ?? '';
      expect(ourOutcome(plusHeader(request, spelling, value))).toBe('header_repeated');
      expect(ourOutcome(plusHeader(request, spelling, 'other'))).toBe('header_repeated');
      expect(ourOutcome({ ...request, rawHeaders: [spelling, 'other', ...request.rawHeaders] })).toBe(
        'header_repeated',
      );
    }
  });

  it('so is an unsigned Host that is repeated', () => {
    const vector = vectorOf('go-hmac-sha256-get');
    const request = receivedOf(vector);
    expect(parseSignedRequest(plusHeader(request, 'Host', 'a'), optionsOf(vector)).ok).toBe(true);
    expect(
      parseSignedRequest(plusHeader(plusHeader(request, 'Host', 'a'), 'host', 'a'), optionsOf(vector)),
    ).toMatchObject({ refusal: 'header_repeated' });
  });
});

describe('S4: what matters is signed, once, and present', () => {
  it('a signed header that is repeated', () => {
    expect(ourOutcome(plusHeader(signed(), 'USER-AGENT', 'test/1'))).toBe('header_repeated');
  });

  it('an unsigned header may be repeated', () => {
    expect(ourOutcome(plusHeader(plusHeader(signed(), 'Via', 'a'), 'Via', 'b'))).toBe('valid');
  });

  it.each(['user-agent', 'host', 'content-type'])('a signed %s that is absent', (name) => {
    expect(ourOutcome(withHeader(signed(), name, undefined))).toBe('signed_header_missing');
  });

  it.each([
    ['X-Security-Token', 'security_token_not_signed'],
    ['X-Sdk-Content-Sha256', 'header_not_signed'],
    ['X-Sdk-Content-Sm3', 'header_not_signed'],
    ['X-Source-Account', 'header_not_signed'],
    ['x-source-urn', 'header_not_signed'],
  ])('%s added after signing', (name, refusal) => {
    expect(ourOutcome(plusHeader(signed(), name, 'value'))).toBe(refusal);
  });

  it.each(['X-Source-Account', 'X-Source-Urn', 'X-Security-Token'])(
    '%s must be ASCII: it would have two readings',
    (name) => {
      expect(ourOutcome(signed({ headers: { [name]: 'é' } }))).toBe('header_malformed');
    },
  );

  it('Host and Content-Type may be unsigned (Go)', () => {
    const vector = vectorOf('go-hmac-sha256-get');
    const request = plusHeader(plusHeader(receivedOf(vector), 'Host', 'h'), 'Content-Type', 'application/json');
    const signature = parsed(request, optionsOf(vector));
    expect(verifySignature(request, signature, verificationKey('AccessKey', 'SecretKey'))).toBe(true);
    expect([signature.header('host'), signature.header('x-sdk-date')]).toEqual([undefined, '20060102T150405Z']);
  });

  it.each([
    ['an upper-case name', 'Host;'],
    ['a repeated name', 'host;host;'],
    ['an empty name', ';host;'],
    ['a colon in a name', 'a:b;host;'],
  ])('SignedHeaders with %s', (_, names) => {
    expect(ourOutcome(reauthorized(signed(), (text) => text.replace('host;', names)))).toBe('authorization_malformed');
  });

  it('a line feed or a character beyond a byte in a signed value', () => {
    for (const value of ['a\nx-b:c', 'a\rb', 'a\0b', 'a\x7fb', 'aĀb']) {
      expect(ourOutcome(withHeader(signed(), 'user-agent', value))).toBe('header_malformed');
    }
  });
});

describe('S5, S6: one place holds the credential, and an unknown scheme is refused', () => {
  it('a signature in the query is none', () => {
    const request = withHeader(
      signed({ url: 'https://sts.example-1.example.com/v5/agencies/assume?X-Sdk-Access=AK&X-Sdk-Signature=00' }),
      'authorization',
      undefined,
    );
    expect(ourOutcome(request)).toBe('authorization_missing');
  });

  it.each([
    'Bearer abc',
    'Basic abc',
    'AWS4-HMAC-SHA256 Credential=a/b',
    'sdk-hmac-sha256 Access=a',
    'SDK-HMAC-SHA512 Access=a',
    'SDK-HMAC-SHA256X',
  ])('`%s` is algorithm_unsupported', (text) => {
    expect(ourOutcome(reauthorized(signed(), () => text))).toBe('algorithm_unsupported');
  });

  const rewrites: readonly (readonly [string, (text: string) => string])[] = [
    ['nothing', () => ''],
    ['the algorithm alone', () => 'SDK-HMAC-SHA256'],
    ['a comma after the algorithm', (text) => text.replace('SHA256 ', 'SHA256, ')],
    ['two blanks', (text) => text.replace(', S', ',  S')],
    ['another order', (text) => text.replace(/(Access=\w+), (SignedHeaders=[^,]+)/, '$2, $1')],
    ['a repeated part', (text) => text.replace('Access=', 'Access=a, Access=')],
    ['a slash in the access key id', (text) => text.replace('Access=', 'Access=a/')],
    ['Credential= for SDK-*', (text) => text.replace(/Access=(\w+)/, 'Credential=$1/20260115/example-1/sts')],
    ['Access= for V11', (text) => text.replace('SDK-HMAC', 'V11-HMAC')],
    ['a long access key id', (text) => text.replace('Access=', `Access=${'A'.repeat(129)}`)],
    [
      '65 signed headers',
      (text) => text.replace('host;', `host;${Array.from({ length: 64 }, (_, index) => `h${index}`).join(';')};`),
    ],
    ['more than 2,000 characters', (text) => text + 'a'.repeat(2000)],
    ['bytes beyond ASCII', (text) => text.replace('Access=', 'Access=Ã©')],
  ];
  it.each(rewrites)('Authorization with %s is malformed', (_, rewrite) => {
    expect(ourOutcome(reauthorized(signed(), rewrite))).toBe('authorization_malformed');
  });

  it('a header of any size costs bounded time', () => {
    const started = process.hrtime.bigint();
    for (const text of [
      `SDK-HMAC-SHA256 Access=${'a'.repeat(1900)}`,
      `V11-HMAC-SHA256 Credential=${'a/1'.repeat(600)}`,
      'S'.repeat(1e6),
      `SDK-HMAC-SHA256 Access=a, SignedHeaders=${'a;'.repeat(950)}`,
    ]) {
      expect(ourOutcome(reauthorized(signed(), () => text))).not.toBe('valid');
    }
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(500);
  });
});

describe('V11: a key of one day, region and service opens nothing else', () => {
  const request = signed({ algorithm: 'V11-HMAC-SHA256' });
  it.each([
    ['day', '/20260116/example-1/sts'],
    ['region', '/20260115/globe/sts'],
    ['service', '/20260115/example-1/iam'],
  ])('another %s is scope_mismatch', (_, scope) => {
    expect(ourOutcome(reauthorized(request, (text) => text.replace('/20260115/example-1/sts', scope)))).toBe(
      'scope_mismatch',
    );
    expect(
      ourOutcome(
        signed({
          algorithm: 'V11-HMAC-SHA256',
          region: scope.includes('globe') ? 'globe' : 'example-1',
          service: scope.includes('iam') ? 'iam' : 'sts',
          date: new Date(now),
        }),
      ),
    ).toBe(scope.includes('0116') ? 'valid' : 'scope_mismatch');
  });

  it('the day is that of X-Sdk-Date, across midnight too', () => {
    const midnight = Date.UTC(2026, 0, 16);
    const late = signed({ algorithm: 'V11-HMAC-SHA256', date: new Date(midnight - 1000) });
    expect(ourOutcome(late, { now: midnight + 60_000 })).toBe('valid');
    expect(
      ourOutcome(
        reauthorized(late, (text) => text.replace('/20260115/', '/20260116/')),
        { now: midnight + 60_000 },
      ),
    ).toBe('scope_mismatch');
  });
});

describe('S7: what was signed is what gets routed', () => {
  it.each([
    '/',
    '/v5/agencies/assume',
    '/v5/agencies/assume/',
    '/v5/a.b/..c/d...',
    '/v3.0/OS-AGENCY/a:b@c',
    '/v5/x?path=/../%2f//',
    '/v5/x?',
  ])('the door accepts %s', (target) => {
    expect(checkPath(target)).toBeUndefined();
  });

  it.each([
    '',
    '*',
    'v5/x',
    'http://evil/x',
    'https://sts.example-1.example.com/v5/x',
    '//evil/x',
    '/v5//x',
    '/v5/x//',
    '/v5/../x',
    '/v5/./x',
    '/v5/..',
    '/.',
    '/..?a=1',
    '/v5/%2e%2e/x',
    '/v5/a%2fb',
    '/v5/%',
    '/v5\\x',
    '/v5/x#y',
    '/v5/ x',
    '/v5/\tx',
    '/v5/é',
    '/v5/\0',
    '/v5/x\n',
    `/${'a'.repeat(8192)}`,
  ])('the door refuses `%s`', (target) => expect(checkPath(target)).toBe('path_malformed'));

  it('no target that is not an absolute path is parsed at all', () => {
    for (const target of [
      'http://sts.example-1.example.com/v5/agencies/assume',
      '*',
      '',
      'v5',
      '/v5/x#y',
      '/v5/é',
      '/v5/x y',
      `/${'a'.repeat(8192)}`,
    ]) {
      expect(ourOutcome({ ...signed(), target })).toBe('path_malformed');
    }
  });

  it('a signature is bound to its path and method', () => {
    const request = signed();
    for (const target of [
      '/v5/agencies/assume2',
      '/v5/agencies',
      '/v5/Agencies/assume',
      '/v5/agencies//assume',
      '/v5/x/../agencies/assume',
      '/v5/agencies/assume//',
      '/v5/agencies%2Fassume?',
      '/v5/agencies/assume%2F%2F',
    ]) {
      // A decodes before it splits, so an escaped slash is a separator: the door, not the signature, refuses it.
      expect(ourOutcome({ ...request, target })).toBe(
        target.includes('agencies%2Fassume') ? 'valid' : 'signature_mismatch',
      );
    }
    expect(ourOutcome({ ...request, method: 'PUT' })).toBe('signature_mismatch');
    expect(ourOutcome({ ...request, method: 'post' })).toBe('method_malformed');
    expect(ourOutcome({ ...request, method: 'POST\n' })).toBe('method_malformed');
  });

  it('`/p` and `/p/` share a signature, as the specification says', () => {
    expect(ourOutcome({ ...signed(), target: '/v5/agencies/assume/' })).toBe('valid');
  });
});

describe('S8: the query has one reading, and it is the signed one', () => {
  const base = 'https://sts.example-1.example.com/v5/agencies';
  const request = signed({ method: 'GET', body: '', url: `${base}?a=1&a=2&b[c]=3&d=x%20y&e=1%2B1` });
  const outcomeOfQuery = (query: string) => ourOutcome({ ...request, target: `/v5/agencies?${query}` });

  it.each(['a=1&a=2&b[c]=3&d=x%20y&e=1%2B1', 'e=1%2b1&d=x%20y&a=2&b%5Bc%5D=3&a=1', 'a=1&a=2&b[c]=3&d=x%20y&e=1+1'])(
    'another spelling of the same pairs verifies: %s',
    (query) => {
      expect(outcomeOfQuery(query)).toBe('valid');
    },
  );

  it.each([
    '',
    'a=1&b[c]=3&d=x%20y&e=1%2B1',
    'a=1&a=2&b[c]=3&d=x+y&e=1%2B1',
    'a=1&a=2&b=3&d=x%20y&e=1%2B1',
    'a=1&a=2&b[c]=3&d=x%20y&e=1%201',
    'a=1%26a=2&b[c]=3&d=x%20y&e=1%2B1',
    'a=1&a=2&b[c]=3&d=x%20y&e=1%2B1&f',
  ])('other pairs do not: %s', (query) => {
    expect(outcomeOfQuery(query)).toBe('signature_mismatch');
  });

  it.each([
    'a=%',
    'a=%4',
    'a=%zz',
    'a=%ff',
    'a=%C3%28',
    'a=%C0%80',
    'a=%ED%A0%80',
    '%ff=1',
    'a=é',
    'a=1#b',
    'a=1&&b=2',
    '&a=1',
    'a=1&',
    'a=1\tb',
  ])('an ambiguous one is refused: %s', (query) => {
    expect(outcomeOfQuery(query)).toBe('query_malformed');
  });

  it('is sorted by the bytes of UTF-8, not by code units', () => {
    expect(canonicalQuery('/?%EF%BF%BD=1&%F0%9F%98%80=1&~=1&%C3%A9=1&a=%F0%9F%98%80&a=%EF%BF%BD')).toBe(
      'a=%EF%BF%BD&a=%F0%9F%98%80&~=1&%C3%A9=1&%EF%BF%BD=1&%F0%9F%98%80=1',
    );
  });

  it('is read for use as it was verified: a plus is a plus', () => {
    expect(queryPairs('/v5/x?b=%2B+%20&a&a=%E5%BC%A0&c=d=e')).toEqual([
      ['b', '++ '],
      ['a', ''],
      ['a', '张'],
      ['c', 'd=e'],
    ]);
    expect([queryPairs('/v5/x'), queryPairs('/v5/x?'), queryPairs('/v5/x?a=%ff')]).toEqual([[], [], undefined]);
  });
});

describe('S9: the signature covers the raw body bytes', () => {
  const body = '{"agency_session_name": "会话"}';
  const request = signed({ body });
  it.each([
    ['re-serialised JSON', Buffer.from(JSON.stringify(JSON.parse(body)))],
    ['a byte order mark', Buffer.from(`\ufeff${body}`)],
    ['UTF-16', Buffer.from(body, 'utf16le')],
    ['gzip', gzipSync(body)],
    ['a line feed at the end', Buffer.from(`${body}\n`)],
    ['no body', Buffer.alloc(0)],
  ])('%s is a mismatch', (_, changed) => {
    expect(ourOutcome({ ...request, body: changed })).toBe('signature_mismatch');
  });

  it('and a signed content hash cannot stand for another body', () => {
    const hash = '37a02a34d5934d466b391b153db86c1ef93f0d24b47cbac091d57fdc56a76193';
    for (const value of [hash, hash.toUpperCase(), '', 'unsigned-payload', 'STREAMING-UNSIGNED-PAYLOAD']) {
      expect(ourOutcome(signed({ headers: { 'X-Sdk-Content-Sha256': value } }), { allowUnsignedPayload: true })).toBe(
        'content_hash_mismatch',
      );
    }
  });

  it('not even where the parser saw the right one', () => {
    const vector = vectorOf('py-post-explicit-content-sha256');
    const genuine = receivedOf(vector);
    const signature = parsed(genuine, optionsOf(vector));
    const key = verificationKey(vector.credentials.access_key_id, vector.credentials.secret_access_key);
    expect(verifySignature(genuine, signature, key)).toBe(true);
    expect(verifySignature({ ...genuine, body: Buffer.from('other') }, signature, key)).toBe(false);
  });
});

describe('S12: a malformed signature or secret is refused, never an exception', () => {
  const hmac = signed();
  const withSignature = (change: (hex: string) => string) =>
    reauthorized(hmac, (text) => text.replace(/Signature=(\w+)$/, (_, hex: string) => `Signature=${change(hex)}`));

  it.each([
    ['upper-case hex', (hex: string) => hex.toUpperCase(), 'authorization_malformed'],
    ['a blank', (hex: string) => `${hex.slice(0, 32)} ${hex.slice(32)}`, 'authorization_malformed'],
    ['no hex', () => 'z'.repeat(64), 'authorization_malformed'],
    ['nothing', () => '', 'authorization_malformed'],
    ['one digit less', (hex: string) => hex.slice(1), 'signature_malformed'],
    ['two digits more', (hex: string) => `${hex}00`, 'signature_malformed'],
    ['zeros', () => '0'.repeat(64), 'signature_mismatch'],
  ])('%s', (_, change, refusal) => expect(ourOutcome(withSignature(change))).toBe(refusal));

  const good = '3006020101020101';
  it.each([
    ['an indefinite length', '3080020101020101'],
    ['bytes at the end', `${good}00`],
    ['bytes in the sequence', '300702010102010100'],
    ['an odd number of digits', `${good}0`],
    ['a negative r', '3006020181020101'],
    ['an empty r', '30050200020101'],
    ['a padded s', '300702010102020001'],
    ['a long form of length', '308106020101020101'],
    ['a number over 33 bytes', `30270201010222${'01'.repeat(34)}`],
    ['r without s', '3003020101'],
    ['a zero', '3006020100020101'],
    ['plain r and s', 'ab'.repeat(64)],
  ])('ECDSA with %s', (_, hex) => {
    const request = reauthorized(signed({ algorithm: 'SDK-ECDSA-P256-SHA256' }), (text) =>
      text.replace(/Signature=\w+$/, `Signature=${hex}`),
    );
    expect(ourOutcome(request)).toBe('signature_malformed');
  });

  it('ECDSA of the right form and wrong numbers', () => {
    const request = reauthorized(signed({ algorithm: 'SDK-ECDSA-P256-SHA256' }), (text) =>
      text.replace(/Signature=\w+$/, `Signature=${good}`),
    );
    expect(ourOutcome(request)).toBe('signature_mismatch');
  });

  it('ECDSA with s in the upper or the lower half', () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const integer = (hex: string) => {
      const minimal = hex.replace(/^(?:00)+/, '');
      const padded = Number.parseInt(minimal.slice(0, 2), 16) >= 0x80 ? `00${minimal}` : minimal;
      return `02${(padded.length / 2).toString(16).padStart(2, '0')}${padded}`;
    };
    const request = signed({ algorithm: 'SDK-ECDSA-P256-SHA256' });
    const twin = reauthorized(request, (text) =>
      text.replace(/Signature=(\w+)$/, (_, hex: string) => {
        const bytes = Buffer.from(hex, 'hex');
        const end = 4 + (bytes[3] ?? 0);
        const s = BigInt(`0x${bytes.subarray(end + 2).toString('hex')}`);
        const content =
          integer(bytes.subarray(4, end).toString('hex')) + integer((order - s).toString(16).padStart(64, '0'));
        return `Signature=30${(content.length / 2).toString(16)}${content}`;
      }),
    );
    expect(twin).not.toEqual(request);
    expect([ourOutcome(request), ourOutcome(twin)]).toEqual(['valid', 'valid']);
  });

  it.each(['SDK-HMAC-SHA256', 'V11-HMAC-SHA256', 'SDK-ECDSA-P256-SHA256', 'SDK-HMAC-SM3'] as const)(
    "an empty, an unknown and another key's secret never verify %s",
    (algorithm) => {
      const request = signed({ algorithm });
      const signature = parsed(request, ourOptions);
      for (const key of [
        verificationKey(accessKeyId, ''),
        dummyVerificationKey(),
        verificationKey('OTHER', secretAccessKey),
      ]) {
        expect(verifySignature(request, signature, key)).toBe(false);
      }
      const key = verificationKey(accessKeyId, secretAccessKey);
      expect(verifySignature(request, signature, key)).toBe(true);
      expect(verifySignature(request, signature, { ...key, isUsable: false })).toBe(false);
    },
  );

  it('an empty secret does not verify what is signed with an empty secret', () => {
    const request = signed();
    const [candidate] = candidatesOf(request, parsed(request, ourOptions));
    const hex = createHmac('sha256', '')
      .update(candidate?.stringToSign ?? '')
      .digest('hex');
    const forged = reauthorized(request, (text) => text.replace(/Signature=\w+$/, `Signature=${hex}`));
    expect(verifySignature(forged, parsed(forged, ourOptions), verificationKey(accessKeyId, ''))).toBe(false);
  });
});

describe('the canonical request shown to a caller', () => {
  it('has `|` for line feeds and no token', () => {
    const request = signed({
      securityToken: 'secret.token',
      headers: { 'X-Auth-Token': 'secret', 'X-Note': 'é' },
      body: '',
    });
    expect(canonicalRequestForDisplay(request, parsed(request, ourOptions))).toBe(
      'POST|/v5/agencies/assume/||host:sts.example-1.example.com|x-auth-token:***|x-note:é|x-sdk-date:20260115T083000Z|x-security-token:***||host;x-auth-token;x-note;x-sdk-date;x-security-token|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  it('is at most 2,000 characters long', () => {
    const request = signed({ headers: { 'X-Note': 'a'.repeat(5000) } });
    const shown = canonicalRequestForDisplay(request, parsed(request, ourOptions));
    expect([shown.length, shown.endsWith('…')]).toEqual([2000, true]);
  });
});

describe('signed header values', () => {
  it('are read as UTF-8, as latin1 where they are not, and not at all where they are unsigned', () => {
    const request = plusHeader(signed({ headers: { 'X-Note': '测试' } }), 'X-Other', 'a');
    const signature = parsed(request, ourOptions);
    expect([signature.header('X-Note'), signature.header('x-other'), signature.header('absent')]).toEqual([
      '测试',
      undefined,
      undefined,
    ]);
    expect(parsed(withHeader(request, 'x-note', 'caf\xe9'), ourOptions).header('x-note')).toBe('café');
  });

  it('are trimmed of blanks and tabs at the ends, and of nothing else', () => {
    const request = signed({ headers: { 'X-Note': 'a  b\tc à' } });
    const padded = withHeader(request, 'x-note', ' \t a  b\tc \xc3\xa0\t ');
    expect(ourOutcome(padded)).toBe('valid');
    expect(parsed(padded, ourOptions).header('x-note')).toBe('a  b\tc à');
    expect(ourOutcome(withHeader(request, 'x-note', 'a b\tc \xc3\xa0'))).toBe('signature_mismatch');
  });

  it('give the token only where it is signed', () => {
    expect(parsed(signed({ securityToken: 'token' }), ourOptions).securityToken).toBe('token');
    expect(parsed(signed(), ourOptions).securityToken).toBeUndefined();
  });
});
