// The operations of the services: by their ids, and where what is granted for them counts.
import { foldAscii } from '../policy/index.js';
import type { CatalogueFile } from './file.js';

export type CatalogueOperation = CatalogueFile['operations'][number];

export interface ServiceOperations {
  /** Undefined for an operation that the service's file does not have. */
  operation(serviceCode: string, operationId: string): CatalogueOperation | undefined;
  /**
   * Whether what is granted for an enterprise project counts (IMS §1 and §3): as the operation says; without one only if
   * every operation of the action says so, which is the case of an action that has none.
   */
  countsForEnterpriseProjects(action: string, operation?: CatalogueOperation): boolean;
}

export function serviceOperationsOf(files: readonly CatalogueFile[]): ServiceOperations {
  const byService = new Map(files.map(({ service, operations }) => [service, new Map(operations.map((operation) => [operation.operation_id, operation]))]));
  const excluded = new Set(files.flatMap(({ actions, operations }) => {
    const named = operations.flatMap(({ operation_action: action, enterprise_project: counts }) => (counts || action === undefined ? [] : [action]));
    const older = actions.flatMap(({ action, aliases }) => (named.includes(action) ? aliases : []));
    return [...named, ...older].map(foldAscii);
  }));
  return {
    operation: (serviceCode, operationId) => byService.get(serviceCode)?.get(operationId),
    countsForEnterpriseProjects: (action, operation) => operation?.enterprise_project ?? !excluded.has(foldAscii(action)),
  };
}
