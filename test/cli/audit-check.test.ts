// `agency-sts audit check`: an event is proved with its file and a public key, and with nothing less.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeProofFile, type ProofFile } from '../../src/audit/log/log.js';
import { auditLog, otherKey, runAudit, vkey } from './audit-files.js';
import { temporaryFolder, type Outcome } from './support.js';

let proof: ProofFile;
let other: ProofFile;

async function check(content: object | string, key = vkey): Promise<Outcome> {
  const path = join(await temporaryFolder(), 'proof.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return runAudit('check', path, '--key', key);
}

it('prints the event, and the checkpoint that proves it', async () => {
  const { place, checkpoints: [checkpoint] } = await auditLog(300);
  if (checkpoint === undefined) throw new Error('no checkpoint');
  const { exitCode, out } = await check(await makeProofFile(place, checkpoint, 122));
  expect(exitCode).toBe(0);
  const [event = '', note] = out.split('[stderr] ');
  expect(JSON.parse(event)).toMatchObject({ trace_id: '7-123', trace_name: 'AssumeAgency', request_id: 'request-123' });
  expect(note).toBe('proved by the checkpoint of agency-sts/0123456789abcdef/c07 of size 300\n');
});

describe('a proof that proves nothing', () => {
  it.each<[what: string, bent: () => object | string, message: string]>([
    ['for another event', () => ({ ...proof, event_id: '7-4' }), 'the proof is of event `7-3`, not of `7-4`'],
    ['with another entry', () => ({ ...proof, entry: other.entry }), 'the proof does not lead from the entry to the checkpoint'],
    ['with another proof', () => ({ ...proof, proof: other.proof }), 'the proof does not lead from the entry to the checkpoint'],
    ['with a changed size', () => ({ ...proof, proof: proof.proof.replace('\n5\n', '\n6\n') }), 'the checkpoint of the proof is not signed by a known key'],
    ['of another cell', () => ({ ...proof, proof: proof.proof.replaceAll('/c07', '/c08') }), 'the checkpoint of the proof is not signed by a known key'],
    ['without an entry', () => ({ event_id: proof.event_id, proof: proof.proof }), 'the proof file is wrong: `entry`'],
    ['that is no JSON', () => proof.proof, 'the proof file is not JSON'],
  ])('%s', async (_what, bent, message) => {
    const { place, checkpoints: [checkpoint] } = await auditLog(5);
    if (checkpoint === undefined) throw new Error('no checkpoint');
    [proof, other] = [await makeProofFile(place, checkpoint, 2), await makeProofFile(place, checkpoint, 3)];
    expect(await check(bent())).toMatchObject({ exitCode: 1, out: '', message: expect.stringContaining(message) as string });
    expect(await check(proof, otherKey)).toMatchObject({ exitCode: 1, message: expect.stringContaining('is not signed by a known key') as string });
  });
});

it('wrong usage has exit code 2', async () => {
  expect(await runAudit('check', '/nonexistent', '--key', vkey)).toMatchObject({ exitCode: 2 });
  expect(await runAudit('check', '/nonexistent')).toMatchObject({ exitCode: 2, message: 'a public key of the log is missing: `--key` or `--key-file`' });
});
