// The catalogue as offline commands see it: what comes with the program, and the services of the deployer.
import { readCatalogue, type Catalogue } from '../catalogue/index.js';
import { usageError } from './command-error.js';
import type { CommandIo } from './io.js';

/** The services of the deployer are known too, where they are known to the service itself. */
export async function catalogueFor({ environment }: CommandIo): Promise<Catalogue> {
  const folder = environment['STS_CATALOGUE_DIR'] ?? '';
  return readCatalogue(folder === '' ? undefined : folder).catch((error: unknown) => {
    throw error instanceof Error ? usageError(error.message) : error;
  });
}
