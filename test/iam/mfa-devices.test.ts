// Virtual MFA devices over HTTP: enabled by two codes in a row, guessing ends after five tries, and the seed is told once.
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entityField } from '../../src/directory/snapshot.js';
import { accountA, agencies, ask, keys, mfaSeed, mfaSerial } from '../support/accounts.js';
import { startService, type Answer, type Credentials, type TestService } from '../support/service.js';
import { absentId, account, allPages, attach, change, items, like, managedAccounts, manager, managingSession, narrowedRefusal, newAccessKey, newUser, partial, setQuotas, someText, text } from './managed.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(managedAccounts);
  await setQuotas(service, {});
  service.clock.set(Math.floor(service.clock.now() / 30_000) * 30_000);
});
afterAll(() => service.stop());

interface Device {
  readonly userId: string;
  readonly serial: string;
  readonly seed: string;
}

const create = (name: string, userId: string, caller: Credentials = manager): Promise<Answer> =>
  service.call(caller, 'POST', '/v5/virtual-mfa-devices', { virtual_mfa_device_name: name, user_id: userId });
async function newDevice(name: string, userName = `user of ${name}`): Promise<Device> {
  const userId = await newUser(service, userName);
  const created = await create(name, userId);
  return { userId, serial: text(created, 'virtual_mfa_device', 'serial_number'), seed: text(created, 'virtual_mfa_device', 'base32_string_seed') };
}
/** The codes of two steps, the second of them so many steps from now. */
const codes = ({ seed }: Pick<Device, 'seed'>, second = 0, first = second - 1): Readonly<Record<string, string>> => {
  const code = (steps: number): string => new TOTP({ secret: Secret.fromBase32(seed) }).generate({ timestamp: service.clock.now() + steps * 30_000 });
  return { authentication_code_first: code(first), authentication_code_second: code(second) };
};
const wrong = { authentication_code_first: '000000', authentication_code_second: '000000' };
const enable = ({ userId, serial }: Device, given: object, caller: Credentials = manager): Promise<Answer> =>
  service.call(caller, 'POST', '/v5/mfa-devices/enable', { user_id: userId, serial_number: serial, ...given });
const disable = ({ userId, serial }: Device, caller: Credentials = manager): Promise<Answer> =>
  service.call(caller, 'POST', '/v5/mfa-devices/disable', { user_id: userId, serial_number: serial });
const remove = ({ userId, serial }: Device, caller: Credentials = manager): Promise<Answer> =>
  service.call(caller, 'DELETE', `/v5/virtual-mfa-devices?user_id=${userId}&serial_number=${encodeURIComponent(serial)}`);
const listed = async ({ userId }: Pick<Device, 'userId'>): Promise<Answer> => service.call(manager, 'GET', `/v5/mfa-devices?user_id=${userId}`);
const idOf = async (userName: string): Promise<string> => (await account(service)).users.named(userName)?.userId ?? '';

describe('an MFA device', () => {
  it('is created, enabled, disabled and deleted in the documented shapes', async () => {
    const userId = await newUser(service, 'shapes');
    const created = await create('shapes_Phone-1', userId);
    const serial = `iam::${accountA}:mfa:shapes_Phone-1`;
    const seed = text(created, 'virtual_mfa_device', 'base32_string_seed');
    expect([created.status, created.body]).toEqual([201, { virtual_mfa_device: { serial_number: serial, base32_string_seed: seed } }]);
    expect(seed).toMatch(/^[A-Z2-7]{32}$/);
    const device = { userId, serial, seed };
    expect((await listed(device)).body).toEqual({ mfa_devices: [{ serial_number: serial, user_id: userId, enabled: false }], page_info: { current_count: 1 } });

    const enabled = await enable(device, codes(device));
    expect([enabled.status, enabled.body]).toEqual([200, {}]);
    expect((await listed(device)).body).toMatchObject({ mfa_devices: [{ enabled: true }] });
    expect(await remove(device)).toMatchObject({ status: 409, body: { error_code: 'PAP5.1203', error_msg: `the MFA device \`${serial}\` is enabled: disable it first` } });

    const disabled = await disable(device);
    expect([disabled.status, disabled.body]).toEqual([200, {}]);
    expect((await listed(device)).body).toEqual({ mfa_devices: [{ serial_number: serial, user_id: userId, enabled: false }], page_info: { current_count: 1 } });
    expect(await disable(device)).toMatchObject({ status: 200 });
    const removed = await remove(device);
    expect([removed.status, removed.body]).toEqual([204, {}]);
    expect((await listed(device)).body).toEqual({ mfa_devices: [], page_info: { current_count: 0 } });
  });

  it('counts for its user\'s calls while it is enabled, and only then', async () => {
    const device = await newDevice('counts');
    const credentials = await newAccessKey(service, device.userId);
    await attach(service, 'user', device.userId, 'assume-all');
    const assume = async (): Promise<number> => {
      service.clock.advance(90);
      const code = new TOTP({ secret: Secret.fromBase32(device.seed) }).generate({ timestamp: service.clock.now() });
      return (await service.assume(credentials, ask(agencies.mfa, { serial_number: device.serial, token_code: code }))).status;
    };
    expect(await assume()).toBe(403);
    expect(await enable(device, codes(device))).toMatchObject({ status: 200 });
    expect(await assume()).toBe(200);
    await disable(device);
    expect(await assume()).toBe(403);
    expect(await enable(device, codes(device))).toMatchObject({ status: 200 });
    expect(await assume()).toBe(200);
  });

  it('is one of its user, also when several are made at once, and one of its name', async () => {
    const userId = await newUser(service, 'one-device');
    const answers = await Promise.all(['one-1', 'one-2', 'one-3'].map((name) => create(name, userId)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(await create('one-4', userId)).toMatchObject({ status: 409, body: { error_code: 'PAP5.1202', error_msg: 'the quota is reached: MFA devices of a user 1 at most, and `one-device` has 1' } });
    expect(await create('phone', await newUser(service, 'no-device'))).toMatchObject({ status: 409, body: { error_code: 'PAP5.1201', error_msg: `there is an MFA device \`${mfaSerial}\` already` } });
  });

  it('makes room for another one when it is disabled, which goes with it', async () => {
    const device = await newDevice('lost');
    await enable(device, codes(device));
    expect(await create('found', device.userId)).toMatchObject({ status: 409, body: { error_code: 'PAP5.1202' } });
    await disable(device);
    const created = await create('found', device.userId);
    expect(created).toMatchObject({ status: 201 });
    const serial = `iam::${accountA}:mfa:found`;
    expect((await listed(device)).body).toEqual({ mfa_devices: [{ serial_number: serial, user_id: device.userId, enabled: false }], page_info: { current_count: 1 } });
    expect(await enable(device, codes(device, 1))).toMatchObject({ status: 404 });
    expect(await create('another', device.userId)).toMatchObject({ status: 409, body: { error_code: 'PAP5.1202', error_msg: 'the quota is reached: MFA devices of a user 1 at most, and `user of lost` has 1' } });
    expect(await create('lost', await newUser(service, 'finder'))).toMatchObject({ status: 201 });
    const found = { userId: device.userId, serial, seed: text(created, 'virtual_mfa_device', 'base32_string_seed') };
    expect(await enable(found, codes(found))).toMatchObject({ status: 200 });
  });

  it('that is disabled can be made again under its name, which nobody else can take', async () => {
    const device = await newDevice('renewed');
    await disable(device);
    expect(await create('renewed', await newUser(service, 'other-one'))).toMatchObject({ status: 409, body: { error_code: 'PAP5.1201' } });
    const created = await create('renewed', device.userId);
    const renewed = { ...device, seed: text(created, 'virtual_mfa_device', 'base32_string_seed') };
    expect(await enable(device, codes(device))).toMatchObject({ status: 400 });
    expect(await enable(renewed, codes(renewed))).toMatchObject({ status: 200 });
    expect((await account(service)).mfaDevices.get(device.serial)).toMatchObject({ enabled: true, unbound: false });
  });

  it('is bound again when it is enabled, unless its user has another one', async () => {
    const device = await newDevice('bound-again');
    await disable(device);
    expect((await account(service)).mfaDevices.get(device.serial)).toMatchObject({ enabled: false, unbound: true });
    // No operation leaves a user with two devices: an older state may have.
    const second = `iam::${accountA}:mfa:second`;
    await change(service, ({ mfaDevices }) => mfaDevices.values().filter(({ serialNumber }) => serialNumber === device.serial).map((one) => [entityField('mfa', second), { ...one, serialNumber: second, unbound: false }]));
    for (let tries = 0; tries < 6; tries += 1) {
      expect(await enable(device, wrong)).toMatchObject({ status: 409, body: { error_code: 'PAP5.1202', error_msg: 'the quota is reached: MFA devices of a user 1 at most, and `user of bound-again` has 1' } });
    }
    expect(await remove({ ...device, serial: second })).toMatchObject({ status: 204 });
    expect(await enable(device, codes(device))).toMatchObject({ status: 200 });
    expect(await create('bound-twice', device.userId)).toMatchObject({ status: 409, body: { error_code: 'PAP5.1202' } });
  });

  it('gets another seed when it is made again, for which codes of the old one are worth nothing', async () => {
    const device = await newDevice('again');
    await remove(device);
    const created = await create('again', device.userId);
    const seed = text(created, 'virtual_mfa_device', 'base32_string_seed');
    expect(seed).not.toBe(device.seed);
    expect(await enable(device, codes(device))).toMatchObject({ status: 400 });
    expect(await enable(device, codes({ seed }))).toMatchObject({ status: 200 });
  });
});

describe('enabling', () => {
  it.each<[what: string, second: number, first: number, expected: number]>([
    ['of this step and the one before', 0, -1, 200], ['of the step before and the one before that', -1, -2, 200], ['of the next step and this one', 1, 0, 200],
    ['of two steps ago and the one before', -2, -3, 400], ['of the step after next and the next', 2, 1, 400],
    ['the wrong way round', -1, 0, 400], ['of one step twice', 0, 0, 400], ['with a step between them', 1, -1, 400],
  ])('takes codes %s (%d after %d): %d', async (_what, second, first, expected) => {
    const device = await newDevice(`window${second}_${first}`);
    const answer = await enable(device, codes(device, second, first));
    expect(answer.status).toBe(expected);
    expect((await listed(device)).body).toMatchObject({ mfa_devices: [{ enabled: expected === 200 }] });
    if (expected === 400) {
      expect(answer.body).toMatchObject({ error_code: 'PAP5.1206', error_msg: 'the authentication codes were not accepted: two codes are needed that the device has just shown one after the other; after five wrong tries none is accepted for five minutes' });
    }
  });

  it('uses the second code up: neither to enable again nor to assume with is it good a second time', async () => {
    const device = await newDevice('burnt');
    const credentials = await newAccessKey(service, device.userId);
    await attach(service, 'user', device.userId, 'assume-all');
    const given = codes(device);
    expect(await enable(device, given)).toMatchObject({ status: 200 });
    const code = new TOTP({ secret: Secret.fromBase32(device.seed) }).generate({ timestamp: service.clock.now() });
    expect(await service.assume(credentials, ask(agencies.first, { serial_number: device.serial, token_code: code }))).toMatchObject({ status: 403 });
    await disable(device);
    expect(await enable(device, given)).toMatchObject({ status: 400, body: { error_code: 'PAP5.1206', error_msg: like(/^the authentication codes were not accepted/) } });
    const [enabled, refused] = (await service.events(accountA)).filter(({ operation, request }) => operation === 'EnableMfaDeviceV5' && request?.['serial_number'] === device.serial);
    expect([enabled?.request?.['written'], refused?.status, refused?.request?.['written']], 'an event of a refusal tells of no change').toEqual([[`mfa:${device.serial}`], 400, undefined]);
    expect((await listed(device)).body).toMatchObject({ mfa_devices: [{ enabled: false }] });
    expect(await enable(device, codes(device, 1))).toMatchObject({ status: 200 });
  });

  it('ends after five wrong tries, for right codes as well, for five minutes and no other device', async () => {
    const counters = () => service.redis.keys('agency-sts:attempts:mfa:*');
    const before = await counters();
    const device = await newDevice('guessed');
    for (let tries = 0; tries < 5; tries += 1) expect(await enable(device, wrong)).toMatchObject({ status: 400, body: { error_code: 'PAP5.1206' } });
    expect(await enable(device, codes(device))).toMatchObject({ status: 400, body: { error_code: 'PAP5.1206' } });
    const [counter = ''] = (await counters()).filter((key) => !before.includes(key));
    // The window runs on real time: that it is five minutes is read from there, and that its end lets codes pass is shown by ending it.
    expect(await service.redis.ttl(counter)).toBeGreaterThan(240);
    expect(await service.redis.ttl(counter)).toBeLessThanOrEqual(300);
    const neighbour = await newDevice('neighbour');
    expect(await enable(neighbour, codes(neighbour))).toMatchObject({ status: 200 });
    await service.redis.del(counter);
    expect(await enable(device, codes(device))).toMatchObject({ status: 200 });
  });

  it('is charged one try for each call, whatever else happens in the account meanwhile', async () => {
    const device = await newDevice('busy-account');
    for (let tries = 0; tries < 4; tries += 1) {
      const others = ['a', 'b', 'c'].map((name) => newUser(service, `meanwhile-${name}${tries}`));
      expect(await enable(device, wrong)).toMatchObject({ status: 400 });
      await Promise.all(others);
    }
    expect(await enable(device, codes(device))).toMatchObject({ status: 200 });
  });

  it('of a device that is enabled is refused, and costs its owner no try', async () => {
    const device = await newDevice('enabled');
    expect(await enable(device, codes(device))).toMatchObject({ status: 200 });
    for (let tries = 0; tries < 6; tries += 1) {
      expect(await enable(device, wrong)).toMatchObject({ status: 409, body: { error_code: 'PAP5.1205', error_msg: `the MFA device \`${device.serial}\` is enabled already` } });
    }
    await disable(device);
    expect(await enable(device, codes(device, 1))).toMatchObject({ status: 200 });
  });

  it('by several calls at once happens once', async () => {
    const device = await newDevice('at-once');
    const given = codes(device);
    const answers = await Promise.all([1, 2, 3].map(() => enable(device, given)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await listed(device)).body).toMatchObject({ mfa_devices: [{ enabled: true }] });
  });
});

describe('the list of MFA devices', () => {
  it('has those of all users, page by page', async () => {
    const before = (await account(service)).mfaDevices.values().map(({ serialNumber }) => serialNumber);
    expect(before.length).toBeGreaterThan(2);
    const all = await allPages(service, '/v5/mfa-devices?limit=2', 'mfa_devices');
    expect(all.map((device) => device['serial_number'])).toEqual(before);
    expect(all.every((device) => Object.keys(device).join() === 'serial_number,user_id,enabled')).toBe(true);
    expect(items(await listed({ userId: await idOf('alice') }), 'mfa_devices')).toEqual([{ serial_number: mfaSerial, user_id: await idOf('alice'), enabled: true }]);
  });
});

describe('a request is refused', () => {
  it('for a device of another user as for one that does not exist', async () => {
    const { serial } = await newDevice('foreign');
    const userId = await newUser(service, 'not-its-owner');
    for (const one of [serial, `iam::${accountA}:mfa:absent`, 'absent-device']) {
      const device = { userId, serial: one, seed: mfaSeed };
      const notFound = { status: 404, body: { error_code: 'PAP5.0012', error_msg: `the user \`not-its-owner\` has no MFA device \`${one}\`` } };
      expect(await enable(device, codes(device))).toMatchObject(notFound);
      expect(await disable(device)).toMatchObject(notFound);
      expect(await remove(device)).toMatchObject(notFound);
    }
  });

  it('for a user that does not exist', async () => {
    const device = { userId: absentId, serial: mfaSerial, seed: mfaSeed };
    const calls = [create('of-nobody', absentId), enable(device, codes(device)), disable(device), remove(device), listed(device)];
    for (const answer of await Promise.all(calls)) expect(answer).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012', error_msg: `the user \`${absentId}\` cannot be found` } });
  });

  it.each<[path: string, fields: object, code: string, message: string]>([
    ['virtual-mfa-devices', { user_id: absentId }, 'PAP5.1102', '`virtual_mfa_device_name`: is required'],
    ['virtual-mfa-devices', { user_id: absentId, virtual_mfa_device_name: 'a b' }, 'PAP5.1102', '`virtual_mfa_device_name`: must be 1 to 64 letters, digits, _ or -'],
    ['virtual-mfa-devices', { user_id: absentId, virtual_mfa_device_name: 'a'.repeat(65) }, 'PAP5.1102', '`virtual_mfa_device_name`: must be 1 to 64 letters, digits, _ or -'],
    ['virtual-mfa-devices', { virtual_mfa_device_name: 'a' }, 'PAP5.1102', '`user_id`: is required'],
    ['mfa-devices/disable', { user_id: absentId, serial_number: 'a b c d e f' }, 'PAP5.0041', '`serial_number`: must be 9 to 256 letters, digits or _+=/:,.@-'],
    ['mfa-devices/disable', { user_id: absentId, serial_number: 'short' }, 'PAP5.0041', '`serial_number`: must be 9 to 256 letters, digits or _+=/:,.@-'],
    ['mfa-devices/disable', { user_id: absentId }, 'PAP5.1102', '`serial_number`: is required'],
    ['mfa-devices/enable', { user_id: absentId, serial_number: mfaSerial, authentication_code_first: '123456' }, 'PAP5.1102', '`authentication_code_second`: is required'],
    ['mfa-devices/enable', { user_id: absentId, serial_number: mfaSerial, authentication_code_first: '12345', authentication_code_second: '123456' }, 'PAP5.1102', '`authentication_code_first`: must be six digits'],
    ['mfa-devices/enable', { user_id: absentId, serial_number: mfaSerial, authentication_code_first: '123456', authentication_code_second: 123_456 }, 'PAP5.1102', '`authentication_code_second`: must be of type string'],
  ])('to POST %s %j', async (path, fields, code, message) => {
    expect(await service.call(manager, 'POST', `/v5/${path}`, fields)).toMatchObject({ status: 400, body: { error_code: code, error_msg: message } });
  });

  it.each([['', 'user_id'], [`?user_id=${absentId}`, 'serial_number']])('to DELETE with the query %j: %s is required', async (query, field) => {
    expect(await service.call(manager, 'DELETE', `/v5/virtual-mfa-devices${query}`)).toMatchObject({ status: 400, body: { error_msg: `\`${field}\`: is required` } });
  });
});

describe('the MFA device of the root user', () => {
  it('is managed by the root user only, and seen by whoever may', async () => {
    const rootId = await idOf('root-a');
    const serial = `iam::${accountA}:mfa:of-root`;
    const refused = { status: 403, body: { error_code: 'PAP5.0001', error_msg: 'access keys and MFA devices of the root user are managed by the root user itself only' } };
    expect(await create('of-root', rootId)).toMatchObject(refused);
    const created = await create('of-root', rootId, keys.rootA);
    const device = { userId: rootId, serial, seed: text(created, 'virtual_mfa_device', 'base32_string_seed') };
    for (const caller of [manager, await managingSession(service, false)]) {
      expect(await enable(device, codes(device), caller)).toMatchObject(refused);
      expect(await disable(device, caller)).toMatchObject(refused);
      expect(await remove(device, caller)).toMatchObject(refused);
    }
    expect(await enable(device, codes(device), keys.rootA)).toMatchObject({ status: 200 });
    expect((await listed(device)).body).toMatchObject({ mfa_devices: [{ serial_number: serial, enabled: true }] });
    expect(await disable(device, keys.rootA)).toMatchObject({ status: 200 });
    expect(await remove(device, keys.rootA)).toMatchObject({ status: 204 });
  });
});

describe('permission', () => {
  it('is asked for before anything is told of what exists, and for the own device, too', async () => {
    const aliceId = await idOf('alice');
    for (const serial of [mfaSerial, `iam::${accountA}:mfa:absent`, 'absent-device']) {
      const device = { userId: aliceId, serial, seed: mfaSeed };
      const calls = [create('phone', aliceId, keys.alice), enable(device, codes(device), keys.alice), disable(device, keys.alice), remove(device, keys.alice), service.call(keys.alice, 'GET', '/v5/mfa-devices')];
      for (const answer of await Promise.all(calls)) expect(answer).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001', encoded_authorization_message: someText } });
    }
  });

  it('can be for some devices by their names, whether they exist or not', async () => {
    const own = await newDevice('own-phone', 'own-user');
    const foreign = await newDevice('foreign-phone', 'own-colleague');
    const ofOther = await newDevice('own-tablet', 'somebody else');
    for (const device of [foreign, ofOther]) expect(await enable(device, codes(device), partial)).toMatchObject({ status: 403 });
    expect(await enable(own, codes(own), partial)).toMatchObject({ status: 200 });
    expect(await disable(own, partial)).toMatchObject({ status: 200 });
    expect(await remove(own, partial)).toMatchObject({ status: 204 });
    expect(await remove(own, partial)).toMatchObject({ status: 404 });
    expect(await remove({ ...own, serial: `iam::${'b'.repeat(32)}:mfa:own-phone` }, partial)).toMatchObject({ status: 403 });
  });

  it('to make, enable or disable a device is not a narrowed session\'s: it would outlast it', async () => {
    const device = await newDevice('of-sessions');
    const narrowed = await managingSession(service, true);
    const free = await managingSession(service, false);
    expect(await create('of-sessions-2', await newUser(service, 'for-sessions'), narrowed)).toMatchObject(narrowedRefusal);
    expect(await enable(device, codes(device), narrowed)).toMatchObject(narrowedRefusal);
    expect(await enable(device, codes(device), free)).toMatchObject({ status: 200 });
    expect(await disable(device, narrowed)).toMatchObject(narrowedRefusal);
  });
});

describe('the seed', () => {
  it('is in the answer that made the device, and like codes neither in the audit nor in the directory', async () => {
    const userId = await newUser(service, 'secretive');
    const created = await create('secretive', userId);
    const device = { userId, serial: text(created, 'virtual_mfa_device', 'serial_number'), seed: text(created, 'virtual_mfa_device', 'base32_string_seed') };
    const given = codes(device);
    const refused = await enable(device, codes(device, 5));
    const enabled = await enable(device, given);
    const raw = (await Promise.all((await service.redis.keys('*entities*')).map((key) => service.redis.hgetall(key)))).map((fields) => JSON.stringify(fields)).join();
    expect(raw).toContain(device.serial);
    const events = await service.events(accountA);
    for (const secret of [device.seed, ...Object.values(given), ...Object.values(codes(device, 5))]) {
      for (const place of [JSON.stringify(events.map(({ request, decision }) => [request, decision])), JSON.stringify(service.logged)]) expect(place).not.toContain(secret);
    }
    expect(raw).not.toContain(device.seed);
    const eventOf = ({ headers }: Answer) => events.filter(({ requestId }) => requestId === headers['x-request-id']);
    const request = { user_id: userId, serial_number: device.serial, authentication_code_first: true, authentication_code_second: true };
    expect(eventOf(created)).toMatchObject([{ operation: 'CreateVirtualMfaDeviceV5', status: 201, decision: 'allowed', resource: device.serial, request: { virtual_mfa_device_name: 'secretive', user_id: userId } }]);
    expect(eventOf(enabled)).toMatchObject([{ operation: 'EnableMfaDeviceV5', status: 200, decision: 'allowed', resource: device.serial, request }]);
    expect(eventOf(refused)).toMatchObject([{ operation: 'EnableMfaDeviceV5', status: 400, errorCode: 'PAP5.1206', resource: device.serial, request }]);
  });
});
