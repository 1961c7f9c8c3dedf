// What an account is made of. Every entity has an id that never changes; names may be used again.
import type { Quotas } from './quotas.js';

export interface ResourceTag {
  readonly key: string;
  readonly value: string;
}

export interface Account {
  readonly accountId: string;
  readonly accountName: string;
  readonly rootUserId: string;
  /** Milliseconds since the epoch, as everywhere in the directory. */
  readonly createdAt: number;
  /** False: no organization, so no SCP applies. True: exactly the account's SCPs apply, also when there are none. */
  readonly inOrganization: boolean;
  /** Whether requests signed with SDK-ECDSA-P256-SHA256 are accepted. */
  readonly asymmetricSignature: boolean;
  /** Whether disabling or deleting a user or an access key ends the sessions that descend from it. */
  readonly revokeOnDisable: boolean;
  /** Only those that differ from the defaults. */
  readonly quotas: Partial<Quotas>;
}

export interface PolicyAttachment {
  readonly policyId: string;
  readonly attachedAt: number;
}

/** Where a granted role counts (legacy agencies §3); `all-projects` covers those to come. */
export type RoleScope =
  | { readonly kind: 'domain' | 'all-projects' }
  | { readonly kind: 'project'; readonly projectId: string }
  | { readonly kind: 'enterprise-project'; readonly enterpriseProjectId: string };

/** A role or policy of the older system, granted for one scope. */
export interface RoleGrant {
  /** Of a custom role of the account, or of a system role. */
  readonly roleId: string;
  readonly scope: RoleScope;
}

export interface User {
  readonly userId: string;
  readonly userName: string;
  readonly enabled: boolean;
  readonly isRootUser: boolean;
  readonly description: string;
  readonly tags: readonly ResourceTag[];
  readonly groupIds: readonly string[];
  readonly attachedPolicies: readonly PolicyAttachment[];
  /** Of one that may log in with a password: its hash, in the form of its library. */
  readonly passwordHash?: string | undefined;
  readonly createdAt: number;
}

/** [choice] Members of the group of exactly this name may switch to every legacy agency that trusts their account, as in the cloud. */
export const administratorsGroup = 'admin';

export interface Group {
  readonly groupId: string;
  readonly groupName: string;
  readonly description: string;
  readonly attachedPolicies: readonly PolicyAttachment[];
  readonly roleGrants: readonly RoleGrant[];
  readonly createdAt: number;
}

export interface PolicyVersion {
  /** `v1`, `v2`, ...; a number is never used twice. */
  readonly versionId: string;
  /** The text as it was given. */
  readonly document: string;
  readonly createdAt: number;
}

export interface IdentityPolicy {
  readonly policyId: string;
  readonly policyName: string;
  readonly path: string;
  readonly description: string;
  /** Oldest first. */
  readonly versions: readonly PolicyVersion[];
  readonly defaultVersionId: string;
  /** Of the newest version there ever was: numbers go on behind it. */
  readonly lastVersionNumber: number;
  readonly createdAt: number;
  /** When the default version last changed. */
  readonly updatedAt: number;
}

interface CommonAgency {
  readonly agencyId: string;
  /** Unique in the account among agencies of all kinds and paths. */
  readonly agencyName: string;
  readonly path: string;
  readonly description: string;
  readonly maxSessionDurationSeconds: number;
  readonly tags: readonly ResourceTag[];
  readonly attachedPolicies: readonly PolicyAttachment[];
  readonly createdAt: number;
}

export interface TrustAgency extends CommonAgency {
  readonly kind: 'trust';
  /** The text as it was given. */
  readonly trustPolicy: string;
}

/** Made for one cloud service from its template in the catalogue; users see it and change nothing of it. */
export interface ServiceLinkedAgency extends CommonAgency {
  readonly kind: 'service-linked';
  readonly trustPolicy: string;
  readonly servicePrincipal: string;
  /** What the service says still needs the agency: it is not deleted before. */
  readonly usage: readonly AgencyUsage[];
}

export interface AgencyUsage {
  readonly region: string;
  /** URNs. */
  readonly resources: readonly string[];
}

/** Of the older system: it trusts one account or one cloud service, and has no trust policy. */
export interface LegacyAgency extends CommonAgency {
  readonly kind: 'legacy';
  readonly trustDomainId: string;
  /** The account's name, or `op_svc_` and the name of a cloud service. */
  readonly trustDomainName: string;
  /** Days that it may be assumed from its last change on; absent: unlimited. */
  readonly validityDays?: number | undefined;
  /** Milliseconds; there exactly when `validityDays` is. At that time it cannot be assumed any more. */
  readonly expiresAt?: number | undefined;
  readonly roleGrants: readonly RoleGrant[];
}

export type Agency = TrustAgency | ServiceLinkedAgency | LegacyAgency;
/** Agencies with a trust policy. */
export type TrustingAgency = TrustAgency | ServiceLinkedAgency;

/** What came of deleting a service-linked agency. */
export interface DeletionTask {
  readonly taskId: string;
  readonly status: 'succeeded' | 'failed';
  readonly agencyId: string;
  readonly servicePrincipal: string;
  readonly reason: string;
  readonly usage: readonly AgencyUsage[];
  readonly createdAt: number;
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly owner: { readonly kind: 'user' | 'service'; readonly id: string };
  readonly active: boolean;
  /** Sealed; its place is {@link accessKeyPlace}. */
  readonly sealedSecret: string;
  readonly createdAt: number;
}

export interface MfaDevice {
  readonly serialNumber: string;
  readonly userId: string;
  readonly enabled: boolean;
  /** It was disabled: another device of the user may take its place. Never so of one that is enabled. */
  readonly unbound: boolean;
  /** Sealed base32 seed; its place is {@link mfaSeedPlace}. */
  readonly sealedSeed: string;
  readonly createdAt: number;
}

export interface ServiceControlPolicy {
  readonly name: string;
  readonly document: string;
}

/** Custom role or policy of the older system (legacy agencies §3). */
export interface CustomRole {
  readonly roleId: string;
  readonly displayName: string;
  /** `AX` counts at the domain, `XA` in projects. */
  readonly type: 'AX' | 'XA';
  readonly description: string;
  readonly descriptionCn: string;
  /** The text as it was given, of version 1.1. */
  readonly document: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A project of one region; the account has one of each region beside these, which is named like it. */
export interface Project {
  readonly projectId: string;
  /** The region, or the region, `_` and a name of its own. */
  readonly projectName: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly createdAt: number;
}

export interface EnterpriseProject {
  readonly enterpriseProjectId: string;
  readonly enterpriseProjectName: string;
  readonly description: string;
  readonly createdAt: number;
}

/** A cloud service that may assume agencies in its own name; exists in the system account only. */
export interface RegisteredService {
  readonly servicePrincipal: string;
  readonly createdAt: number;
}

/** Kind of entity → its type. The stored field of an entity is `<kind>:<id>`. */
export interface EntityKinds {
  readonly account: Account;
  readonly user: User;
  readonly group: Group;
  readonly policy: IdentityPolicy;
  readonly agency: Agency;
  readonly key: AccessKey;
  readonly mfa: MfaDevice;
  readonly scp: ServiceControlPolicy;
  readonly service: RegisteredService;
  readonly deletion: DeletionTask;
  readonly role: CustomRole;
  readonly project: Project;
  readonly 'enterprise-project': EnterpriseProject;
}
export type EntityKind = keyof EntityKinds;

/** Services and the operator live in an account of their own, which no bootstrap file can name. */
export const systemAccountId = '0'.repeat(32);
export const operatorUserId = 'operator';

/** Default of a new agency and the bounds of its setting (STS API §4). */
export const sessionDuration = { minimumSeconds: 900, defaultSeconds: 3600, maximumSeconds: 43_200 } as const;

export const accessKeyPlace = (accountId: string, ownerId: string, accessKeyId: string): readonly string[] =>
  ['access-key', accountId, ownerId, accessKeyId];
export const mfaSeedPlace = (accountId: string, userId: string, serialNumber: string): readonly string[] =>
  ['mfa-seed', accountId, userId, serialNumber];
