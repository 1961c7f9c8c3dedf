// What an account is made of. Every entity has an id that never changes; names may be used again.

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
}

export interface PolicyAttachment {
  readonly policyId: string;
  readonly attachedAt: number;
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
  readonly createdAt: number;
}

export interface Group {
  readonly groupId: string;
  readonly groupName: string;
  readonly description: string;
  readonly attachedPolicies: readonly PolicyAttachment[];
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
  readonly versions: readonly PolicyVersion[];
  readonly defaultVersionId: string;
  readonly createdAt: number;
}

export interface Agency {
  readonly agencyId: string;
  readonly agencyName: string;
  readonly path: string;
  readonly description: string;
  readonly maxSessionDurationSeconds: number;
  /** The text as it was given. */
  readonly trustPolicy: string;
  readonly tags: readonly ResourceTag[];
  readonly attachedPolicies: readonly PolicyAttachment[];
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
  /** Sealed base32 seed; its place is {@link mfaSeedPlace}. */
  readonly sealedSeed: string;
  readonly createdAt: number;
}

export interface ServiceControlPolicy {
  readonly name: string;
  readonly document: string;
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
