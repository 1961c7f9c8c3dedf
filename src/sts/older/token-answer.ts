// The body of a token of the older system: whose it is, what it is for, and which roles count there.
import { z } from 'zod';
import type { RoleGrant } from '../../directory/entities.js';
import { projectAt } from '../../directory/projects.js';
import type { Snapshot } from '../../directory/snapshot.js';
import { userRoleGrants } from '../../directory/role-policies.js';
import type { Session, TokenScope } from '../../sessions/session.js';
import type { UserCaller } from '../caller.js';
import { olderTime } from './agency.js';

const named = z.object({ id: z.string(), name: z.string() });
const user = named.extend({ domain: named, password_expires_at: z.string().optional() });

export const tokenAnswer = z.object({
  token: z.object({
    methods: z.array(z.string()), issued_at: z.string(), expires_at: z.string(), user,
    assumed_by: z.object({ user }).optional().describe('of an agency token: who switched'),
    roles: z.array(named), catalog: z.array(z.never()),
    domain: named.optional(), project: named.extend({ domain: named }).optional(),
  }),
});
export type TokenAnswer = z.infer<typeof tokenAnswer>;

const domainOf = ({ accountId, account }: Snapshot): z.infer<typeof named> => ({ id: accountId, name: account.accountName });

/** The name of an agency token's user is that of the account and of the agency. @param assumedBy undefined: told to nobody any more */
export function agencyTokenAnswer(session: Session, account: Snapshot, regions: readonly string[], assumedBy: z.infer<typeof user> | undefined): TokenAnswer {
  const { scope = { kind: 'domain' }, agencyId, agencyName, issuedAt, expiresAt } = session;
  const agency = account.agencies.get(agencyId);
  const domain = domainOf(account);
  return {
    token: {
      methods: ['assume_role'], issued_at: olderTime(issuedAt), expires_at: olderTime(expiresAt), user: { id: agencyId, name: `${domain.name}/${agencyName}`, domain },
      ...(assumedBy !== undefined && { assumed_by: { user: assumedBy } }),
      ...scoped(account, regions, scope, agency?.kind === 'legacy' ? agency.roleGrants : []),
    },
  };
}

export function userTokenAnswer({ user: { userId, userName, ...rest }, snapshot }: Pick<UserCaller, 'user' | 'snapshot'>, { methods, issuedAt, expiresAt, scope }: { readonly methods: readonly string[]; readonly issuedAt: number; readonly expiresAt: number; readonly scope: TokenScope }, regions: readonly string[]): TokenAnswer {
  return {
    token: {
      methods: [...methods], issued_at: olderTime(issuedAt), expires_at: olderTime(expiresAt), user: { id: userId, name: userName, domain: domainOf(snapshot), password_expires_at: '' },
      ...scoped(snapshot, regions, scope, userRoleGrants(snapshot, rest)),
    },
  };
}

/** Who switched, as the token says it: a user, a service, or an agency of the account that is trusted. */
export const assumedByAnswer = (name: string, id: string, account: Snapshot): z.infer<typeof user> => ({ id, name, domain: domainOf(account), password_expires_at: '' });

function scoped(account: Snapshot, regions: readonly string[], scope: TokenScope, grants: readonly RoleGrant[]): Pick<TokenAnswer['token'], 'roles' | 'catalog' | 'domain' | 'project'> {
  const domain = domainOf(account);
  const roles = [...new Set(grants.flatMap((grant) => (counts(grant, scope) ? (roleName(account, grant.roleId) ?? []) : [])))].map((name) => ({ id: '0', name }));
  if (scope.kind === 'domain') return { roles, catalog: [], domain };
  const { projectId } = scope;
  return { roles, catalog: [], project: { id: projectId, name: projectAt(account, regions, projectId)?.projectName ?? '', domain } };
}

/** [choice] Roles for an enterprise project are in no token: it is for none. */
const counts = ({ scope: granted }: RoleGrant, scope: TokenScope): boolean =>
  (scope.kind === 'domain' ? granted.kind === 'domain' : granted.kind === 'all-projects' || (granted.kind === 'project' && granted.projectId === scope.projectId));

const roleName = (account: Snapshot, roleId: string): string | undefined => account.systemRoles.get(roleId)?.name ?? account.roles.get(roleId)?.displayName;
