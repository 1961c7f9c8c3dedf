// Makes a fresh clone ready for `npm start` and `npm test`: the Node version, the dependencies and the build.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The test tools need a later Node 20 than the service does. */
const oldestNode = process.env.npm_lifecycle_event === 'pretest' ? [20, 19] : [20, 12];

function say(message) {
  process.stderr.write(`setup: ${message}\n`);
}

function isOldNode(version) {
  const [major, minor] = version.split('.').map(Number);
  return major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
}

async function prepare() {
  // Imported late: an older Node could not even read these files, and would hide the message above.
  const { installDependencies } = await import('./install.mjs');
  const { build } = await import('./build.mjs');
  const { withSetupLock } = await import('./lock.mjs');
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  const steps = [installDependencies(root, say), build(root, say)];
  if (steps.every((step) => step.isDone())) return;
  await withSetupLock(root, say, async () => {
    // Another setup may have done the work while this one waited.
    for (const step of steps) if (!step.isDone()) await step.run();
  });
}

if (isOldNode(process.versions.node)) {
  say(`node ${process.versions.node} is too old: node ${oldestNode.join('.')} or newer is needed`);
  process.exitCode = 1;
} else {
  prepare().catch((error) => {
    say(error.message);
    process.exitCode = 1;
  });
}
