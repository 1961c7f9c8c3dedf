// The audit log of this installation: where it stands, what it is called, and with which keys it is signed and checked.
import { readCheckpoint, logSigner, logVerifiers, newLogMemory, type LogMemory, type LogPlace, type LogSigner } from '../../audit/log/log.js';
import type { Keyring } from '../../keyring/keyring.js';
import type { Install } from '../../redis/install.js';
import type { VerifierKey } from '../../tlog/index.js';

export interface AuditLog {
  /** `STS_AUDIT_DIR`. */
  readonly directory: string;
  /** `agency-sts/<install id>`. */
  readonly name: string;
  readonly signer: LogSigner;
  readonly verifiers: readonly VerifierKey[];
  /** Of what this process sealed. */
  readonly memory: LogMemory;
  place(cell: number): LogPlace;
  /** Events of the cell that the log on disk holds; undefined when it holds none. Throws a LogDamagedError. */
  sealedSize(cell: number): Promise<number | undefined>;
}

const logNameOf = ({ id }: Install): string => `agency-sts/${id}`;

export function auditLogOf(directory: string, install: Install, keyring: Keyring): AuditLog {
  const name = logNameOf(install);
  const verifiers = logVerifiers(keyring, name);
  const place = (cell: number): LogPlace => ({ directory, name, cell });
  return {
    directory, name, place, verifiers,
    signer: logSigner(keyring),
    memory: newLogMemory(),
    sealedSize: async (cell) => (await readCheckpoint(place(cell), verifiers))?.size,
  };
}
