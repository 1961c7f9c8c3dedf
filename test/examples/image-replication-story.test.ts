// The story of the example runs to its end by the one command of its README, and leaves nothing running.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('the image is replicated with an agency of either kind, and the audit tells who did what', { timeout: 120_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL('../../examples/image-replication/run.mjs', import.meta.url))], { timeout: 110_000 });
  expect(stdout.match(/"status":"SUCCESS"/g)).toHaveLength(2);
  for (const line of [/switchRole by service\.IMS: 201/, /AssumeAgency by service\.IMS: 200/, /Authorize ims:images:copy by iam::\w+:user:uma: 200/, /Authorize ims:images:upload by sts::\w+:assumed-agency:ims_copy_image_agency\/\S+: 200/]) expect(stdout).toMatch(line);
});
