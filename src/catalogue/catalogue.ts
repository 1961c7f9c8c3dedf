// The catalogue of services, put together from their files: actions, operations, service principals, system policies and roles, service-linked agencies.
import { foldAscii } from '../policy/index.js';
import type { CatalogueFile } from './file.js';
import { serviceCodesOf } from './service-codes.js';
import { serviceOperationsOf, type ServiceOperations } from './service-operations.js';
import { serviceLinkedAgencyOf, type ServiceLinkedAgencyTemplate } from './service-linked-agencies.js';
import { systemPolicyOf, type SystemPolicy } from './system-policies.js';
import { systemRolesOf, trustedServicesOf, type SystemRole } from './system-roles.js';
import { textsOf, type Texts } from './texts.js';

export interface ServicePrincipal {
  readonly servicePrincipal: string;
  readonly serviceCatalog: string;
  readonly displayName: Texts;
  readonly description: Texts;
}

/** Immutable. */
export interface Catalogue extends ServiceOperations {
  /** By service code, for example `obs`. */
  readonly services: ReadonlyMap<string, CatalogueFile>;
  /** Actions, and the older names they have. */
  readonly knownActions: ReadonlySet<string>;
  /** Services that have more actions than are known. */
  readonly partlyKnownServices: ReadonlySet<string>;
  /** Sorted by name. */
  readonly servicePrincipals: readonly ServicePrincipal[];
  /** By policy id. */
  readonly systemPolicies: ReadonlyMap<string, SystemPolicy>;
  /** Roles and policies of the older system, by role id. */
  readonly systemRoles: ReadonlyMap<string, SystemRole>;
  /** The code of the service that a service principal speaks for, however it is capitalized; undefined when it speaks for none. */
  serviceCode(servicePrincipal: string): string | undefined;
  /** The service principal that `op_svc_` and a name stand for, as a legacy agency trusts it; undefined for any other name. */
  trustedService(trustDomainName: string): string | undefined;
  /** Why a role or policy of this name is too wide; undefined for any other name. */
  excessiveRole(name: string): string | undefined;
  /** Of a service principal, however it is capitalized, as policies compare them (policy language §3). */
  serviceLinkedAgency(servicePrincipal: string): ServiceLinkedAgencyTemplate | undefined;
  /** Whether a service-linked agency has the name, however it is capitalized: any other agency would stand in its service's way. */
  isReservedAgencyName(name: string): boolean;
}

/**
 * Puts the files of all services together; no files make a catalogue of nothing.
 * @throws Error naming the service and the rule, when files contradict each other or a system policy is malformed
 */
export function catalogueOf(files: readonly CatalogueFile[]): Catalogue {
  refuseTwice('service', files.map(({ service }) => [service, service]));
  refuseTwice('action', files.flatMap(({ service, actions }) => actions.map(({ action }) => [service, action])));
  refuseTwice('service principal', files.flatMap(({ service, service_principals: entries }) => entries.map((entry) => [service, entry.service_principal])));
  refuseTwice('system policy', files.flatMap(({ service, system_policies: entries }) => entries.map((entry) => [service, entry.policy_name])));
  refuseTwice('system role', files.flatMap(({ service, system_roles: entries }) => entries.map((entry) => [service, entry.name])));
  refuseTwice('display name', files.flatMap(({ service, system_roles: entries }) => entries.map((entry) => [service, entry.display_name])));
  refuseTwice('service-linked agency of', files.flatMap(({ service, service_linked_agencies: entries }) => entries.map((entry) => [service, entry.service_principal])));
  refuseTwice('service-linked agency', files.flatMap(({ service, service_linked_agencies: entries }) => entries.map((entry) => [service, entry.agency_name])));
  refuseUnknownOfAgencies(files);

  const roles = new Map(files.flatMap((file) => file.excessive_roles.map(({ name, advice }) => [bareName(name), advice] as const)));
  const agencies = new Map(files.flatMap((file) => file.service_linked_agencies.map((entry) => [foldAscii(entry.service_principal), serviceLinkedAgencyOf(entry)] as const)));
  const agencyNames = new Set([...agencies.values()].map(({ agencyName }) => foldAscii(agencyName)));
  const systemPolicies = files.flatMap((file) => file.system_policies.map((policy) => systemPolicyOf(file.service, policy)));
  return {
    services: new Map(files.map((file) => [file.service, file])),
    knownActions: new Set(files.flatMap((file) => file.actions.flatMap(({ action, aliases }) => [action, ...aliases]))),
    partlyKnownServices: new Set(files.flatMap((file) => (file.complete ? [] : [file.service]))),
    servicePrincipals: files.flatMap((file) => file.service_principals.map(servicePrincipalOf)).sort((left, right) => (left.servicePrincipal < right.servicePrincipal ? -1 : 1)),
    systemPolicies: new Map(systemPolicies.map((policy) => [policy.policyId, policy])),
    systemRoles: systemRolesOf(files),
    serviceCode: serviceCodesOf(files),
    trustedService: trustedServicesOf(files),
    ...serviceOperationsOf(files),
    excessiveRole: (name) => roles.get(bareName(name)),
    serviceLinkedAgency: (servicePrincipal) => agencies.get(foldAscii(servicePrincipal)),
    isReservedAgencyName: (name) => agencyNames.has(foldAscii(name)),
  };
}

const servicePrincipalOf = (entry: CatalogueFile['service_principals'][number]): ServicePrincipal => ({
  servicePrincipal: entry.service_principal, serviceCatalog: entry.service_catalog, displayName: textsOf(entry.display_name), description: textsOf(entry.description),
});

/** [choice] Names that differ in case only are the same name: actions and service principals are compared so, and policies are told apart by people. */
function refuseTwice(what: string, names: readonly (readonly [service: string, name: string])[]): void {
  const seen = new Map<string, string>();
  for (const [service, name] of names) {
    const first = seen.get(foldAscii(name));
    if (first !== undefined) throw new Error(`service \`${service}\`: ${what} \`${name}\` must not be there twice${first === service ? '' : `: service \`${first}\` has it`}`);
    seen.set(foldAscii(name), service);
  }
}

function refuseUnknownOfAgencies(files: readonly CatalogueFile[]): void {
  const policies = new Set(files.flatMap((file) => file.system_policies.map((entry) => entry.policy_name)));
  const principals = new Set(files.flatMap((file) => file.service_principals.map((entry) => entry.service_principal)));
  for (const { service, service_linked_agencies: agencies } of files) {
    for (const { agency_name: agency, service_principal: principal, policies: names } of agencies) {
      const place = `service \`${service}\`: service-linked agency \`${agency}\``;
      if (!principals.has(principal)) throw new Error(`${place}: service principal \`${principal}\` must be registered`);
      for (const name of names) if (!policies.has(name)) throw new Error(`${place}: system policy \`${name}\` must exist`);
    }
  }
}

/** Names of policies hold no blanks here, so that `IMS Administrator` may be written `IMSAdministrator` or `ims-administrator`. */
const bareName = (name: string): string => name.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
