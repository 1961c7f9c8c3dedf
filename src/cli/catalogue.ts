// Reads the catalogue of services that comes with the program.
import { readdir, readFile } from 'node:fs/promises';
import { catalogueFile, catalogueOf, type Catalogue } from '../policy/index.js';

const folder = new URL('../../config/catalogue/', import.meta.url);
const schemaName = 'catalogue.schema.json';

export async function readCatalogue(): Promise<Catalogue> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json') && name !== schemaName).sort();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, folder), 'utf8')));
  return catalogueOf(texts.map((text) => catalogueFile.parse(JSON.parse(text))));
}
