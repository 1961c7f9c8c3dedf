// What the tests of recovery share: revocations as commits, backups of a Redis, and calls to processes by turns.
import { cp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { machineEvent } from '../../src/service/machine-event.js';
import type { Composition } from '../../src/service/composition.js';
import { seconds } from '../../src/base/clock.js';
import type { EpochSubject } from '../../src/directory/store.js';
import type { Commit, CommitResult, Revocation } from '../../src/sts/commit.js';
import type { RawRedis } from './support.js';
import { anyPlace } from '../support/status.js';

export type Kind = Revocation['kind'];

/** Ends a session by itself, or with all that its subject issued. */
export async function revocationOf({ services }: Composition, kind: Kind, sessionId: string, accountId: string, subject: EpochSubject): Promise<Revocation> {
  const now = seconds(services.clock.now());
  if (kind === 'mark') return { kind, sessionId, status: anyPlace(sessionId), note: { revokedAt: now, revokedBy: 'test', reason: 'leaked' } };
  if (kind === 'epoch') return { kind, accountId, subject };
  const { boundaries } = await services.directory.readEpochs(accountId, [subject]);
  return { kind, accountId, boundaries, subject, issuedBefore: now + 1, revokedAt: now };
}

export const revocationCommit = ({ services }: Composition, accountId: string, revocations: readonly Revocation[]): Commit => ({
  callerAccountId: accountId, guards: [], unmarkedSessions: [], revocations, events: [machineEvent('RevokeSession', accountId, services)],
});

export const revoke = (composition: Composition, accountId: string, revocations: readonly Revocation[]): Promise<CommitResult> =>
  composition.store.commit(revocationCommit(composition, accountId, revocations));

const filesOf = ({ socketPath }: RawRedis): string => join(dirname(socketPath), 'appendonlydir');

/** Everything on the disk of the server at this moment. */
export async function backUp(raw: RawRedis): Promise<string> {
  const copy = `${filesOf(raw)}-copy`;
  await raw.kill();
  await rm(copy, { recursive: true, force: true });
  await cp(filesOf(raw), copy, { recursive: true });
  await raw.start();
  return copy;
}

/** Kills the server, and starts it with the backup. */
export async function restore(raw: RawRedis, copy: string): Promise<void> {
  await raw.kill();
  await rm(filesOf(raw), { recursive: true, force: true });
  await cp(copy, filesOf(raw), { recursive: true });
  await raw.start();
}

/** The statuses of calls until one is no 503. */
export async function settled(call: () => Promise<{ readonly status: number }>): Promise<number> {
  let status = 0;
  await expect.poll(async () => {
    ({ status } = await call());
    return status;
  }, { timeout: 15_000, interval: 20 }).not.toBe(503);
  return status;
}
