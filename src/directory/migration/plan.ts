// What a legacy agency is as a trust agency: its trust policy, its policies, and what of it has no counterpart.
import type { LegacyAgency, RoleScope } from '../entities.js';
import { sessionDuration } from '../entities.js';
import { roleInVersion5, type GrantedRole } from './role.js';
import type { ScopeNames } from './scopes.js';
import { trustInVersion5 } from './trust.js';

export interface MigratedPolicy {
  readonly policyName: string;
  readonly description: string;
  /** JSON text of Version 5.0. */
  readonly document: string;
}

/** What is not carried over. */
export interface LeftOver {
  /** For example `` role `IMS Administrator` ``. */
  readonly about: string;
  readonly text: string;
}

export interface MigrationPlan {
  readonly trustPolicy: string;
  readonly policies: readonly MigratedPolicy[];
  readonly leftOver: readonly LeftOver[];
}

/** What a plan has to know beside the agency itself. */
export interface MigrationGround extends ScopeNames {
  /** Undefined: there is no such role. */
  readonly role: (roleId: string) => Omit<GrantedRole, 'roleId' | 'scopes'> | undefined;
  /** The service principal that a trusted domain stands for; undefined: it is an account. */
  readonly trustedService: (trustDomainName: string) => string | undefined;
}

/**
 * Pure. INVARIANT: a session of the trust agency may nothing that one of the legacy agency may not, but for what is asked
 * about `direct` where a role is granted for all projects; and the trust agency trusts nobody whom the legacy one does not.
 * What the trusted account denies its own users of the older permissions does not bind on a trust agency: both are told.
 * @param agencyName of the trust agency @param agencyUrn of the trust agency
 */
export function migrationPlan(legacy: LegacyAgency, { agencyName, agencyUrn }: { readonly agencyName: string; readonly agencyUrn: string }, ground: MigrationGround): MigrationPlan {
  const service = ground.trustedService(legacy.trustDomainName);
  const roles = grantedRoles(legacy, ground);
  const names = new Set<string>();
  const policies: MigratedPolicy[] = [];
  const leftOver: LeftOver[] = [];
  for (const role of roles.known) {
    const { said, lost } = roleInVersion5(role, roles.known, ground);
    leftOver.push(...lost.map((text) => ({ about: `role \`${role.displayName}\``, text })));
    const description = `What the legacy agency ${legacy.agencyName} had by the role ${role.displayName}`;
    policies.push(...said.map((document) => ({ policyName: freeName(names, agencyName, role), description, document })));
  }
  return {
    trustPolicy: trustInVersion5(legacy, service), policies,
    leftOver: [...roles.unknown.map((roleId) => ({ about: `role \`${roleId}\``, text: 'it does not exist, and grants nothing' })), ...leftOver, ...waysLeftOver(legacy, service, agencyUrn)],
  };
}

/** Each role once, in the order of its first grant, with all the scopes it is granted for. */
function grantedRoles({ roleGrants }: LegacyAgency, { role }: MigrationGround): { readonly known: readonly GrantedRole[]; readonly unknown: readonly string[] } {
  const scopes = new Map<string, RoleScope[]>();
  for (const { roleId, scope } of roleGrants) scopes.set(roleId, [...(scopes.get(roleId) ?? []), scope]);
  const ids = [...scopes.keys()];
  return {
    known: ids.flatMap((roleId) => {
      const found = role(roleId);
      return found === undefined ? [] : [{ ...found, roleId, scopes: scopes.get(roleId) ?? [] }];
    }),
    unknown: ids.filter((roleId) => role(roleId) === undefined),
  };
}

const longestRolePart = 48;

/** `<agency>-<role>` of the signs that policy names have, and a number where that is taken. */
function freeName(taken: Set<string>, agencyName: string, { displayName, roleId }: GrantedRole): string {
  const bare = (text: string): string => text.replace(/[^A-Za-z0-9_+=.@-]/g, '');
  const name = `${bare(agencyName)}-${(bare(displayName) || bare(roleId)).slice(0, longestRolePart)}`;
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name}-${number}`;
  taken.add(free);
  return free;
}

/** What comes with the kind of agency, whatever this one is. */
function waysLeftOver({ maxSessionDurationSeconds }: LegacyAgency, service: string | undefined, agencyUrn: string): readonly LeftOver[] {
  const { maximumSeconds } = sessionDuration;
  return [
    { about: 'tokens', text: 'tokens of 24 hours for X-Auth-Token (POST /v3/auth/tokens) lead to legacy agencies only: AssumeAgency takes their place' },
    { about: 'keys', text: `temporary keys (POST /v3.0/OS-CREDENTIAL/securitytokens) lead to legacy agencies only: AssumeAgency takes their place, for ${maxSessionDurationSeconds} seconds at most, or up to ${maximumSeconds} when \`max_session_duration\` says so; 24 hours are not to be had` },
    ...(service === undefined ? [
      { about: 'callers', text: `Agent Operator, \`iam:agencies:assume\` and the group \`admin\` of the trusted account do not lead to trust agencies: its users need \`sts:agencies:assume\` on ${agencyUrn}` },
      { about: 'denies of callers', text: `what the trusted account denies of \`identity:assume role\`, \`iam:agencies:assume\` and \`iam:tokens:assume\` does not bind on trust agencies: it has to deny \`sts:agencies:assume\` on ${agencyUrn} to the same users` },
    ] : []),
    { about: 'session tags and source identity', text: 'the trust policy allows none, as before; add `sts::tagSession` and `sts::setSourceIdentity` if they are wanted' },
  ];
}
