// The marker of a log folder (`log.json`): which installation's log it is, so that no process seals into another place.
import { link, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { LogDamagedError, readPlainFile } from '../../audit/log/log.js';
import type { Random } from '../../base/clock.js';
import { syncFolder } from '../../base/sync-folder.js';
import { authenticateRecord, openRecord } from '../../keyring/authenticate.js';
import type { Keyring } from '../../keyring/keyring.js';
import { lastUnauthenticated, recordedLogId, recordLogId } from '../../redis/audit-seal.js';
import type { KeyNames } from '../../redis/cells.js';
import type { RedisConnection } from '../../redis/client.js';
import type { Composition } from '../composition.js';
import { settingError } from '../settings.js';
import type { AuditLog } from './audit-log.js';

export interface LogFolder {
  /** Number of the cell's last event from a release that did not authenticate events; 0 when there is none. */
  lastOlderEvent(cell: number): number;
  /** Throws a LogDamagedError when the folder is not, or is no more, the one of this installation. */
  check(): Promise<void>;
}

export interface LogFolderTools {
  readonly redis: RedisConnection;
  readonly names: KeyNames;
  readonly keyring: Keyring;
  readonly random: Random;
  readonly auditLog: AuditLog;
}

const markerName = 'log.json';
const fileMode = 0o640;
const folderMode = 0o750;

const markerFile = z.object({ log: z.string(), id: z.string(), record: z.string() });
const markerContent = z.object({ log: z.string(), id: z.string(), older: z.record(z.string(), z.number()) });
type Marker = z.infer<typeof markerContent>;

const place = ['audit-log-marker'];

/**
 * The folder of the installation's log. At the very first start it gets its marker, and Redis remembers the marker's
 * id: every later start, on whatever host, must find the folder with that marker. Throws an error that says what to do.
 */
async function openLogFolder(tools: LogFolderTools): Promise<LogFolder> {
  const { redis, keyring, auditLog: { directory, name } } = tools;
  const recorded = await recordedLogId(redis, keyring);
  const found = await readMarker(tools);
  if (found === undefined && recorded !== undefined) {
    throw new LogDamagedError(`the folder ${directory} is not the one with the audit log of this installation: it has no \`${markerName}\`. All hosts need the same shared folder: mount it, name it, or restore it from a backup`);
  }
  const marker = found ?? await makeMarker(tools);
  if (marker.log !== name) throw new LogDamagedError(`the folder ${directory} holds the audit log of another installation (\`${marker.log}\`, and this one is \`${name}\`): name a folder of its own`);
  const id = recorded ?? await recordLogId(redis, keyring, marker.id);
  if (marker.id !== id) throw new LogDamagedError(`the folder ${directory} is not the one with the audit log of this installation: another one was in use first. All hosts need the same shared folder`);
  let seen: Buffer | undefined;
  return {
    lastOlderEvent: (cell) => marker.older[cell] ?? 0,
    async check() {
      // It is read each time; what it says was found good in these very bytes.
      const bytes = await readPlainFile(join(directory, markerName));
      if (bytes === undefined) throw new LogDamagedError(`the folder ${directory} has no \`${markerName}\` any more: it was removed, emptied or not mounted`);
      if (seen?.equals(bytes) === true) return;
      if (markerOf(tools, bytes).id !== id) throw new LogDamagedError(`the folder ${directory} was replaced by another one`);
      seen = bytes;
    },
  };
}

/** The same for a start of the service, where whoever runs it can mend what is wrong. */
export async function openAuditFolder({ redis, names, keyring, auditLog, services: { random } }: Pick<Composition, 'redis' | 'names' | 'keyring' | 'auditLog' | 'services'>): Promise<LogFolder> {
  return openLogFolder({ redis, names, keyring, auditLog, random }).catch((error: unknown) => {
    throw settingError('STS_AUDIT_DIR', error);
  });
}

async function readMarker(tools: LogFolderTools): Promise<Marker | undefined> {
  const bytes = await readPlainFile(join(tools.auditLog.directory, markerName));
  return bytes && markerOf(tools, bytes);
}

function markerOf({ keyring, auditLog: { directory } }: LogFolderTools, bytes: Buffer): Marker {
  try {
    const { record, log, id } = markerFile.parse(JSON.parse(bytes.toString()));
    // Of another installation the key ring is another one too: what it says of itself is enough to refuse it.
    const older = markerContent.safeParse(JSON.parse(openedOr(keyring, record, '{}')));
    return older.success && older.data.log === log && older.data.id === id ? older.data : { log: `${log} of another key ring`, id: '', older: {} };
  } catch {
    throw new LogDamagedError(`\`${join(directory, markerName)}\` is no marker of an audit log: restore it from a backup`);
  }
}

function openedOr(keyring: Keyring, record: string, otherwise: string): string {
  try {
    return openRecord(keyring['record-authentication'], place, record);
  } catch {
    return otherwise;
  }
}

/** The one that stands there then: of two first starts at once, one is the first. */
async function makeMarker(tools: LogFolderTools): Promise<Marker> {
  const { redis, names, keyring, random, auditLog: { directory, name: log } } = tools;
  await mkdir(directory, { recursive: true, mode: folderMode });
  if ((await readdir(directory)).some((entry) => /^c\d{2,}$/.test(entry))) {
    throw new LogDamagedError(`the folder ${directory} holds an audit log without its \`${markerName}\`: restore it from a backup, or name an empty folder`);
  }
  const older = await Promise.all(Array.from({ length: names.cells }, async (_, cell) => [String(cell), await lastUnauthenticated(redis, names, cell)] as const));
  const marker: Marker = { log, id: random.bytes(8).toString('hex'), older: Object.fromEntries(older.filter(([, last]) => last > 0)) };
  const record = authenticateRecord(keyring['record-authentication'], place, JSON.stringify(marker));
  await writeOnce(directory, `${JSON.stringify({ log, id: marker.id, record }, null, 2)}\n`, marker.id);
  const standing = await readMarker(tools);
  if (standing === undefined) throw new LogDamagedError(`\`${join(directory, markerName)}\` vanished`);
  return standing;
}

/** Whole and durable, or not there; one that stands there already stays. */
async function writeOnce(directory: string, text: string, suffix: string): Promise<void> {
  const temporary = join(directory, `.new-${suffix}`);
  const handle = await open(temporary, 'wx', fileMode);
  try {
    await handle.writeFile(text);
    await handle.sync();
    await link(temporary, join(directory, markerName));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await handle.close();
    await rm(temporary, { force: true });
  }
  await syncFolder(directory);
}
