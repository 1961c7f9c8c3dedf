// The switch for asymmetric signatures: who may turn it, and that it decides at the door.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accessKey, accountA, accountB, accountsPlus, agencies, allow, ask, bootstrapKey, keys, policy } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';

const admin = accessKey('admin');
const path = '/v5/asymmetric-signature-switch';
const ecdsa = { algorithm: 'SDK-ECDSA-P256-SHA256' } as const;
const body = (isOn: unknown, more: object = {}) => ({ asymmetric_signature: { asymmetric_signature_switch: isOn, ...more } });

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      users: [{ user_name: 'admin', attached_policies: ['switching'], access_keys: [bootstrapKey(admin)] }],
      policies: [{ policy_name: 'switching', policy_document: policy(allow(['iam::getAsymmetricSignatureSwitchV5', 'iam::setAsymmetricSignatureSwitchV5'])) }],
    },
  }));
});
afterAll(() => service.stop());

const turn = async (isOn: boolean, by: Credentials = keys.rootA): Promise<void> => {
  expect(await service.call(by, 'PUT', path, body(isOn))).toMatchObject({ status: 204, body: {} });
};

describe('the switch', () => {
  beforeEach(() => turn(true));

  it('is on by default, and tells the account that it is of', async () => {
    expect(await service.call(keys.rootB, 'GET', path)).toMatchObject({ status: 200, body: { asymmetric_signature: { asymmetric_signature_switch: true, domain_id: accountB } } });
  });

  it('is turned by whoever has the action, and only in the own account', async () => {
    await turn(false, admin);
    expect((await service.call(admin, 'GET', path)).body).toEqual({ asymmetric_signature: { asymmetric_signature_switch: false, domain_id: accountA } });
    expect((await service.call(keys.rootB, 'GET', path)).body).toEqual({ asymmetric_signature: { asymmetric_signature_switch: true, domain_id: accountB } });
    expect(await service.call(admin, 'PUT', path, body(true, { domain_id: accountA }))).toMatchObject({ status: 204 });
  });

  it.each<[what: string, by: Credentials, body: unknown, status: number, code: string, text: string]>([
    ['of another account', keys.rootA, body(false, { domain_id: accountB }), 403, 'PAP5.0001', '`asymmetric_signature.domain_id`: is not the account of the caller'],
    ['without the action', keys.carol, body(false), 403, 'PAP5.0001', 'iam::setAsymmetricSignatureSwitchV5'],
    ['of a service', keys.service, body(false), 403, 'PAP5.0001', 'is a service and has no account of its own'],
    ['that is no boolean', keys.rootA, body('false'), 400, 'PAP5.1102', '`asymmetric_signature.asymmetric_signature_switch`: must be of type boolean'],
    ['without a value', keys.rootA, {}, 400, 'PAP5.1102', '`asymmetric_signature`: is required'],
  ])('refuses a setting %s', async (_what, by, given, status, code, text) => {
    const answer = await service.call(by, 'PUT', path, given);
    expect(answer).toMatchObject({ status, body: { error_code: code } });
    expect(answer.body.error_msg).toContain(text);
    expect((await service.call(keys.rootA, 'GET', path)).body).toMatchObject({ asymmetric_signature: { asymmetric_signature_switch: true } });
  });

  it('leaves an event for what was done and for what was refused', async () => {
    await turn(false);
    await service.call(keys.carol, 'PUT', path, body(true));
    const events = (await service.events(accountA)).filter(({ operation }) => operation === 'SetAsymmetricSignatureSwitchV5').slice(-2);
    expect(events).toMatchObject([
      { status: 204, decision: 'allowed', principal: { isRootUser: true }, request: { asymmetric_signature: { asymmetric_signature_switch: false } } },
      { status: 403, errorCode: 'PAP5.0001', principal: { userName: 'carol' } },
    ]);
  });
});

describe('a request signed with SDK-ECDSA-P256-SHA256', () => {
  it('is accepted while the switch is on, and refused from the moment it is off', async () => {
    await turn(true);
    expect(await service.identity(keys.alice, ecdsa)).toMatchObject({ status: 200 });
    await turn(false);
    const refused = await service.identity(keys.alice, ecdsa);
    expect(refused).toMatchObject({ status: 401, body: { error_code: 'APIGW.0301' } });
    expect(refused.body.error_msg).toBe('Incorrect IAM authentication information: the algorithm `SDK-ECDSA-P256-SHA256` is switched off for this account');
    expect(await service.identity(keys.alice)).toMatchObject({ status: 200 });
    expect(await service.identity(keys.bert, ecdsa)).toMatchObject({ status: 200 });
    await turn(true);
    expect(await service.identity(keys.alice, ecdsa)).toMatchObject({ status: 200 });
  });

  it('of a session is judged by the account of its agency', async () => {
    await turn(true);
    const ofA = await service.session(keys.alice, ask(agencies.first));
    const ofB = await service.session(ofA, ask(agencies.second));
    await turn(false);
    expect(await service.identity(ofA, ecdsa)).toMatchObject({ status: 401 });
    expect(await service.identity(ofB, ecdsa)).toMatchObject({ status: 200 });
    await turn(true);
    await turn(false, keys.rootB);
    expect(await service.identity(ofA, ecdsa)).toMatchObject({ status: 200 });
    expect(await service.identity(ofB, ecdsa)).toMatchObject({ status: 401 });
    await turn(true, keys.rootB);
  });

  it('tells nothing of the switch when its signature is wrong', async () => {
    const forged = { ...keys.alice, secretAccessKey: 'x'.repeat(40) };
    await turn(true);
    const whileOn = await service.identity(forged, ecdsa);
    await turn(false);
    const whileOff = await service.identity(forged, ecdsa);
    expect(whileOff.status).toBe(401);
    expect({ ...whileOff.body, request_id: '' }).toEqual({ ...whileOn.body, request_id: '' });
    await turn(true);
  });
});
