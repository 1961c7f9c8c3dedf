// Compiles the benchmarks into bench/dist/, with copies of the rooms of src/ that they use.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const output = join(root, 'bench', 'dist');
mkdirSync(output, { recursive: true });
// The copies look for config/ where the built service has it: beside the folder that they lie in.
const link = join(output, 'config');
if (!existsSync(link)) symlinkSync(join(root, 'config'), link, 'junction');
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const { status, error } = spawnSync(process.execPath, [compiler, '-p', join(root, 'config', 'tsconfig.bench.json')], { stdio: ['ignore', 2, 2] });
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
