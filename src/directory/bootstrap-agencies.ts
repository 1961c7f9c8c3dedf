// The agencies of an account in a bootstrap file, of all three kinds: one name is one agency.
import { isServiceDomain, serviceLinkedPath } from '../urn/urn.js';
import { BootstrapError, type BootstrapAccount } from './bootstrap-file.js';
import { documentText, resourceTags } from './bootstrap-documents.js';
import { byId, refuseRepeated, resolve, type Resolved } from './bootstrap-names.js';
import type { Attach } from './bootstrap-policies.js';
import type { GrantRoles } from './bootstrap-roles.js';
import type { AccountWriter } from './bootstrap-writer.js';
import { sessionDuration, type Agency, type LegacyAgency } from './entities.js';
import { validityOf } from './validity.js';

/** What the lists of one account share: no name or id may stand in two of them. */
interface Names {
  readonly names: Set<string>;
  readonly ids: Set<string>;
}

interface AgencyParts {
  readonly attach: Attach;
  readonly grant: GrantRoles;
}

export function planAgencies(writer: AccountWriter, account: BootstrapAccount, place: string, { attach, grant }: AgencyParts): void {
  const names: Names = { names: new Set(), ids: new Set() };
  planTrustAgencies(writer, account, place, attach, names);
  planLegacyAgencies(writer, account, place, { attach, grant, names });
  planServiceLinkedAgencies(writer, account, place, names);
  const lists = ['agencies', 'legacy_agencies', 'service_linked_agencies'] as const;
  writer.refuseOverMaximum('agencies', `${place}/${lists.find((list) => account[list].length > 0) ?? 'agencies'}`);
}

interface NamedEntry {
  readonly agency_id?: string | undefined;
}

/** One list of a file, and what its entries are found by. */
interface AgencyList<Entry, Kind extends Agency['kind']> {
  readonly kind: Kind;
  readonly place: string;
  readonly nameField: string;
  /** What tells an entry from the others, in the file and of the account. */
  readonly name: (entry: Entry) => string;
  readonly existingName: (agency: Agency) => string;
  readonly agencyName: (entry: Entry) => string;
}

/** The agencies of one list, none of which is an agency of another kind already, or takes the name of another one. */
function resolveAgencies<Entry extends NamedEntry, Kind extends Agency['kind']>(
  writer: AccountWriter, entries: readonly Entry[], { kind, place, nameField, name, existingName, agencyName }: AgencyList<Entry, Kind>, { names, ids }: Names,
): readonly Resolved<Entry, Extract<Agency, { kind: Kind }>>[] {
  const agencies = writer.current?.agencies;
  const resolved = resolve({
    entries, place, nameField, idField: 'agency_id', name, givenId: (entry) => entry.agency_id, existing: byId(agencies), existingName, newId: () => writer.newId(),
  });
  return resolved.map((each) => {
    refuseRepeated(names, agencyName(each.entry), `${each.place}/${nameField}`);
    refuseRepeated(ids, each.id, `${each.place}/agency_id`);
    const named = agencies?.named(agencyName(each.entry));
    const other = named !== undefined && named.agencyId !== each.id ? named : each.old?.kind === kind ? undefined : each.old;
    if (other !== undefined) throw new BootstrapError(`${each.place}/${nameField}`, `the agency \`${other.agencyName}\` exists and is of the kind ${other.kind}`);
    // [choice] An agency that had the name before the catalogue did may stay.
    if (kind !== 'service-linked' && each.old?.agencyName !== agencyName(each.entry) && writer.catalogue.isReservedAgencyName(agencyName(each.entry))) {
      throw new BootstrapError(`${each.place}/${nameField}`, `\`${agencyName(each.entry)}\` is reserved for the service-linked agency of its service`);
    }
    // Another kind was just refused.
    return { ...each, old: each.old as Extract<Agency, { kind: Kind }> | undefined };
  });
}

/** Trust agencies and legacy ones are known by their names. */
const byAgencyName = <Entry extends { readonly agency_name: string }>() => ({
  nameField: 'agency_name', name: (entry: Entry) => entry.agency_name, existingName: ({ agencyName }: Agency) => agencyName, agencyName: (entry: Entry) => entry.agency_name,
});

function planTrustAgencies(writer: AccountWriter, account: BootstrapAccount, place: string, attach: Attach, names: Names): void {
  const list = { kind: 'trust', place: `${place}/agencies`, ...byAgencyName() } as const;
  for (const { entry, place: at, id, old } of resolveAgencies(writer, account.agencies, list, names)) {
    writer.put('agency', id, {
      kind: 'trust', agencyId: id, agencyName: entry.agency_name, path: entry.path ?? old?.path ?? '', description: entry.description ?? old?.description ?? '',
      maxSessionDurationSeconds: entry.max_session_duration ?? old?.maxSessionDurationSeconds ?? sessionDuration.defaultSeconds, trustPolicy: documentText('trust', entry.trust_policy, `${at}/trust_policy`),
      tags: resourceTags(entry.tags, old?.tags, `${at}/tags`), attachedPolicies: attach(entry.attached_policies, old?.attachedPolicies, at),
      createdAt: old?.createdAt ?? writer.now,
    });
  }
}

function planLegacyAgencies(writer: AccountWriter, account: BootstrapAccount, place: string, { attach, grant, names }: AgencyParts & { readonly names: Names }): void {
  const list = { kind: 'legacy', place: `${place}/legacy_agencies`, ...byAgencyName() } as const;
  for (const { entry, place: at, id, old } of resolveAgencies(writer, account.legacy_agencies, list, names)) {
    writer.put('agency', id, {
      kind: 'legacy', agencyId: id, agencyName: entry.agency_name, path: '', description: entry.description ?? old?.description ?? '',
      maxSessionDurationSeconds: entry.max_session_duration ?? old?.maxSessionDurationSeconds ?? sessionDuration.defaultSeconds, ...trustOf(writer, entry, old, `${at}/trust_domain_name`), ...validity(entry, old, writer.now),
      tags: resourceTags(entry.tags, old?.tags, `${at}/tags`), attachedPolicies: attach(entry.attached_policies, old?.attachedPolicies, at),
      roleGrants: grant(entry.role_grants, old?.roleGrants, 'agency', at), createdAt: old?.createdAt ?? writer.now,
    });
  }
}

type LegacyEntry = BootstrapAccount['legacy_agencies'][number];

/** Of an account by its name or its id, as far as there is one that is known by it. */
function trustOf({ shared: { accountNames } }: AccountWriter, { trust_domain_id: id, trust_domain_name: name }: LegacyEntry, old: LegacyAgency | undefined, place: string): Pick<LegacyAgency, 'trustDomainId' | 'trustDomainName'> {
  if (name === undefined) {
    const found = accountNames.get(id ?? '') ?? (old !== undefined && old.trustDomainId === id ? old.trustDomainName : undefined);
    if (found === undefined) throw new BootstrapError(place, `is needed: there is no account \`${id ?? ''}\``);
    return { trustDomainId: id ?? '', trustDomainName: found };
  }
  if (id !== undefined) return { trustDomainId: id, trustDomainName: name };
  if (old?.trustDomainName === name && old.trustDomainId !== '') return { trustDomainId: old.trustDomainId, trustDomainName: name };
  const [only, another] = isServiceDomain(name) ? [] : [...accountNames].filter(([, accountName]) => accountName === name);
  return { trustDomainId: another === undefined ? (only?.[0] ?? '') : '', trustDomainName: name };
}

/** The same number of days as before goes on from when it did. */
function validity({ duration, expire_time: end }: LegacyEntry, old: LegacyAgency | undefined, now: number): Pick<LegacyAgency, 'validityDays' | 'expiresAt'> {
  if (duration === undefined || (end === undefined && duration !== null && duration === old?.validityDays)) return old === undefined ? {} : validityIn(old);
  const given = validityOf(duration, now);
  return end === undefined || duration === null ? given : { ...given, expiresAt: Date.parse(end) };
}

const validityIn = ({ validityDays, expiresAt }: LegacyAgency): Pick<LegacyAgency, 'validityDays' | 'expiresAt'> =>
  (validityDays === undefined ? {} : { validityDays, expiresAt });

/** One of each service: name, trust and policies are those of the catalogue, also where it has changed since. */
function planServiceLinkedAgencies(writer: AccountWriter, account: BootstrapAccount, place: string, names: Names): void {
  const entries = account.service_linked_agencies.map((entry, index) => {
    const template = writer.catalogue.serviceLinkedAgency(entry.service_principal);
    if (template === undefined) throw new BootstrapError(`${place}/service_linked_agencies/${index}/service_principal`, `the catalogue has no service-linked agency of \`${entry.service_principal}\``);
    return { ...entry, template };
  });
  type Entry = (typeof entries)[number];
  // In the catalogue's spelling: policies compare service principals without case. Agencies of other kinds have none.
  const principalOf = (agency: Agency): string =>
    agency.kind === 'service-linked' ? (writer.catalogue.serviceLinkedAgency(agency.servicePrincipal)?.servicePrincipal ?? agency.servicePrincipal) : '';
  const list = {
    kind: 'service-linked', place: `${place}/service_linked_agencies`, nameField: 'service_principal',
    name: ({ template }: Entry) => template.servicePrincipal, existingName: principalOf, agencyName: ({ template }: Entry) => template.agencyName,
  } as const;
  for (const { entry, id, old } of resolveAgencies(writer, entries, list, names)) {
    const { template } = entry;
    writer.put('agency', id, {
      kind: 'service-linked', agencyId: id, agencyName: template.agencyName, path: `${serviceLinkedPath}${template.servicePrincipal}/`,
      description: entry.description ?? old?.description ?? template.description, maxSessionDurationSeconds: template.maxSessionDurationSeconds,
      trustPolicy: template.trustPolicy, servicePrincipal: template.servicePrincipal, usage: entry.agency_usage_list ?? old?.usage ?? [], tags: old?.tags ?? [],
      attachedPolicies: template.policyIds.map((policyId) => old?.attachedPolicies.find((one) => one.policyId === policyId) ?? { policyId, attachedAt: writer.now }),
      createdAt: old?.createdAt ?? writer.now,
    });
  }
}
