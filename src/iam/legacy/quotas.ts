// What the account holds and may hold, as the older API counts it (legacy agencies §6).
import { z } from 'zod';
import type { RoleGrant } from '../../directory/entities.js';
import { maximumOf, quotaOf } from '../../directory/quotas.js';
import { customRolesPerAccount, grantsPerHolder } from '../../directory/roles.js';
import type { Snapshot } from '../../directory/snapshot.js';
import type { Ground, Result } from '../account-call.js';
import { domainId, refuseOtherDomain } from './fields.js';

/** The cloud spells assignments so. */
const types = ['user', 'group', 'idp', 'agency', 'policy', 'assigment_group_mp', 'assigment_agency_mp'] as const;
type QuotaType = (typeof types)[number];

export const domainPath = z.object({ domain_id: domainId });
export const quotaQuery = z.object({ type: z.enum(types).optional() });
export const quotasResponse = z.object({
  quotas: z.object({ resources: z.array(z.object({ type: z.string(), used: z.int(), quota: z.int(), min: z.int(), max: z.int() })) }),
});

interface Held {
  readonly used: number;
  readonly quota: number;
  readonly max: number;
}

export function show({ account }: Ground, { path, query }: { readonly path: z.output<typeof domainPath>; readonly query: z.output<typeof quotaQuery> }): Result<z.infer<typeof quotasResponse>> {
  refuseOtherDomain(account, path.domain_id);
  const wanted = types.filter((type) => query.type === undefined || type === query.type);
  return { body: { quotas: { resources: wanted.map((type) => ({ type, ...held(account, type), min: 0 })) } } };
}

function held(snapshot: Snapshot, type: QuotaType): Held {
  const { account, users, groups, agencies, roles } = snapshot;
  const adjustable = (name: 'users' | 'groups' | 'agencies', used: number): Held => ({ used, quota: quotaOf(account, name), max: maximumOf(name) });
  const fixed = (quota: number, used: number): Held => ({ used, quota, max: quota });
  switch (type) {
    case 'user':
      return adjustable('users', users.size);
    case 'group':
      return adjustable('groups', groups.size);
    case 'agency':
      // Trust agencies, service-linked agencies and those of the older system share it.
      return adjustable('agencies', agencies.size);
    case 'idp':
      return fixed(0, 0);
    case 'policy':
      return fixed(customRolesPerAccount, roles.size);
    case 'assigment_group_mp':
      return fixed(grantsPerHolder, mostGrants(groups.values()));
    case 'assigment_agency_mp':
      return fixed(grantsPerHolder, mostGrants(agencies.values().flatMap((agency) => (agency.kind === 'legacy' ? [agency] : []))));
  }
}

/** Of the one that has most: the quota is one of each. */
const mostGrants = (holders: readonly { readonly roleGrants: readonly RoleGrant[] }[]): number => holders.reduce((most, { roleGrants }) => Math.max(most, roleGrants.length), 0);
