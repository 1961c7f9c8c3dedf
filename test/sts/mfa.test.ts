// MFA codes: each is good once, for its own user's device, and guessing ends after five tries.
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessKey, accountA, accountsPlus, agencies, ask, bootstrapKey, keys, mfaSeed, mfaSerial, trust } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';

interface Owner {
  readonly credentials: Credentials;
  readonly serial: string;
  readonly seed: string;
}

/** Users with a device of their own: what one test burns or locks does not touch the next. */
const owners = Array.from({ length: 24 }, (_, index): Owner => ({
  credentials: accessKey(`owner${'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.charAt(index)}`),
  serial: `iam::${accountA}:mfa:device${index}`,
  seed: `${'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(index)}${mfaSeed.slice(1)}`,
}));
let used = 0;
function nextOwner(): Owner {
  const owner = owners[used];
  used += 1;
  if (owner === undefined) throw new Error('more owners are needed');
  return owner;
}
const userOf = ({ credentials, seed }: Owner, index: number) => ({
  user_name: `owner${index}`, attached_policies: ['assume-all'], access_keys: [bootstrapKey(credentials)],
  mfa_devices: [{ device_name: `device${index}`, base32_string_seed: seed }],
});
const recent = `iam::${accountA}:agency:recent-mfa`;

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      users: owners.map(userOf),
      agencies: [{
        agency_name: 'recent-mfa', attached_policies: ['assume-all'],
        trust_policy: trust({ IAM: [accountA] }, { Condition: { Bool: { 'g:MFAPresent': 'true' }, NumberLessThan: { 'g:MFAAge': '600' } } }),
      }],
    },
  }));
  service.clock.set(Math.floor(Date.now() / 30_000) * 30_000);
});
afterAll(() => service.stop());

const code = ({ seed }: Owner, secondsFromNow = 0): string =>
  new TOTP({ secret: Secret.fromBase32(seed) }).generate({ timestamp: service.clock.now() + secondsFromNow * 1000 });
const wrongCode = (owner: Owner): string => {
  const near = [-30, 0, 30].map((seconds) => code(owner, seconds));
  return ['000000', '111111', '222222', '333333'].find((candidate) => !near.includes(candidate)) ?? '';
};
const withCode = (owner: Owner, tokenCode: string) => ({ serial_number: owner.serial, token_code: tokenCode });
const assume = (owner: Owner, tokenCode: string, agency: string = agencies.mfa) => service.assume(owner.credentials, ask(agency, withCode(owner, tokenCode)));
const status = async (owner: Owner, tokenCode: string, agency?: string) => (await assume(owner, tokenCode, agency)).status;

describe('an agency that demands MFA', () => {
  it('is assumed with the right code, and only with one', async () => {
    const owner = nextOwner();
    expect(await service.assume(owner.credentials, ask(agencies.mfa))).toMatchObject({ status: 403 });
    expect(await status(owner, wrongCode(owner))).toBe(403);
    expect(await status(owner, code(owner))).toBe(200);
  });

  it.each<[seconds: number, expected: number]>([[-60, 403], [-30, 200], [0, 200], [30, 200], [60, 403]])(
    'takes the code of the step %d seconds from now: %d',
    async (seconds, expected) => {
      const owner = nextOwner();
      expect(await status(owner, code(owner, seconds))).toBe(expected);
    },
  );

  it.each<[missing: string, fields: (owner: Owner) => object]>([
    ['serial_number', (owner) => ({ token_code: code(owner) })],
    ['token_code', ({ serial }) => ({ serial_number: serial })],
  ])('refuses a call without %s as incomplete', async (_missing, fields) => {
    const owner = nextOwner();
    expect(await service.assume(owner.credentials, ask(agencies.mfa, fields(owner)))).toMatchObject({ status: 400, body: { error_code: 'STS5.1111' } });
  });
});

describe('a code', () => {
  it('is refused when it was used before, for whatever agency, until the next one', async () => {
    const owner = nextOwner();
    expect(await status(owner, code(owner))).toBe(200);
    expect(await status(owner, code(owner))).toBe(403);
    expect(await status(owner, code(owner), agencies.first)).toBe(403);
    expect(await status(owner, code(owner, 30))).toBe(200);
    expect(await status(owner, code(owner))).toBe(403);
    service.clock.advance(30);
    expect(await status(owner, code(owner))).toBe(403);
    service.clock.advance(30);
    expect(await status(owner, code(owner))).toBe(200);
  });

  it('used by several calls at once is good for exactly one', async () => {
    const owner = nextOwner();
    const statuses = await Promise.all(Array.from({ length: 5 }, () => status(owner, code(owner))));
    expect(statuses.sort()).toEqual([200, 403, 403, 403, 403]);
    const sessions = (await service.events(accountA)).filter(({ principal, issuedSession }) => principal.accessKeyId === owner.credentials.accessKeyId && issuedSession !== undefined);
    expect(sessions).toHaveLength(1);
  });

  it('is used up by a call that is refused for another reason', async () => {
    const owner = nextOwner();
    expect(await status(owner, code(owner), agencies.untrusting)).toBe(403);
    expect(await status(owner, code(owner))).toBe(403);
    expect(await status(owner, code(owner, 30))).toBe(200);
  });

  it('that is wrong refuses the call also where no MFA is demanded', async () => {
    const owner = nextOwner();
    expect(await status(owner, wrongCode(owner), agencies.first)).toBe(403);
  });

  it('of another user\'s device is refused, and the owner neither loses it nor a try', async () => {
    const owner = nextOwner();
    const thief = nextOwner().credentials;
    for (let tries = 0; tries < 7; tries += 1) {
      expect(await service.assume(thief, ask(agencies.mfa, withCode(owner, tries === 0 ? code(owner) : wrongCode(owner))))).toMatchObject({ status: 403 });
    }
    expect(await status(owner, code(owner))).toBe(200);
  });

  it('is refused with one text, whatever is wrong with it, and with a sealed reason', async () => {
    const owner = nextOwner();
    await assume(owner, code(owner));
    const answers = [
      await assume(owner, code(owner)),
      await assume(owner, wrongCode(owner)),
      await service.assume(owner.credentials, ask(agencies.mfa, { serial_number: mfaSerial, token_code: '123456' })),
      await service.assume(owner.credentials, ask(agencies.mfa, { serial_number: `${owner.serial}x`, token_code: '123456' })),
    ];
    expect(new Set(answers.map(({ body }) => body.error_msg)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => body.encoded_authorization_message?.length)).size).toBe(1);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 403, body: { error_code: 'STS5.1001' } });
      expect(answer.body.error_msg).toContain('`serial_number`');
    }
  });

  it('of a session or of a service is refused: neither has a device', async () => {
    const owner = nextOwner();
    const session = await service.session(owner.credentials, ask(agencies.first));
    for (const caller of [session, keys.service]) {
      expect(await service.assume(caller, ask(agencies.first, withCode(owner, code(owner))))).toMatchObject({ status: 403 });
    }
  });
});

describe('wrong codes', () => {
  const attemptKeys = () => service.redis.keys('agency-sts:attempts:mfa:*');

  it('of one device end its tries after five, for the right code as well, for five minutes and no other device', async () => {
    const owner = nextOwner();
    const before = await attemptKeys();
    for (let tries = 0; tries < 5; tries += 1) expect(await status(owner, wrongCode(owner))).toBe(403);
    expect(await status(owner, code(owner))).toBe(403);
    expect(await status(owner, code(owner), agencies.first)).toBe(403);
    const neighbour = nextOwner();
    expect(await status(neighbour, code(neighbour))).toBe(200);

    // The window is the time to live of a counter in Redis, which runs on real time: that it is five minutes is read
    // from there, and that its end lets codes pass again is shown by ending it.
    const counters = (await attemptKeys()).filter((key) => !before.includes(key));
    const counts = await Promise.all(counters.map(async (key) => ({ key, count: Number(await service.redis.get(key)), ttl: await service.redis.ttl(key) })));
    expect(counts).toHaveLength(2);
    const full = counts.find(({ count }) => count >= 5);
    expect(full?.ttl).toBeGreaterThan(240);
    expect(full?.ttl).toBeLessThanOrEqual(300);
    await service.redis.del(full?.key ?? '');
    expect(await status(owner, code(owner))).toBe(200);
  });

  it('up to four of one device leave a fifth try', async () => {
    const owner = nextOwner();
    for (let tries = 0; tries < 4; tries += 1) expect(await status(owner, wrongCode(owner))).toBe(403);
    expect(await status(owner, code(owner))).toBe(200);
  });

  it('are not counted for right ones: who types right does not run out of tries', async () => {
    const owner = nextOwner();
    for (let steps = 0; steps < 7; steps += 1) {
      expect(await status(owner, code(owner))).toBe(200);
      service.clock.advance(30);
    }
  });
});

describe('a session obtained with a code', () => {
  it('counts as MFA for its own calls, with its age, and its child does not', async () => {
    const owner = nextOwner();
    const first = await service.session(owner.credentials, ask(agencies.first, withCode(owner, code(owner))));
    const plain = await service.session(owner.credentials, ask(agencies.first));
    expect(await service.assume(plain, ask(agencies.mfa))).toMatchObject({ status: 403 });
    const second = await service.session(first, ask(agencies.mfa));
    expect(await service.assume(second, ask(agencies.mfa))).toMatchObject({ status: 403 });
    expect(await service.assume(second, ask(agencies.first))).toMatchObject({ status: 200 });

    service.clock.advance(599);
    expect(await service.assume(first, ask(recent))).toMatchObject({ status: 200 });
    service.clock.advance(1);
    expect(await service.assume(first, ask(recent))).toMatchObject({ status: 403 });
    expect(await service.assume(first, ask(agencies.mfa))).toMatchObject({ status: 200 });
  });
});
