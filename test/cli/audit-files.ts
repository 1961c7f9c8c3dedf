// The offline commands of `agency-sts audit` as tests run them, and a log of real events to run them on.
import { generateKeyPairSync } from 'node:crypto';
import { Command } from 'commander';
import { appendEntries, encodeEntry, signerOf, type Checkpoint, type LogPlace } from '../../src/audit/log/log.js';
import { encodeEvent } from '../../src/audit/record.js';
import { addAuditCheckCommand } from '../../src/cli/audit-check.js';
import { addAuditVerifyCommand } from '../../src/cli/audit-verify.js';
import { plainCommand } from '../../src/cli/client-command.js';
import { CommandError } from '../../src/cli/index.js';
import { formatVerifierKey } from '../../src/tlog/index.js';
import { accountA } from '../support/accounts.js';
import { temporaryFolder, type Outcome } from './support.js';

const pair = generateKeyPairSync('ed25519');
export const name = 'agency-sts/0123456789abcdef';
export const vkey = formatVerifierKey({ name, publicKey: pair.publicKey });
export const otherKey = formatVerifierKey({ name, publicKey: generateKeyPairSync('ed25519').publicKey });

const record = (sequence: number): string => encodeEvent({
  accountId: accountA, time: Date.UTC(2026, 0, 1) + sequence, requestId: `request-${sequence}`, operation: 'AssumeAgency', sourceIp: '192.0.2.1', status: 200,
  principal: { accountId: accountA, urn: `iam::${accountA}:user:alice`, id: 'alice', type: 'User', isRootUser: false, accessKeyId: 'HPUA0000000000000001' },
});

/** A log of cell 7 with events of the account A, which grows to the sizes one after the other. */
export async function auditLog(...sizes: readonly number[]): Promise<{ readonly place: LogPlace; readonly checkpoints: readonly Checkpoint[] }> {
  const place = { directory: await temporaryFolder(), name, cell: 7 };
  const checkpoints: Checkpoint[] = [];
  for (const size of sizes) {
    const from = checkpoints.at(-1);
    const entries = Array.from({ length: size - (from?.size ?? 0) }, (_, at) => encodeEntry(7, (from?.size ?? 0) + at + 1, record((from?.size ?? 0) + at + 1)));
    checkpoints.push(await appendEntries(place, signerOf(pair.privateKey, pair.publicKey), from, entries));
  }
  return { place, checkpoints };
}

export async function runAudit(...args: readonly string[]): Promise<Outcome> {
  let out = '';
  const io = { environment: {}, homeDirectory: '/nonexistent', now: () => new Date(0), out: (text: string) => (out += text), err: (text: string) => (out += `[stderr] ${text}`) };
  const program = new Command('agency-sts');
  const audit = plainCommand(program, 'audit', io);
  addAuditVerifyCommand(audit, io);
  addAuditCheckCommand(audit, io);
  try {
    await program.parseAsync(['node', 'agency-sts', 'audit', ...args]);
    return { exitCode: 0, out, message: '' };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { exitCode: error.exitCode, out, message: error.message };
  }
}
