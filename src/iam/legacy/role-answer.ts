// How roles and policies of the older system are answered (legacy agencies §3).
import { z } from 'zod';
import { roleAt, type RoleView } from '../../directory/roles.js';
import type { RoleGrant } from '../../directory/entities.js';
import type { Snapshot } from '../../directory/snapshot.js';
import { links, linksSchema, timeAsText } from './fields.js';

/** [choice] The catalogue tells no times: system roles have been there since before everything else. */
const systemRolesSince = Date.UTC(2023, 0, 1);

export const roleAnswerSchema = z.object({
  id: z.string(), name: z.string(), display_name: z.string(), type: z.enum(['AX', 'XA', 'AA', 'XX']), catalog: z.string(), description: z.string(), description_cn: z.string(),
  domain_id: z.string().nullable().describe('null: a system role'), flag: z.string().optional().describe('fine_grained: a system policy'), policy: z.record(z.string(), z.unknown()),
  links: linksSchema, created_time: z.string(), updated_time: z.string(),
});
export type RoleAnswer = z.infer<typeof roleAnswerSchema>;

export const roleResponse = z.object({ role: roleAnswerSchema });
export const rolesResponse = z.object({ roles: z.array(roleAnswerSchema), links: linksSchema, total_number: z.int() });

export function roleAnswer(accountId: string, role: RoleView): RoleAnswer {
  const { roleId, name, displayName, type, catalog, description, custom } = role;
  return {
    id: roleId, name, display_name: displayName, type, catalog, description: description.enUs, description_cn: description.zhCn, domain_id: custom === undefined ? null : accountId,
    ...(custom === undefined && isFineGrained(role) && { flag: 'fine_grained' }), policy: documentOf(role), links: links(`/v3/roles/${roleId}`),
    created_time: timeAsText(custom?.createdAt ?? systemRolesSince), updated_time: timeAsText(custom?.updatedAt ?? systemRolesSince),
  };
}

/** A policy of version 1.1, and no role of 1.0. */
export const isFineGrained = (role: RoleView): boolean => documentOf(role)['Version'] === '1.1';

/** Documents were parsed before they were kept. */
const documentOf = ({ document }: RoleView): Record<string, unknown> => JSON.parse(document) as Record<string, unknown>;

/** The roles of grants; one that the catalogue no longer has is told by nothing but its id, which names nothing here. */
export const rolesOf = (account: Snapshot, grants: readonly RoleGrant[]): readonly RoleView[] => grants.flatMap(({ roleId }) => roleAt(account, roleId) ?? []);
