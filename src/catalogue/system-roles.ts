// System roles: roles and policies of the older system (Version 1.0 and 1.1) that every account can grant and none can change.
import { createHash } from 'node:crypto';
import { foldAscii, parsePolicy, PolicyError, type NamedPolicy } from '../policy/index.js';
import { serviceOfDomain } from '../urn/urn.js';
import type { CatalogueFile } from './file.js';
import { textsOf, type Texts } from './texts.js';

export interface SystemRole {
  readonly roleId: string;
  /** The internal name, for example `te_agency`. */
  readonly name: string;
  /** What people call it, for example `Agent Operator`. */
  readonly displayName: string;
  /** Where it counts: `AX` at the domain, `XA` in projects, `AA` both, `XX` neither. */
  readonly type: 'AX' | 'XA' | 'AA' | 'XX';
  /** The service or family it belongs to, for example `IAM`. */
  readonly catalog: string;
  readonly description: Texts;
  /** JSON text, as the API hands it out. */
  readonly document: string;
  readonly policy: NamedPolicy;
}

/** [choice] The internal name alone makes the id, as with system policies: a grant means the same role in every process and after every restart. */
export const systemRoleId = (name: string): string => createHash('sha256').update(`system-role:${name}`).digest('hex').slice(0, 32);

/** @throws Error naming the service, the role, the place in it and the rule */
function systemRoleOf(service: string, { name, display_name: displayName, type, catalog, description, policy_document: content }: CatalogueFile['system_roles'][number]): SystemRole {
  const document = JSON.stringify(content);
  try {
    const policy: NamedPolicy = { name: displayName, policy: parsePolicy('role', document) };
    return { roleId: systemRoleId(name), name, displayName, type, catalog, description: textsOf(description), document, policy };
  } catch (error) {
    if (error instanceof PolicyError) throw new Error(`service \`${service}\`: system role \`${name}\`: ${error.message}`, { cause: error });
    throw error;
  }
}

/** By role id. @throws Error for a role that is none, or depends on one that does not exist */
export function systemRolesOf(files: readonly CatalogueFile[]): ReadonlyMap<string, SystemRole> {
  const roles = files.flatMap(({ service, system_roles: entries }) => entries.map((entry) => ({ service, role: systemRoleOf(service, entry) })));
  for (const { service, role } of roles) {
    for (const { catalog, displayName } of role.policy.policy.depends) {
      if (roles.some((other) => other.role.catalog === catalog && other.role.displayName === displayName)) continue;
      throw new Error(`service \`${service}\`: system role \`${role.name}\`: the role \`${displayName}\` of \`${catalog}\`, on which it depends, must exist`);
    }
  }
  return new Map(roles.map(({ role }) => [role.roleId, role]));
}

/**
 * The service principal that the trusted domain of a legacy agency stands for (legacy agencies §1): `op_svc_ims` is
 * `service.IMS`, in the spelling of its file; [choice] one that no file has is spelt like the domain.
 */
export function trustedServicesOf(files: readonly CatalogueFile[]): (trustDomainName: string) => string | undefined {
  const principals = new Map(files.flatMap(({ service_principals: entries }) => entries.map(({ service_principal: principal }) => [foldAscii(principal), principal] as const)));
  return (trustDomainName) => {
    const name = serviceOfDomain(trustDomainName);
    return name === undefined ? undefined : (principals.get(foldAscii(`service.${name}`)) ?? `service.${name}`);
  };
}
