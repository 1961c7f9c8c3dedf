// Builds dist/ when the sources are not those of the last build.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const settings = ['tsconfig.json', join('config', 'tsconfig.build.json'), 'package.json', 'package-lock.json'];

export function build(root, say) {
  return { isDone: () => isBuilt(root), run: () => compile(root, say) };
}

function stampFile(root) {
  return join(root, 'dist', '.build.json');
}

function isBuilt(root) {
  try {
    const { digest, outputs } = JSON.parse(readFileSync(stampFile(root), 'utf8'));
    return digest === digestOfSources(root) && outputs.every((path) => existsSync(join(root, path)));
  } catch {
    return false;
  }
}

/** By content, so that neither a checkout nor a copy with old dates is mistaken for the last build. */
function digestOfSources(root) {
  const hash = createHash('sha256');
  const sources = filesUnder(join(root, 'src')).filter((path) => path.endsWith('.ts'));
  for (const path of [...settings.map((name) => join(root, name)), ...sources.sort()]) {
    const content = readFileSync(path);
    hash.update(`${relative(root, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}

function compile(root, say) {
  say('building dist/ ...');
  const dist = join(root, 'dist');
  mkdirSync(dist, { recursive: true });
  // Gone before the first file changes: a build that is cut off must not pass for a finished one.
  rmSync(stampFile(root), { force: true });
  // Before the compiler reads: a source that changes meanwhile makes the next setup build again.
  const digest = digestOfSources(root);
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const parameters = ['-p', join('config', 'tsconfig.build.json'), '--noEmitOnError', '--listEmittedFiles'];
  const { status, stdout, error } = spawnSync(process.execPath, [compiler, ...parameters], { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (error !== undefined) throw new Error(`the compiler could not be run: ${error.message}`);
  const lines = stdout.split(/\r?\n/);
  if (status !== 0) throw new Error(`the build failed:\n${lines.filter((line) => !line.startsWith('TSFILE:')).join('\n').trim()}`);
  const outputs = lines.filter((line) => line.startsWith('TSFILE:')).map((line) => relative(root, line.slice('TSFILE:'.length).trim()));
  removeStaleFiles(root, dist, new Set(outputs));
  makeExecutable(join(dist, 'main.js'));
  writeFileSync(stampFile(root), JSON.stringify({ digest, outputs }));
}

/** What a source that is no more had left. */
function removeStaleFiles(root, dist, outputs) {
  for (const path of filesUnder(dist)) {
    if (/\.(js|js\.map|d\.ts)$/.test(path) && !outputs.has(relative(root, path))) rmSync(path);
  }
}

function makeExecutable(path) {
  if (existsSync(path)) chmodSync(path, statSync(path).mode | 0o111);
}
