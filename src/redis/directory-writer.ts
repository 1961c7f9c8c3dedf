// Changes of accounts: compare-and-set on their revisions, together with the audit events, in one commit.
import type { Redis } from 'ioredis';
import type { Random } from '../base/clock.js';
import type { AuditEvent } from '../audit/event.js';
import type { EntityField } from '../directory/snapshot.js';
import type { AccountChange } from '../directory/store.js';
import { authenticateRecord } from '../keyring/authenticate.js';
import type { Keyring } from '../keyring/keyring.js';
import { claimAccessKey, claimsOf } from './access-keys.js';
import { accountsKey, type KeyNames } from './cells.js';
import { reach, runScript } from './client.js';
import { addEvent } from './commit-store.js';
import { entityPlace } from './directory-store.js';
import { addStep, commitScript, noSteps } from './scripts/commit.js';

/** Revisions back that a process can catch up with by entity instead of reading the whole account. */
const keptChanges = 64;
/** Fields of one script step; Lua unpacks a step's values on its stack. */
const fieldsPerStep = 500;

export interface DirectoryWriter {
  /**
   * All changes and events, or none; `conflict` when an account is no longer at the revision that a change expects, or
   * when another account has a permanent access key of the changes or claims it too.
   */
  write(changes: readonly AccountChange[], events: readonly AuditEvent[]): Promise<'written' | 'conflict'>;
}

export function directoryWriter(redis: Redis, names: KeyNames, keyring: Keyring, random: Random): DirectoryWriter {
  return {
    write: (changes, events) => reach(async () => {
      const claims = claimsOf(changes);
      // What a conflict leaves behind are claims at most, and whoever needs such a key takes them over.
      await Promise.all(claims.map((claim) => claimAccessKey(redis, names, claim)));
      const steps = noSteps();
      for (const { accessKeyId, accountId } of claims) addStep(steps, 'H', names.accessKeyHint(accessKeyId), accountId);
      for (const event of events) addEvent(steps, event, names);
      for (const { accountId, expectedRevision, put, remove } of changes) {
        addStep(steps, 'G', names.accountState(accountId), 1, 'rev', expectedRevision ?? '0');
        addStep(steps, 'P', names.accountState(accountId), 1, 'rev', nextRevision(expectedRevision, random));
        const records = put.map(([field, entity]) => [field, authenticateRecord(keyring['record-authentication'], entityPlace(accountId, field), JSON.stringify(entity))]);
        for (let at = 0; at < records.length; at += fieldsPerStep) {
          const part = records.slice(at, at + fieldsPerStep);
          addStep(steps, 'P', names.accountEntities(accountId), part.length, ...part.flat());
        }
        // With an agency or an account its sessions end, and so do their descendants in whatever account: they carry its epoch.
        for (const subject of endedSubjects(remove)) addStep(steps, 'U', names.accountState(accountId), subject);
        for (let at = 0; at < remove.length; at += fieldsPerStep) {
          const part = remove.slice(at, at + fieldsPerStep);
          addStep(steps, 'D', names.accountEntities(accountId), part.length, ...part);
        }
        const change = JSON.stringify([expectedRevision ?? '0', [...put.map(([field]) => field), ...remove]]);
        addStep(steps, 'C', names.accountChanges(accountId), change, keptChanges);
      }
      // Before the commit: an account that is listed may not exist (yet), but none exists without being listed.
      if (changes.length > 0) await redis.sadd(accountsKey, ...changes.map(({ accountId }) => accountId));
      const answer = await runScript(redis, commitScript, steps.keys, steps.values);
      return answer === 'ok' ? 'written' : 'conflict';
    }),
  };
}

/** Epochs to raise. What is left of an account without entities is its state, with them. */
function endedSubjects(removed: readonly EntityField[]): readonly string[] {
  return removed.flatMap((field) => (field.startsWith('agency:') ? [field] : field.startsWith('account:') ? ['account'] : []));
}

/** A counter for people, and 64 random bits: a history that was rewritten never looks like the known one. */
function nextRevision(revision: string | undefined, random: Random): string {
  const count = Number.parseInt(revision ?? '0', 10) + 1;
  return `${count}-${random.bytes(8).toString('hex')}`;
}
