// The authorization schema of a service, in the wire shape of IAM v5 API §9.
import type { Catalogue } from './catalogue.js';
import type { CatalogueFile, LocalizedText } from './file.js';

interface WireText {
  readonly en_US: string;
  readonly zh_CN: string;
}

export interface AuthorizationSchema {
  readonly version: string;
  readonly actions: readonly {
    readonly name: string;
    readonly access_level: CatalogueFile['actions'][number]['access_level'];
    readonly permission_only: boolean;
    readonly description: WireText;
    readonly aliases: readonly string[];
    readonly condition_keys: readonly string[];
    readonly resources: readonly { readonly urn_template: string; readonly required: boolean; readonly condition_keys: readonly string[] }[];
  }[];
  readonly resources: readonly { readonly type_name: string; readonly urn_template: string }[];
  readonly conditions: readonly { readonly key: string; readonly value_type: string; readonly multi_valued: boolean; readonly description: WireText }[];
  readonly operations: readonly { readonly operation_id: string; readonly operation_action: string; readonly dependent_actions: readonly string[] }[];
}

export interface ServiceOperation {
  readonly operationId: string;
  readonly action: string;
}

/** [choice] The version of the schema's shape, not of a service: the API names no values. */
const version = '1.0';

/**
 * Undefined for a service that is not in the catalogue. `operations` are those of services whose files leave them out,
 * as their operation tables hold them; operations that ask for actions of other services are left aside.
 */
export function authorizationSchema(catalogue: Catalogue, serviceCode: string, operations: readonly ServiceOperation[] = []): AuthorizationSchema | undefined {
  const file = catalogue.services.get(serviceCode);
  if (file === undefined) return undefined;
  const own = operations.filter(({ action }) => action.startsWith(`${serviceCode}:`)).map(({ operationId, action }) => ({ operation_id: operationId, operation_action: action }));
  return {
    version,
    actions: actionsOf(file),
    resources: file.resources,
    conditions: file.conditions.map(({ description, ...rest }) => ({ ...rest, description: wireText(description) })),
    operations: operationsOf(file, [...file.operations, ...own]),
  };
}

function actionsOf({ actions, resources }: CatalogueFile): AuthorizationSchema['actions'] {
  const templates = new Map(resources.map(({ type_name: type, urn_template: template }) => [type, template]));
  return actions.map((entry) => ({
    name: entry.action,
    access_level: entry.access_level,
    permission_only: entry.permission_only,
    description: wireText(entry.description),
    aliases: entry.aliases,
    condition_keys: entry.condition_keys,
    resources: entry.resources.flatMap(({ type, required, condition_keys: conditionKeys }) => {
      const template = templates.get(type);
      return template === undefined ? [] : [{ urn_template: template, required, condition_keys: conditionKeys }];
    }),
  }));
}

type DeclaredOperation = Pick<CatalogueFile['operations'][number], 'operation_id' | 'operation_action' | 'dependent_actions'>;

function operationsOf({ actions }: CatalogueFile, operations: readonly DeclaredOperation[]): AuthorizationSchema['operations'] {
  const dependent = new Map(actions.map((entry) => [entry.action, entry.dependent_actions]));
  // The API's own shape has no place for operations without an action, nor for the columns of the older system.
  return operations.flatMap(({ operation_id: operationId, operation_action: action, dependent_actions: actionsOfItsOwn }) =>
    (action === undefined ? [] : [{ operation_id: operationId, operation_action: action, dependent_actions: actionsOfItsOwn ?? dependent.get(action) ?? [] }]));
}

const wireText = ({ en_us: english, zh_cn: chinese }: LocalizedText): WireText => ({ en_US: english, zh_CN: chinese });
