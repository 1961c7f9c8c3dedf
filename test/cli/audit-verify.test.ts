// `agency-sts audit verify`: what it prints, and with which exit code.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderOf } from '../../src/audit/log/log.js';
import { auditLog, name, otherKey, runAudit, vkey } from './audit-files.js';

it('a log that is what was signed: its cells, and exit code 0', async () => {
  const { place, checkpoints } = await auditLog(3, 5);
  expect(await runAudit('verify', place.directory, '--key', vkey)).toEqual({ exitCode: 0, out: `cell 7: 5 events of ${name}\n`, message: '' });
  const kept = join(place.directory, '.kept');
  await writeFile(kept, checkpoints[0]?.note ?? '');
  expect(await runAudit('verify', place.directory, '--key', otherKey, '--key', vkey, '--from', kept)).toMatchObject({ exitCode: 0 });
  const keys = join(place.directory, '.keys');
  await writeFile(keys, `# of the log\n${otherKey}\n\n${vkey}\n`);
  expect(await runAudit('verify', place.directory, '--key-file', keys)).toMatchObject({ exitCode: 0 });
});

it('a log that is not: each finding with its event, and exit code 1', async () => {
  const { place } = await auditLog(5);
  const bundle = join(folderOf(place), 'tile/entries/000.p/5');
  await writeFile(bundle, (await readFile(bundle, 'latin1')).replace('request-4', 'request-0'), 'latin1');
  await writeFile(join(place.directory, 'x\u001b[31m'), '');
  expect(await runAudit('verify', place.directory, '--key', vkey)).toEqual({
    exitCode: 1, message: '2 findings: the log is not what was signed',
    out: `cell 7: 5 events of ${name}\nforeign-file: \`x?[31m\` does not belong to the log\nchanged: event \`7-4\` was edited: it is not what was signed\n`,
  });
  const { out } = await runAudit('verify', place.directory, '--key', vkey, '--output', 'json');
  expect(JSON.parse(out)).toMatchObject({ cells: [{ cell: 7, size: 5, minimumIndex: 0 }], findings: [{ kind: 'foreign-file' }, { kind: 'changed', cell: 7, firstEvent: '7-4', lastEvent: '7-4' }] });
});

it('a tail that was cut is found with a checkpoint that was kept', async () => {
  const [{ place }, longer] = [await auditLog(3), await auditLog(3, 5)];
  expect(await runAudit('verify', place.directory, '--key', vkey)).toMatchObject({ exitCode: 0 });
  expect(await runAudit('verify', place.directory, '--key', vkey, '--from', join(folderOf(longer.place), 'checkpoint'))).toMatchObject({
    exitCode: 1, out: expect.stringContaining('cut: events `7-4` to `7-5` were cut off: a checkpoint of size 5 was signed, that of the log has size 3\n') as string,
  });
});

it('events behind the checkpoint are told, and are no finding', async () => {
  const { place, checkpoints } = await auditLog(3, 5);
  await writeFile(join(folderOf(place), 'checkpoint'), checkpoints[0]?.note ?? '');
  expect(await runAudit('verify', place.directory, '--key', vkey)).toMatchObject({ exitCode: 0, out: expect.stringContaining('cell 7: 3 events of agency-sts/0123456789abcdef; 2 files behind the checkpoint, not signed') as string });
});

it('without what it needs: exit code 2', async () => {
  const { place } = await auditLog(3);
  const bad = join(place.directory, '.bad');
  await writeFile(bad, 'x');
  expect(await runAudit('verify', place.directory)).toMatchObject({ exitCode: 2, message: 'a public key of the log is missing: `--key` or `--key-file`' });
  expect(await runAudit('verify', place.directory, '--key', 'x')).toMatchObject({ exitCode: 2, message: expect.stringContaining('`x` is no public key of a log') as string });
  expect(await runAudit('verify', '/nonexistent', '--key', vkey)).toMatchObject({ exitCode: 2, message: 'the log in `/nonexistent` cannot be read: ENOENT' });
  expect(await runAudit('verify', place.directory, '--key', vkey, '--from', bad)).toMatchObject({ exitCode: 2, message: expect.stringContaining('cannot be used') as string });
  expect(await runAudit('verify', place.directory, '--key', vkey, '--from', '/nonexistent')).toMatchObject({ exitCode: 2 });
  expect(await runAudit('verify', '--key', vkey)).toMatchObject({ exitCode: 2 });
  await rm(folderOf(place), { recursive: true });
  expect(await runAudit('verify', place.directory, '--key', vkey)).toMatchObject({ exitCode: 1, out: 'missing-log: there is no log here\n' });
});
