// Puts together what keeps acknowledged revocations: the gate, the journal, the recovery, and the commits that use them.
import { join } from 'node:path';
import type { Clock } from '../base/clock.js';
import { oneAtATime } from '../base/one-at-a-time.js';
import type { CellWatch } from '../redis/cell-watch.js';
import { missingEndings, type RecoveryTools } from '../redis/recovery.js';
import type { CommitStore } from '../sts/commit.js';
import type { Alarms } from './alarms.js';
import { cellGate } from './cell-gate.js';
import { durableCommits } from './durable-commits.js';
import { cellOfEnding } from './journal/endings.js';
import { journalReader } from './journal/reader.js';
import { revocationJournal } from './journal/writer.js';
import { cellChecker } from './recovery.js';
import { safeReads } from './safe-reads.js';
import type { RevocationLog } from './revocation-log/reader.js';

/** In `STS_AUDIT_DIR`. */
export const journalFolder = 'revocations';

export interface DurabilityParts {
  readonly tools: RecoveryTools;
  readonly watch: CellWatch;
  readonly clock: Clock;
  readonly alarms: Alarms;
  /** `STS_AUDIT_DIR`. */
  readonly auditFolder: string;
  readonly replicas: number;
  sealedSize(cell: number): Promise<number | undefined>;
  readonly revocationLog: RevocationLog;
  refuse(): void;
}

export interface Durability {
  readonly store: CommitStore;
  /**
   * Reads outside of a commit: through the gate, and again held against what this process knows of the cells, so that
   * what was acknowledged before is in what the work found. Throws a 503 where that is not certain.
   */
  read<Value>(cells: readonly number[], work: () => Promise<Value>): Promise<Value>;
  /** Why calls, or revocations, are refused now; finds out what is not known yet. */
  reasons(): Promise<readonly string[]>;
  /** Holds what other processes acknowledged meanwhile against what this one is connected to. */
  look(): Promise<void>;
  /** Prepares the journal and checks the cells; what it gives ends the watch over the connection. */
  start(): Promise<() => void>;
}

const lookMilliseconds = 1000;
/** A disk that takes longer is one that does not answer. */
const diskMilliseconds = 5000;
const cleaningMilliseconds = 3_600_000;

export function durability(store: CommitStore, parts: DurabilityParts): Durability {
  const { tools, watch, clock, alarms, auditFolder, replicas } = parts;
  const { redis, names, keyring, random } = tools;
  const folder = join(auditFolder, journalFolder);
  const keys = keyring['record-authentication'];
  const journal = revocationJournal({ folder, keys, clock, random });
  const disk = oneAtATime(diskMilliseconds, () => new Error(`${auditFolder} does not answer: what was revoked cannot be read`));
  const journals = journalReader(folder, keys, clock, disk);
  const check = cellChecker({ tools, watch, clock, journal, journals, revocationLog: parts.revocationLog, sealedSize: (cell) => disk(() => parts.sealedSize(cell)), alarms });
  const gate = cellGate({ redis, names, watch, check, alarms });
  const reasons = async (): Promise<readonly string[]> => {
    const [cells, trouble] = await Promise.all([gate.reasons(), journal.trouble()]);
    return [...cells, ...(trouble === undefined ? [] : [`revocations cannot be kept in ${folder}: ${trouble}`])];
  };
  // A network that is parted leaves two primaries for a while: no connection tells of that, the journals do.
  const look = async (): Promise<void> => {
    await gate.compareServers();
    await journals.checkNews(async (news) => {
      const missing = await missingEndings(tools, news.flatMap(({ ending, time }) => (ending === undefined ? [] : [{ ending, time }])));
      const cells = new Set(missing.map(({ ending }) => cellOfEnding(names, ending)));
      if (cells.size === 0) return;
      gate.close(cells);
      await gate.reasons();
    });
  };
  return {
    look,
    store: durableCommits(store, { tools, watch, clock, gate, journal, replicas, refuse: () => parts.refuse() }),
    reasons,
    read: safeReads({ redis, names, watch, gate, refuse: () => parts.refuse() }),
    async start() {
      await journal.prepare().catch((error: unknown) => alarms.raise({ cause: String(error) }, 'revocations cannot be kept: they are refused'));
      const clean = (): void => void journal.removeExpired().catch(() => undefined);
      const cleaning = setInterval(clean, cleaningMilliseconds);
      cleaning.unref();
      clean();
      const unfollow = gate.follow();
      await gate.reasons();
      let isLooking = false;
      const looking = setInterval(() => {
        if (isLooking) return;
        isLooking = true;
        void look().catch(() => undefined).finally(() => {
          isLooking = false;
        });
      }, lookMilliseconds);
      looking.unref();
      return () => {
        clearInterval(cleaning);
        clearInterval(looking);
        unfollow();
      };
    },
  };
}
