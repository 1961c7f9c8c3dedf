// What changes between the authentication of a call and its commit counts: no call is answered on ground that is gone.
import { systemAccountId } from '../../src/directory/entities.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readUnidentifiedCalls } from '../../src/redis/audit-store.js';
import { accountA, accounts, accountsWith, agencies, keys } from '../support/accounts.js';
import { startService, writeChanges, type Credentials, type TestService } from '../support/service.js';
import { assumeBody, eventsInOrder, send, signed } from './support.js';

let service: TestService;
let commit: TestService['composition']['store']['commit'];
beforeAll(async () => {
  service = await startService(accounts);
  commit = service.composition.store.commit.bind(service.composition.store);
});
afterEach(async () => {
  service.composition.store.commit = commit;
  await service.apply(accounts);
});
afterAll(() => service.stop());
beforeEach(() => service.composition.flushUnidentified());

const user = (name: string) => (file: typeof accounts): { enabled?: boolean; access_keys: { status?: string }[] } => {
  const found = file.accounts.flatMap((account) => ('users' in account ? account.users ?? [] : [])).find(({ user_name: userName }) => userName === name);
  if (found === undefined) throw new Error(`no user ${name}`);
  return found;
};
const inactiveKey = accountsWith((file) => {
  for (const key of user('alice')(file).access_keys) key.status = 'inactive';
});
const disabledUser = accountsWith((file) => void (user('alice')(file).enabled = false));

/** Does `work` between the decision of a call and its commit; what no caller asked for goes through. */
function beforeCommit(work: () => Promise<unknown>): void {
  service.composition.store.commit = async (decided) => {
    if (decided.callerAccountId !== systemAccountId) await work();
    return commit(decided);
  };
}

function beforeNextCommit(work: () => Promise<unknown>): void {
  let done = false;
  beforeCommit(async () => {
    if (done) return;
    done = true;
    await work();
  });
}

const changes: readonly (readonly [string, object])[] = [['its key is made inactive', inactiveKey], ['its user is disabled', disabledUser]];

describe('S14: a call that is decided already', () => {
  it.each(changes)('is refused when %s before it is committed', async (_what, change) => {
    const before = (await eventsInOrder(service, accountA)).length;
    beforeNextCommit(() => service.apply(change));
    const answer = await send(service, signed(service, keys.alice, { body: assumeBody }));
    expect(answer).toMatchObject({ status: 401, body: { error_code: 'APIGW.0301' } });
    expect(answer.body).not.toHaveProperty('credentials');
    const events = (await eventsInOrder(service, accountA)).slice(before);
    expect(events.map(({ operation }) => operation)).toEqual(['ApplyBootstrapFile']);
    // It has no caller any more, but it is not lost.
    await service.composition.flushUnidentified();
    expect((await readUnidentifiedCalls(service.redis, 1))[0]).toMatchObject({ operation: 'AssumeAgency', errorCode: 'APIGW.0301', claimedAccessKeyId: keys.alice.accessKeyId });
  });

  it('of a session is refused when its agency is deleted before it is committed', async () => {
    const session = await service.session(keys.alice, { agency_urn: agencies.long, agency_session_name: 'session-1' });
    beforeNextCommit(() => deleteAgency('long'));
    expect(await send(service, signed(service, session, { body: assumeBody }))).toMatchObject({ status: 401, body: { error_msg: 'Incorrect IAM authentication information: decrypt token fail' } });
  });

  it('of a session is refused when it is marked as revoked before it is committed', async () => {
    const session = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session-1' });
    beforeNextCommit(() => service.redis.set(service.composition.names.mark(session.accessKeyId), '1', 'EX', 60));
    expect(await send(service, signed(service, session, { body: assumeBody }))).toMatchObject({ status: 401 });
  });

  it.each([['the access key', `key:${keys.alice.accessKeyId}`], ['the account', 'account']])('of a session is refused when an epoch of %s grows before it is committed', async (_what, subject) => {
    const session = await service.session(keys.alice, { agency_urn: agencies.second, agency_session_name: 'session-1' });
    beforeNextCommit(() => service.redis.hincrby(service.composition.names.accountState(accountA), subject, 1));
    expect(await send(service, signed(service, session))).toMatchObject({ status: 401 });
  });

  it('is decided again, and once only, when something else of its account changed', async () => {
    const before = (await eventsInOrder(service, accountA)).length;
    beforeNextCommit(() => service.apply(accountsWith((file) => void (user('bob')(file).enabled = false))));
    const session = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session-1' });
    const events = (await eventsInOrder(service, accountA)).slice(before);
    expect(events.map(({ operation, issuedSession }) => [operation, issuedSession?.sessionId])).toEqual([['ApplyBootstrapFile', undefined], ['AssumeAgency', session.accessKeyId]]);
  });

  it('ends with 503 when what it stands on never stands still', async () => {
    let edition = 0;
    beforeCommit(() => {
      edition += 1;
      return service.apply(accountsWith((file) => void Object.assign(user('alice')(file), { description: `edition ${edition}` })));
    });
    expect(await send(service, signed(service, keys.alice, { body: assumeBody }))).toMatchObject({ status: 503, body: { error_code: 'STS5.1504' }, headers: { 'retry-after': '1' } });
  });

  it('is served when the account never stands still, and nothing that it stands on changes', async () => {
    let enabled = true;
    beforeCommit(() => {
      enabled = !enabled;
      return service.apply(accountsWith((file) => void (user('bob')(file).enabled = enabled)));
    });
    expect(await send(service, signed(service, keys.alice, { body: assumeBody }))).toMatchObject({ status: 200 });
  });

  it('is counted once per access key, however often it is decided', async () => {
    const narrow = await startService(accounts, { STS_RATE_ACCESS_KEY_PER_MINUTE: '1' });
    try {
      const { store } = narrow.composition;
      const commitNarrow = store.commit.bind(store);
      let decisions = 0;
      store.commit = async (decided) => {
        if (decided.callerAccountId === systemAccountId) return commitNarrow(decided);
        decisions += 1;
        if (decisions === 1) await narrow.apply(accountsWith((file) => void (user('bob')(file).enabled = false)));
        return commitNarrow(decided);
      };
      expect(await send(narrow, signed(narrow, keys.rootA))).toMatchObject({ status: 200 });
      expect(decisions).toBe(2);
      expect(await send(narrow, signed(narrow, keys.rootA))).toMatchObject({ status: 429 });
    } finally {
      await narrow.stop();
    }
  });
});

describe('S14: among many calls at once', () => {
  it.each(changes)('none succeeds that was sent after the write was acknowledged, and none was committed behind it: %s', async (_what, change) => {
    const before = (await eventsInOrder(service, accountA)).length;
    let acknowledged = false;
    const outcomes: { sentAfter: boolean; status: number }[] = [];
    const caller = async (credentials: Credentials): Promise<void> => {
      for (let count = 0; count < 12; count += 1) {
        const sentAfter = acknowledged;
        const { status } = await send(service, signed(service, credentials, count % 2 === 0 ? { body: assumeBody } : {}));
        outcomes.push({ sentAfter, status });
      }
    };
    const callers = Promise.all(Array.from({ length: 10 }, () => caller(keys.alice)));
    // Some calls first, so that the write falls among the others.
    while (outcomes.length < 30) await new Promise((resolve) => setImmediate(resolve));
    await service.apply(change);
    acknowledged = true;
    await callers;

    const after = outcomes.filter(({ sentAfter }) => sentAfter);
    expect(after.length).toBeGreaterThan(0);
    expect(after.filter(({ status }) => status !== 401)).toEqual([]);
    const events = (await eventsInOrder(service, accountA)).slice(before);
    const write = events.findIndex(({ operation }) => operation === 'ApplyBootstrapFile');
    const succeeded = outcomes.filter(({ status }) => status === 200).length;
    expect(succeeded).toBeGreaterThan(0);
    expect(events.slice(0, write).filter(({ status }) => status === 200)).toHaveLength(succeeded);
    expect(events.slice(write + 1)).toEqual([]);
  });
});

/** As the IAM API will: the agency's entity goes. */
async function deleteAgency(name: string): Promise<void> {
  const { services } = service.composition;
  const view = await services.directory.read(accountA, () => []);
  const agency = view?.snapshot.agencies.named(name);
  if (view === undefined || agency === undefined) throw new Error(`no agency ${name}`);
  await writeChanges(service.composition, [{ accountId: accountA, expectedRevision: view.snapshot.revision, put: [], remove: [`agency:${agency.agencyId}`] }]);
}
