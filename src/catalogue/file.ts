// One file of the catalogue: what a service is, as its owner writes it down. Its JSON Schema stands beside the files.
import { z } from 'zod';
import { servicePrincipalPattern, servicePrincipalRule } from '../urn/urn.js';

const name = (pattern: RegExp, rule: string) => z.string().regex(pattern, rule);
const text = z.string().min(1).max(1000);
const localized = z.object({ en_us: text, zh_cn: text }).strict();
const actionName = name(/^[\w-]+:[\w-]*:[\w-]+$/, 'must be service:resourceType:operation; the middle part may be empty');
const actionPattern = name(/^[\w-]+:[\w*-]*:[\w*-]+$/, 'must be an action; its parts may hold *');
const principalName = name(servicePrincipalPattern, servicePrincipalRule);
const policyName = name(/^[A-Za-z0-9_+=.@-]{1,128}$/, 'must be 1 to 128 letters, digits or _+=.@-');
const conditionKeys = z.array(name(/^[\w-]+:[^\s:]+$/, 'must be service:Name, for example `g:ResourceTag/<tag-key>`')).default([])
  .describe('keys of the service stand among its conditions, global ones (`g:`) need not');

const servicePrincipal = z.object({
  service_principal: principalName, service_catalog: text.describe('the family of services it belongs to, for example `Storage`'), display_name: localized, description: localized,
}).strict();

const action = z.object({
  action: actionName,
  access_level: z.enum(['list', 'read', 'write', 'tagging', 'permission_management']),
  description: localized,
  permission_only: z.boolean().default(false).describe('true: no operation of its own asks for it'),
  aliases: z.array(actionName).default([]).describe('older names of the action'),
  condition_keys: conditionKeys,
  resources: z.array(z.object({ type: text, required: z.boolean(), condition_keys: conditionKeys }).strict()).default([])
    .describe('empty: the action has no resource, and is only matched by statements for all resources'),
  dependent_actions: z.array(actionPattern).default([]).describe('actions that must be granted with this one'),
  evidence: z.enum(['documented', 'derived', 'own']).default('documented').describe('derived: named by analogy with documented ones; own: of this service alone'),
}).strict();

const resource = z.object({
  type_name: name(/^[A-Za-z][\w-]*$/, 'must be letters, digits, _ or -, beginning with a letter'),
  urn_template: name(/^[\w-]+:[^:\s]*:[^:\s]*:[^:\s]+:\S+$/, 'must be a URN of five segments, for example `iam::<account-id>:user:<user-name>`'),
}).strict();

const condition = z.object({
  key: name(/^[\w-]+:[^\s:]+$/, 'must be service:Name'), value_type: z.enum(['string', 'numeric', 'date', 'boolean', 'ip_address']), multi_valued: z.boolean(), description: localized,
}).strict();

const operation = z.object({
  operation_id: name(/^\w{1,128}$/, 'must be 1 to 128 letters, digits or _'),
  operation_action: actionName.optional().describe('absent: the operation asks for none'),
  dependent_actions: z.array(actionPattern).optional().describe('absent: those of its action'),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
  path: name(/^\/\S{0,255}$/, 'must begin with / and hold no blanks').optional(),
  project: z.boolean().default(true).describe('whether what is granted for a project counts'),
  enterprise_project: z.union([z.boolean(), z.literal('default')]).default(true).describe('whether what is granted for an enterprise project counts; `default`: only for the one of that name, which has the id 0'),
  note: text.optional(),
}).strict();

const systemPolicy = z.object({
  policy_name: policyName, description: localized, policy_document: z.record(z.string(), z.unknown()).describe('policy document of version 5.0, as a JSON object'),
}).strict();

const systemRole = z.object({
  name: name(/^[A-Za-z]\w{0,63}$/, 'must be 1 to 64 letters, digits or _, beginning with a letter').describe('the internal name, for example `te_agency`; the id is made of it'),
  display_name: name(/^[^\s](?:.{0,62}[^\s])?$/, 'must be 1 to 64 characters without blanks at the ends'),
  type: z.enum(['AX', 'XA', 'AA', 'XX']).describe('where it counts: AX at the domain, XA in projects, AA both, XX neither'),
  catalog: name(/^[A-Za-z][\w-]{0,63}$/, 'must be 1 to 64 letters, digits, _ or -, beginning with a letter').describe('the service or family it belongs to, for example `BASE`'),
  description: localized, policy_document: z.record(z.string(), z.unknown()).describe('role of version 1.0 or policy of version 1.1, as a JSON object'),
}).strict();

const serviceLinkedAgency = z.object({
  service_principal: principalName,
  agency_name: name(/^[A-Za-z0-9_+=,.@-]{1,64}$/, 'must be 1 to 64 letters, digits or _+=,.@-'),
  description: name(/^[^@#%&<>\\$^*]{0,1000}$/, 'must be at most 1,000 characters without @#%&<>\\$^*'),
  max_session_duration: z.int().min(3600).max(43_200).default(3600).describe('seconds'),
  policies: z.array(policyName).min(1).describe('names of system policies, of this file or another'),
}).strict();

const file = z.object({
  $schema: z.string().optional(),
  service: name(/^[a-z][a-z0-9-]{0,55}$/, 'must be 1 to 56 lower-case letters, digits or -, beginning with a letter'),
  complete: z.boolean().describe('false: the service has more actions than these'),
  service_principals: z.array(servicePrincipal).default([]),
  actions: z.array(action).min(1),
  resources: z.array(resource).default([]),
  conditions: z.array(condition).default([]),
  operations: z.array(operation).default([]),
  system_policies: z.array(systemPolicy).default([]),
  system_roles: z.array(systemRole).default([]).describe('roles and policies of the older system'),
  service_linked_agencies: z.array(serviceLinkedAgency).default([]),
  excessive_roles: z.array(z.object({ name: text, advice: text }).strict()).default([]).describe('roles and policies that grant more than a task needs'),
}).strict();

/** One file, for one service. What it names of itself must be in it; what it names of others, `catalogueOf` looks up. */
export const catalogueFile = file.superRefine((read, context) => {
  const refuse = (message: string, ...path: (string | number)[]) => context.addIssue({ code: 'custom', message, path });
  const types = new Set(read.resources.map(({ type_name: type }) => type));
  const actions = new Set(read.actions.map((entry) => entry.action));
  const keys = new Set(read.conditions.map(({ key }) => key));
  const unknownKeys = (named: readonly string[]) => named.filter((key) => !key.startsWith('g:') && !keys.has(key));
  read.actions.forEach((entry, index) => {
    if (!entry.action.startsWith(`${read.service}:`)) refuse('must be an action of the service', 'actions', index, 'action');
    for (const key of unknownKeys([...entry.condition_keys, ...entry.resources.flatMap((one) => one.condition_keys)])) refuse(`${key} must stand among the conditions`, 'actions', index);
    for (const { type } of entry.resources) if (!types.has(type)) refuse(`${type} must stand among the resources`, 'actions', index, 'resources');
  });
  read.operations.forEach(({ operation_action: asked }, index) => {
    if (asked !== undefined && !actions.has(asked)) refuse('must stand among the actions', 'operations', index, 'operation_action');
  });
});

export type CatalogueFile = z.infer<typeof catalogueFile>;
export type LocalizedText = z.infer<typeof localized>;
