// Audit events of the transitions that a process made by itself. The states keep their moments, whether the events can be written or not.
import { systemAccountId } from '../../directory/entities.js';
import type { Due } from '../../keyring/key-schedule.js';
import type { CommitStore } from '../../sts/commit.js';
import type { Services } from '../../sts/services.js';
import { machineEvent, recordMachineEvent } from '../machine-event.js';

export interface KeyEvents {
  changed(change: Pick<Due, 'kind' | 'id' | 'purpose'>): void;
  /** What was told before is written now. */
  attach(store: CommitStore): void;
  /** Resolves when the events of all changes until now are written, or cannot be. */
  told(): Promise<void>;
}

export function keyEvents(services: Pick<Services, 'clock' | 'random'>): KeyEvents {
  let attach: (store: CommitStore) => void = () => undefined;
  const attached = new Promise<CommitStore>((resolve) => {
    attach = resolve;
  });
  let writing: Promise<void> = Promise.resolve();
  return {
    attach: (store) => attach(store),
    told: () => writing,
    changed({ kind, id, purpose }) {
      if (kind === 'spread') return;
      const event = { ...machineEvent(kind === 'activate' ? 'ActivateKey' : 'RetireKey', systemAccountId, services), request: { key_id: id, purpose } };
      writing = writing.then(async () => recordMachineEvent(await attached, event)).catch(() => undefined);
    },
  };
}
