// The programs of the benchmark that run as processes of their own, compiled one file at a time into a folder that goes away.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transpileModule, ModuleKind, ScriptTarget } from 'typescript';

const bench = new URL('../../bench/', import.meta.url);
const files = ['floor/floor', 'harness/signature', 'load/generator', 'load/connection', 'load/source'] as const;

export interface Programs {
  readonly floor: string;
  readonly generator: string;
  readonly signature: string;
  remove(): Promise<void>;
}

export async function compilePrograms(): Promise<Programs> {
  const folder = await mkdtemp(join(tmpdir(), 'agency-sts-bench-programs-'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  for (const file of files) {
    const { outputText } = transpileModule(await readFile(new URL(`${file}.ts`, bench), 'utf8'), { compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2023, verbatimModuleSyntax: true } });
    const path = join(folder, `${file}.js`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, outputText);
  }
  const of = (file: (typeof files)[number]): string => join(folder, `${file}.js`);
  return { floor: of('floor/floor'), generator: of('load/generator'), signature: of('harness/signature'), remove: () => rm(folder, { recursive: true, force: true }) };
}
