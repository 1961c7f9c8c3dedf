// The operations of the services: by their ids, and where what is granted for them counts.
import { foldAscii } from '../policy/index.js';
import type { CatalogueFile } from './file.js';

export type CatalogueOperation = CatalogueFile['operations'][number];

export interface ServiceOperations {
  /** Undefined for an operation that the service's file does not have. */
  operation(serviceCode: string, operationId: string): CatalogueOperation | undefined;
  /**
   * Whether what is granted for the enterprise project counts (IMS §1 and §3): as the operation says; without one only if
   * every operation of the action says so, which is the case of an action that has none.
   */
  countsForEnterpriseProject(enterpriseProjectId: string, action: string, operation?: CatalogueOperation): boolean;
}

/** Of the enterprise project that every account has. */
export const defaultEnterpriseProjectId = '0';

export function serviceOperationsOf(files: readonly CatalogueFile[]): ServiceOperations {
  const byService = new Map(files.map(({ service, operations }) => [service, new Map(operations.map((operation) => [operation.operation_id, operation]))]));
  const excluded = actionsWith(files, (counts) => counts === false);
  const limited = actionsWith(files, (counts) => counts === 'default');
  const ofAction = (action: string): CatalogueOperation['enterprise_project'] => !excluded.has(action) && (limited.has(action) ? 'default' : true);
  return {
    operation: (serviceCode, operationId) => byService.get(serviceCode)?.get(operationId),
    countsForEnterpriseProject: (enterpriseProjectId, action, operation) => {
      const counts = operation?.enterprise_project ?? ofAction(foldAscii(action));
      return counts === true || (counts === 'default' && enterpriseProjectId === defaultEnterpriseProjectId);
    },
  };
}

/** Actions, by all their names, that an operation of such a column asks for. */
function actionsWith(files: readonly CatalogueFile[], isWanted: (counts: CatalogueOperation['enterprise_project']) => boolean): ReadonlySet<string> {
  return new Set(files.flatMap(({ actions, operations }) => {
    const named = operations.flatMap(({ operation_action: action, enterprise_project: counts }) => (action !== undefined && isWanted(counts) ? [action] : []));
    const older = actions.flatMap(({ action, aliases }) => (named.includes(action) ? aliases : []));
    return [...named, ...older].map(foldAscii);
  }));
}
