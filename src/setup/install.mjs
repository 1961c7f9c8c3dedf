// Installs the dependencies when they are absent or are not those of package-lock.json.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export function installDependencies(root, say) {
  return { isDone: () => difference(root) === undefined, run: () => install(root, say) };
}

/** Gives what is not as the lock file says, or nothing when all is. */
function difference(root) {
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  let installed;
  try {
    // npm writes this file last, so an installation that was cut off has none.
    installed = JSON.parse(readFileSync(join(root, 'node_modules', '.package-lock.json'), 'utf8')).packages;
  } catch {
    return 'they are not installed yet';
  }
  for (const [path, wantedPackage] of Object.entries(wanted)) {
    // The root package itself; and what is optional may be for another platform.
    if (path === '' || (wantedPackage.optional && installed[path] === undefined)) continue;
    const installedPackage = installed[path];
    if (installedPackage?.version !== wantedPackage.version || installedPackage?.integrity !== wantedPackage.integrity || !existsSync(join(root, path)))
      return `${path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)} ${wantedPackage.version} is missing or differs`;
  }
  return undefined;
}

function install(root, say) {
  say(`installing the dependencies with npm ci (${difference(root)}) ...`);
  // NODE_ENV=production would leave out the compiler; and no dependency needs a script, so none may run.
  const parameters = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { npm_execpath: npm } = process.env;
  // Under another package manager this path is not npm's.
  const [command, ...before] = npm !== undefined && basename(npm) === 'npm-cli.js' ? [process.execPath, npm] : ['npm'];
  const { status, error } = spawnSync(command, [...before, ...parameters], {
    cwd: root,
    // Standard output belongs to the service: what npm says goes where our own messages go.
    stdio: ['ignore', process.stderr, process.stderr],
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (error !== undefined) throw new Error(`npm could not be run: ${error.message}`);
  if (status !== 0) throw new Error(`npm ci failed (code ${status}): the reason stands above. Is the package registry reachable?`);
}
