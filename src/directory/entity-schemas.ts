// The stored form of entities: JSON, checked when it is read.
import { z } from 'zod';
import { type EntityKind, type EntityKinds } from './entities.js';
import { quotaNames } from './quotas.js';
import type { EntityField } from './snapshot.js';

const time = z.number().int().nonnegative();
const tags = z.array(z.object({ key: z.string(), value: z.string() }));
const usage = z.array(z.object({ region: z.string(), resources: z.array(z.string()) }));
const attachedPolicies = z.array(z.object({ policyId: z.string(), attachedAt: time }));

const scope = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['domain', 'all-projects']) }),
  z.object({ kind: z.literal('project'), projectId: z.string() }),
  z.object({ kind: z.literal('enterprise-project'), enterpriseProjectId: z.string() }),
]);
const roleGrants = z.array(z.object({ roleId: z.string(), scope })).default([]);

const agency = {
  agencyId: z.string(), agencyName: z.string(), path: z.string(), description: z.string(), maxSessionDurationSeconds: z.number().int(),
  tags, attachedPolicies, createdAt: time,
};

const schemas: { readonly [Kind in EntityKind]: z.ZodType<EntityKinds[Kind]> } = {
  account: z.object({
    accountId: z.string(), accountName: z.string(), rootUserId: z.string(), createdAt: time, inOrganization: z.boolean(),
    asymmetricSignature: z.boolean(), revokeOnDisable: z.boolean(), quotas: z.partialRecord(z.enum(quotaNames), z.number().int().nonnegative()),
  }),
  user: z.object({
    userId: z.string(), userName: z.string(), enabled: z.boolean(), isRootUser: z.boolean(), description: z.string(),
    tags, groupIds: z.array(z.string()), attachedPolicies, passwordHash: z.string().optional(), createdAt: time,
  }),
  group: z.object({ groupId: z.string(), groupName: z.string(), description: z.string(), attachedPolicies, roleGrants, createdAt: time }),
  policy: z.object({
    policyId: z.string(), policyName: z.string(), path: z.string(), description: z.string(), defaultVersionId: z.string(),
    lastVersionNumber: z.number().int(), createdAt: time, updatedAt: time,
    versions: z.array(z.object({ versionId: z.string(), document: z.string(), createdAt: time })),
  }),
  agency: z.discriminatedUnion('kind', [
    z.object({ ...agency, kind: z.literal('trust'), trustPolicy: z.string() }),
    z.object({ ...agency, kind: z.literal('service-linked'), trustPolicy: z.string(), servicePrincipal: z.string(), usage }),
    z.object({ ...agency, kind: z.literal('legacy'), trustDomainId: z.string(), trustDomainName: z.string(), validityDays: z.number().int().optional(), expiresAt: time.optional(), roleGrants }),
  ]),
  key: z.object({
    accessKeyId: z.string(), owner: z.object({ kind: z.enum(['user', 'service']), id: z.string() }), active: z.boolean(),
    sealedSecret: z.string(), createdAt: time,
  }),
  mfa: z.object({ serialNumber: z.string(), userId: z.string(), enabled: z.boolean(), unbound: z.boolean().default(false), sealedSeed: z.string(), createdAt: time }),
  scp: z.object({ name: z.string(), document: z.string() }),
  service: z.object({ servicePrincipal: z.string(), createdAt: time }),
  deletion: z.object({
    taskId: z.string(), status: z.enum(['succeeded', 'failed']), agencyId: z.string(), servicePrincipal: z.string(), reason: z.string(), usage, createdAt: time,
  }),
  role: z.object({
    roleId: z.string(), displayName: z.string(), type: z.enum(['AX', 'XA']), description: z.string(), descriptionCn: z.string(), document: z.string(), createdAt: time, updatedAt: time,
  }),
  project: z.object({ projectId: z.string(), projectName: z.string(), description: z.string(), enabled: z.boolean(), createdAt: time }),
  'enterprise-project': z.object({ enterpriseProjectId: z.string(), enterpriseProjectName: z.string(), description: z.string(), createdAt: time }),
};

/** The entity in a stored field; throws when it is not of the field's kind. */
export function parseEntity(field: EntityField, text: string): EntityKinds[EntityKind] {
  const kind = field.slice(0, field.indexOf(':'));
  if (!Object.hasOwn(schemas, kind)) throw new Error(`the stored field \`${field}\` is of no known kind`);
  const value: unknown = JSON.parse(text);
  // The kind was just found among the schemas.
  return schemas[kind as EntityKind].parse(typeof value === 'object' ? { ...whatCameLater(kind, text), ...value } : value);
}

/** Members that older records lack. */
function whatCameLater(kind: string, text: string): object {
  switch (kind) {
    case 'account':
      return { asymmetricSignature: true, revokeOnDisable: false, quotas: {} };
    case 'agency':
      return { kind: 'trust' };
    case 'policy': {
      const { versions, createdAt } = firstPolicies.parse(JSON.parse(text));
      return { lastVersionNumber: Math.max(0, ...versions.map(({ versionId }) => Number(versionId.slice(1)))), updatedAt: versions.at(-1)?.createdAt ?? createdAt };
    }
    default:
      return {};
  }
}

const firstPolicies = z.object({ createdAt: time, versions: z.array(z.object({ versionId: z.string(), createdAt: time })) });
