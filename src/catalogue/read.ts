// Reads the catalogue that comes with the program, and the services that a deployer adds in a folder of their own.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PolicyError, readJson } from '../policy/index.js';
import { catalogueOf, type Catalogue } from './catalogue.js';
import { catalogueFile, type CatalogueFile } from './file.js';

const shippedFolder = fileURLToPath(new URL('../../config/catalogue/', import.meta.url));
const schemaName = 'catalogue.schema.json';

/**
 * Every `*.json` of both folders but the schema.
 * @throws Error naming the file or the service, and the rule
 */
export async function readCatalogue(extraFolder?: string): Promise<Catalogue> {
  const folders = extraFolder === undefined ? [shippedFolder] : [shippedFolder, extraFolder];
  const files = await Promise.all(folders.map(readFolder));
  return catalogueOf(files.flat());
}

async function readFolder(folder: string): Promise<CatalogueFile[]> {
  const names = await readdir(folder).catch((error: unknown) => refuse(folder, error));
  return Promise.all(names.filter((name) => name.endsWith('.json') && name !== schemaName).sort().map((name) => readOne(join(folder, name))));
}

async function readOne(path: string): Promise<CatalogueFile> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => refuse(path, error));
  try {
    // Of two effects of a statement JSON.parse would keep one without a word.
    readJson(text);
  } catch (error) {
    if (error instanceof PolicyError) throw new Error(`catalogue file \`${path}\`: ${error.message}`, { cause: error });
    throw error;
  }
  const result = catalogueFile.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`catalogue file \`${path}\`: \`/${issue?.path.join('/') ?? ''}\`: ${issue?.message ?? 'malformed'}`);
}

function refuse(path: string, error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  throw new Error(`catalogue: \`${path}\` cannot be read: ${code}`, { cause: error });
}
