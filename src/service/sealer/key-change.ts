// A change of the key that signs the log is an event, recorded before anything is signed with the new key.
import { setTimeout as sleep } from 'node:timers/promises';
import { readCheckpoint, signersOf } from '../../audit/log/log.js';
import { ApiError } from '../../base/api-error.js';
import { systemAccountId } from '../../directory/entities.js';
import type { Keyring } from '../../keyring/keyring.js';
import { claimSignerChange, recordedSigner, recordSigner } from '../../redis/audit-signer.js';
import type { KeyNames } from '../../redis/cells.js';
import type { RedisConnection } from '../../redis/client.js';
import type { CommitStore } from '../../sts/commit.js';
import type { Services } from '../../sts/services.js';
import { formatVerifierKey } from '../../tlog/index.js';
import { machineEvent, recordMachineEvent } from '../machine-event.js';
import type { AuditLog } from './audit-log.js';

export interface KeyChangeTools {
  readonly redis: RedisConnection;
  readonly names: KeyNames;
  readonly keyring: Keyring;
  readonly log: AuditLog;
  readonly services: Pick<Services, 'clock' | 'random'>;
  readonly store: CommitStore;
}

/** How long it is taken for granted that no process has a newer key. */
const knownMilliseconds = 1000;
const waitMilliseconds = 50;
const mostWaits = 100;

/**
 * To be called before each turn at a cell. Throws while this process must not sign: the log has a newer key than its
 * ring, or the change is not recorded yet.
 */
export function keyChange(tools: KeyChangeTools): () => Promise<void> {
  let known = -Infinity;
  let settling: Promise<void> | undefined;
  return async () => {
    if (performance.now() - known < knownMilliseconds) return;
    settling ??= settle(tools).then(() => {
      known = performance.now();
    }).finally(() => {
      settling = undefined;
    });
    await settling;
  };
}

async function settle(tools: KeyChangeTools): Promise<void> {
  const { redis, keyring } = tools;
  const { active, byId } = keyring['audit-signing'];
  for (let waits = 0; waits < mostWaits; waits += 1) {
    const recorded = await recordedSigner(redis, keyring);
    if (recorded === active.id) return;
    if (recorded !== undefined && !byId.has(recorded)) {
      throw new Error(`the log is signed with the \`audit-signing\` key \`${recorded}\`, which the key ring of this process lacks: give it the key ring of the others, and restart it`);
    }
    if (await claimSignerChange(redis)) return tell(tools, recorded ?? (await standingSigner(tools)));
    await sleep(waitMilliseconds);
  }
  throw new Error('another process is recording the change of the `audit-signing` key');
}

/** INVARIANT: the event is committed before the key is remembered: a crash in between tells of the change twice. */
async function tell({ redis, keyring, log, services, store }: KeyChangeTools, previous: string | undefined): Promise<void> {
  const { active, byId } = keyring['audit-signing'];
  if (previous !== undefined && previous !== active.id) {
    const verifierKey = (id: string): object => {
      const publicKey = byId.get(id)?.publicKey;
      return publicKey === undefined ? {} : { verifier_key: formatVerifierKey({ name: log.name, publicKey }) };
    };
    const event = {
      ...machineEvent('AuditKeyChanged', systemAccountId, services),
      request: { from: { key_id: previous, ...verifierKey(previous) }, to: { key_id: active.id, ...verifierKey(active.id) } },
    };
    try {
      await recordMachineEvent(store, event);
    } catch (error) {
      // Sealing makes room for the event, which is recorded after the claim has passed then.
      if (error instanceof ApiError && error.errorName === 'auditLogFull') return;
      throw error;
    }
  }
  await recordSigner(redis, keyring, active.id);
}

/** Of a log from before changes were recorded: who signed where the event will stand. */
async function standingSigner({ names, keyring, log }: KeyChangeTools): Promise<string | undefined> {
  const place = log.place(names.cellOfAccount(systemAccountId));
  const checkpoint = await readCheckpoint(place, log.verifiers);
  const [signer] = checkpoint === undefined ? [] : signersOf(place, checkpoint, log.verifiers);
  return signer && [...keyring['audit-signing'].byId.values()].find(({ publicKey }) => publicKey?.equals(signer.publicKey) === true)?.id;
}
