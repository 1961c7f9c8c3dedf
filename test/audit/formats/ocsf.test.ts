// OCSF lines: every event is a valid event of its class, and says what happened in the schema's own words.
import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../../src/audit/event.js';
import { formats } from '../../../src/audit/formats/index.js';
import { operations } from '../../../src/http/app.js';
import { accountA, accountB, events, leaves } from './events.js';
import { ocsfEvent } from './ocsf-schema.js';

const ocsf = (event: AuditEvent): unknown => JSON.parse(formats.ocsf('4-17', event));
const named = (name: string): AuditEvent => {
  const event = events[name];
  if (event === undefined) throw new Error(`there is no event of ${name}`);
  return event;
};
const some = named('a plain read by a user');

describe('an OCSF event', () => {
  it.each(Object.entries(events))('of %s is valid', (_name, event) => {
    expect(ocsfEvent.safeParse(ocsf(event)).error).toBeUndefined();
  });

  it.each(Object.entries(events))('of %s says all that the event says', (_name, event) => {
    const { isRootUser: _isRootUser, type: _type, ...principal } = event.principal;
    const said = new Set(leaves(ocsf(event)));
    const { callerSession, issuedSession } = event;
    const times = [callerSession, issuedSession].flatMap((session) => (session?.expiresAt === undefined ? [] : [session.expiresAt * 1000]));
    const texts = leaves({ ...event, principal, callerSession: { ...callerSession, expiresAt: undefined }, issuedSession: { ...issuedSession, expiresAt: undefined } });
    for (const leaf of [...texts, ...times].filter((value) => value !== '')) expect(said, String(leaf)).toContain(leaf);
  });

  it('is refused by the schema when it is bent', () => {
    const event = ocsf(named('an issued session')) as Record<string, unknown>;
    const without = (name: string): unknown => Object.fromEntries(Object.entries(event).filter(([key]) => key !== name));
    const bent = [
      ...['class_uid', 'category_uid', 'activity_id', 'type_uid', 'severity_id', 'time', 'metadata', 'cloud', 'user', 'service'].map(without),
      { ...event, type_uid: 300_202 }, { ...event, activity_id: 8, type_uid: 300_208 }, { ...event, status_id: 3 }, { ...event, severity: 'High' }, { ...event, surplus: 1 },
      { ...event, user: {} }, { ...event, src_endpoint: { ip: 'nowhere' } }, { ...event, time: '2026-01-15' }, { ...event, class_uid: 6003, type_uid: 600_301 },
    ];
    for (const value of bent) expect(ocsfEvent.safeParse(value).success, JSON.stringify(value)).toBe(false);
  });
});

const authentications: ReadonlySet<string> = new Set(['AssumeAgency', 'KeystoneCreateToken', 'KeystoneRevokeToken', 'CreateTemporaryAccessKey']);

describe('the class and activity', () => {
  it.each(operations.filter(({ name }) => !authentications.has(name) && !name.startsWith('Revoke')).map(({ name, method }) => [name, method] as const))('of %s are those of API Activity, and fit its method', (operation, method) => {
    const event = ocsf({ ...some, operation });
    const fitting: Readonly<Record<typeof method, readonly string[]>> = { get: ['Read'], head: ['Read'], post: ['Create', 'Read', 'Update', 'Delete'], put: ['Create', 'Update'], patch: ['Update'], delete: ['Delete', 'Update'] };
    expect(event).toMatchObject({ class_uid: 6003, activity_name: expect.toBeOneOf([...fitting[method]]) as string });
  });

  it.each(operations.flatMap(({ name, action }) => (action === null ? [] : [[name, action] as const])))('and the service of %s are named as in its action, %s', (operation, action) => {
    const service = action.startsWith('sts:') ? 'STS' : 'IAM';
    expect(ocsf({ ...some, operation })).toMatchObject({ api: { operation, service: { name: service } } });
  });

  it.each([
    ['AssumeAgency', 300_201, 'Logon'], ['KeystoneCreateToken', 300_201, 'Logon'], ['CreateTemporaryAccessKey', 300_201, 'Logon'], ['KeystoneRevokeToken', 300_202, 'Logoff'], ['KeystoneValidateToken', 600_302, 'Read'], ['RevokeSession', 300_202, 'Logoff'], ['RevokeSessions', 300_202, 'Logoff'], ['RevokeToken', 300_202, 'Logoff'], ['RevokeRoleFromAgency', 600_303, 'Update'],
    ['GetCallerIdentity', 600_302, 'Read'], ['CreateUserV5', 600_301, 'Create'], ['TagResourceV5', 600_303, 'Update'], ['DeleteAgencyV5', 600_304, 'Delete'],
    ['ApplyBootstrapFile', 600_303, 'Update'], ['RotateKey', 600_303, 'Update'], ['SealSecretsAnew', 600_303, 'Update'], ['ExportAccount', 600_302, 'Read'], ['FrobnicateThings', 600_399, 'FrobnicateThings'],
  ])('of %j are %d, %j', (operation, type, activity) => {
    expect(ocsf({ ...some, operation })).toMatchObject({ type_uid: type, activity_name: activity });
  });
});

describe('an OCSF event tells', () => {
  it('of an issued session who asked, for which agency, and what was issued', () => {
    expect(ocsf(named('a chained session with tags, from start to end'))).toMatchObject({
      status_id: 1, severity_id: 1, status_code: '200', metadata: { uid: '4-17', correlation_uid: 'f'.repeat(32), tenant_uid: accountA },
      actor: {
        user: { uid: `sts::${accountA}:assumed-agency:first/one`, type_id: 99, type: 'AssumedAgency', account: { uid: accountA } },
        session: { uid: 'HSTONE', uid_alt: `sts::${accountA}:assumed-agency:first/one`, issuer: 'agency-1', credential_uid: 'HPUAALICE00000000000', expiration_time: 1_768_469_400_000 },
        authorizations: [{ decision: 'allowed' }],
      },
      user: { uid: `iam::${accountA}:agency:ops/second`, type: 'agency', account: { uid: accountA } },
      session: { uid: 'HSTTWO', issuer: 'agency-2', credential_uid: 'HPUAALICE00000000000', created_time: 1_768_465_800_000 },
      unmapped: { issued_session: { chain: ['HPUAALICE00000000000', 'HSTONE'], root_principal: `iam::${accountA}:user:alice`, source_identity: 'alice', tags: [{ key: 'team', value: 'blue' }, { key: 'stage', value: 'prod' }] } },
    });
  });

  it('of a refusal its code and reason, and that it was a denial', () => {
    expect(ocsf(named('a refusal by another account, for the caller'))).toMatchObject({
      status_id: 2, severity_id: 2, status_code: 'STS5.1001', status_detail: 'refused by the agency\'s account', user: { account: { uid: accountB } },
      api: { response: { code: 403, error: 'STS5.1001', error_message: 'refused by the agency\'s account' } }, actor: { authorizations: [{ decision: 'denied' }] },
    });
  });

  it('of a request that nobody decided no decision', () => {
    expect(ocsf(named('a request over a limit'))).not.toHaveProperty('actor.authorizations');
    expect(ocsf(named('a refusal before a decision'))).not.toHaveProperty('actor.authorizations');
  });

  it.each([
    ['a plain read by a user', 1, 'User'], ['a root user', 2, 'Admin'], ['a service', 4, 'Service'], ['a session that reads', 99, 'AssumedAgency'], ['the operator, for the account', 1, 'User'],
  ])('of %s that the user is of type %d, %s', (name, id, type) => {
    expect(ocsf(named(name))).toMatchObject({ actor: { user: { type_id: id, type } } });
  });

  it('of a change what it was made to, and whose that is', () => {
    expect(ocsf(named('a change of the directory'))).toMatchObject({ resources: [{ uid: `iam::${accountA}:user:bob`, type: 'user', owner: { account: { uid: accountA } } }] });
    expect(ocsf(named('the operator, for the operator'))).toMatchObject({ resources: [{ uid: accountB, type: 'account', owner: { account: { uid: accountB } } }] });
    expect(ocsf(named('a resource of no account'))).toMatchObject({ resources: [{ uid: 'iam::system:policy:ReadOnly', type: 'policy' }] });
    expect(ocsf(named('a resource of no account'))).not.toHaveProperty('resources.0.owner');
  });

  it('of a revocation what was ended, and of whom', () => {
    expect(ocsf(named('a revoked session'))).toMatchObject({ type_uid: 300_202, session: { uid: 'HSTONE' }, user: { uid: `sts::${accountA}:session:HSTONE`, type: 'session', account: { uid: accountA } } });
    expect(ocsf(named('the revoked sessions of an access key'))).toMatchObject({ type_uid: 300_202, user: { account: { uid: accountA }, programmatic_credentials: [{ uid: 'HPUABOB' }] } });
    expect(ocsf(named('the revoked sessions of an agency'))).toMatchObject({ type_uid: 300_202, user: { uid: 'agency-1', account: { uid: accountA } } });
    expect(ocsf(named('the revoked sessions of an account'))).toHaveProperty('user', { account: { uid: accountA } });
    expect(ocsf(named('a refused revocation'))).toMatchObject({ type_uid: 300_202, status_id: 2, session: { uid: 'HSTONE' } });
  });

  it.each([
    ['192.0.2.1', 'ip'], ['2001:db8::1', 'ip'], ['fe80::1%eth0', 'name'], ['unknown', 'name'], ['192.0.2.1:443', 'name'], ['127.1', 'name'],
  ])('of the source %s that it is an %s', (sourceIp, attribute) => {
    expect(ocsf({ ...some, sourceIp })).toHaveProperty('src_endpoint', { [attribute]: sourceIp });
  });

  it('of a command on the machine no address', () => {
    expect(ocsf(named('a bootstrap file on the machine'))).toMatchObject({ src_endpoint: { svc_name: 'agency-sts' } });
    expect(ocsf(named('a bootstrap file on the machine'))).not.toHaveProperty('actor.user.programmatic_credentials');
  });
});
