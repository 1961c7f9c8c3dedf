// The catalogue of services: which actions exist, and which ready-made roles are too wide. Its files stand in config/catalogue/.
import { z } from 'zod';

const action = z.object({
  action: z.string().regex(/^[\w-]+:[\w-]*:[\w-]+$/),
  access_level: z.enum(['list', 'read', 'write', 'tagging', 'permission_management']),
  resource_type: z.string().optional().describe('absent: the action has no resource, and is only matched by statements for all resources'),
  evidence: z.enum(['documented', 'derived', 'own']).default('documented').describe('derived: named by analogy with documented ones; own: of this service alone'),
}).strict();

/** One file, for one service. */
export const catalogueFile = z.object({
  $schema: z.string().optional(),
  service: z.string().regex(/^[a-z][a-z0-9-]*$/),
  complete: z.boolean().describe('false: the service has more actions than these'),
  actions: z.array(action).min(1),
  excessive_roles: z.array(z.object({ name: z.string().min(1), advice: z.string().min(1) }).strict()).default([]).describe('roles and policies that grant more than a task needs'),
}).strict().refine((file) => file.actions.every(({ action: name }) => name.startsWith(`${file.service}:`)), 'every action must be one of the service');

export type CatalogueFile = z.infer<typeof catalogueFile>;

export interface Catalogue {
  readonly knownActions: ReadonlySet<string>;
  /** Services that have more actions than are known. */
  readonly partlyKnownServices: ReadonlySet<string>;
  /** Why a role or policy of this name is too wide; undefined for any other name. */
  excessiveRole(name: string): string | undefined;
}

export function catalogueOf(files: readonly CatalogueFile[]): Catalogue {
  const roles = new Map(files.flatMap((file) => file.excessive_roles.map(({ name, advice }) => [bareName(name), advice] as const)));
  return {
    knownActions: new Set(files.flatMap((file) => file.actions.map((entry) => entry.action))),
    partlyKnownServices: new Set(files.flatMap((file) => (file.complete ? [] : [file.service]))),
    excessiveRole: (name) => roles.get(bareName(name)),
  };
}

/** Names of policies hold no blanks here, so that `IMS Administrator` may be written `IMSAdministrator` or `ims-administrator`. */
const bareName = (name: string): string => name.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
