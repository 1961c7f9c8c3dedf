// The bootstrap file: accounts and all they own, as an operator writes them down. An absent member keeps what an entity has.
import { z } from 'zod';
import { PolicyError, readJson } from '../policy/index.js';
import * as field from './bootstrap-fields.js';
import * as names from './names.js';
import { quotasSchema } from './bootstrap-quotas.js';
import { sessionDuration } from './entities.js';
import { maximumOf, mfaDevicesPerUser } from './quotas.js';
import { customRolesPerAccount } from './roles.js';
import { duration } from './validity.js';

const mfaDevices = z.array(field.mfaDevice).max(mfaDevicesPerUser).default([]);
interface Passwords {
  readonly password?: string | undefined;
  readonly password_hash?: string | undefined;
}
const onePassword = [(entry: Passwords) => entry.password === undefined || entry.password_hash === undefined, 'has its password twice, plain and hashed'] as const;
const user = z.object({
  user_id: field.entityId, user_name: names.userName, enabled: z.boolean().optional(), description: field.description, tags: field.tags,
  groups: z.array(z.string()).max(maximumOf('groupsPerUser')).optional(), attached_policies: field.attachedPolicies(maximumOf('policiesPerUser')),
  password: field.password, password_hash: field.passwordHash, access_keys: field.accessKeys, mfa_devices: mfaDevices,
}).strict().refine(...onePassword);
const rootUser = z.object({
  user_id: field.entityId, user_name: names.userName.optional(), description: field.description, tags: field.tags, password: field.password, password_hash: field.passwordHash,
  access_keys: field.accessKeys, mfa_devices: mfaDevices,
}).strict().refine(...onePassword);
const group = z.object({
  group_id: field.entityId, group_name: names.groupName, description: field.description, attached_policies: field.attachedPolicies(maximumOf('policiesPerGroup')), role_grants: field.roleGrants,
}).strict();

const policyVersion = z.object({ version_id: field.versionId, policy_document: field.document }).strict();
const policy = z.object({
  policy_id: field.entityId, policy_name: names.policyName, path: field.path, description: field.description,
  policy_document: field.document.optional(),
  versions: z.array(policyVersion).min(1).max(maximumOf('versionsPerPolicy')).optional().describe('in place of `policy_document`: exactly these versions'),
  default_version_id: field.versionId.optional().describe('of `versions`'),
  last_version_number: z.int().min(1).max(999_999_999).optional().describe('of the newest version there ever was; absent: of the newest of `versions`'),
}).strict()
  .refine((entry) => (entry.policy_document === undefined) !== (entry.versions === undefined), 'needs policy_document, or versions in its place')
  .refine((entry) => (entry.versions === undefined) === (entry.default_version_id === undefined), 'needs default_version_id with versions, and only then')
  .refine((entry) => entry.versions !== undefined || entry.last_version_number === undefined, 'has last_version_number without versions');

const agency = z.object({
  agency_id: field.entityId, agency_name: names.agencyName, path: field.path, description: field.description,
  max_session_duration: z.int().min(sessionDuration.defaultSeconds).max(sessionDuration.maximumSeconds).optional(),
  trust_policy: field.document, attached_policies: field.attachedPolicies(maximumOf('policiesPerAgency')), tags: field.tags,
}).strict();
const legacyAgency = z.object({
  agency_id: field.entityId, agency_name: names.agencyName, trust_domain_id: field.trustDomainId,
  trust_domain_name: field.trustDomainName.describe('an account, or a cloud service as op_svc_NAME; absent: the account of `trust_domain_id`'), description: field.legacyDescription,
  duration: duration.optional().describe('FOREVER, ONEDAY or days; absent: it stays as it is, FOREVER in a new agency'),
  expire_time: z.iso.datetime().optional().describe('when the agency ends, given a `duration` of days; absent: counted from now, or as it was if the duration is'),
  max_session_duration: z.int().min(sessionDuration.defaultSeconds).max(sessionDuration.maximumSeconds).optional().describe('of sessions by AssumeAgency; the older ways have limits of their own'),
  role_grants: field.roleGrants, attached_policies: field.attachedPolicies(maximumOf('policiesPerAgency')), tags: field.tags,
}).strict()
  .refine((entry) => entry.trust_domain_name !== undefined || (entry.trust_domain_id ?? '') !== '', { error: 'needs trust_domain_name or trust_domain_id', path: ['trust_domain_name'] })
  .refine((entry) => entry.expire_time === undefined || typeof entry.duration === 'number', { error: 'needs a duration of days', path: ['expire_time'] });
const project = z.object({ project_id: field.entityId, project_name: names.projectName, description: field.description, enabled: z.boolean().optional() }).strict();
const enterpriseProject = z.object({ enterprise_project_id: field.entityId, enterprise_project_name: names.enterpriseProjectName, description: field.description }).strict();
const role = z.object({
  role_id: field.entityId, display_name: names.roleDisplayName, type: z.enum(['AX', 'XA']).describe('AX: counts at the domain, XA: in projects'),
  description: field.legacyDescription, description_cn: field.legacyDescription, policy: field.roleDocument,
}).strict();
const agencyUsage = z.object({ region: z.string().min(1).max(64), resources: z.array(z.string().min(1).max(1500)).max(100) }).strict();
const serviceLinkedAgency = z.object({
  service_principal: names.servicePrincipal, agency_id: field.entityId, description: field.freeText.optional().describe('absent: that of the catalogue'),
  agency_usage_list: z.array(agencyUsage).max(20).optional().describe('what the service said still needs the agency; absent: it stays as it is'),
}).strict();
const serviceControlPolicy = z.object({ name: field.serviceControlPolicyName, policy_document: field.document }).strict();

/** [choice] */
const mostProjects = 100;

const account = z.object({
  account_id: field.accountId.optional(),
  account_name: field.accountName,
  quotas: quotasSchema.optional().describe('those that are not the defaults; absent: they stay as they are'),
  revoke_on_disable: z.boolean().optional().describe('whether disabling or deleting a user or an access key ends the sessions that descend from it; absent: it stays as it is, false in a new account'),
  asymmetric_signature: z.boolean().optional().describe('whether SDK-ECDSA-P256-SHA256 is accepted; absent: it stays as it is, true in a new account'),
  root_user: rootUser.optional().describe('absent: it stays as it is; in a new account, of the account name and without access keys'),
  users: z.array(user).max(maximumOf('users')).default([]),
  groups: z.array(group).max(maximumOf('groups')).default([]),
  policies: z.array(policy).max(maximumOf('policies')).default([]),
  agencies: z.array(agency).max(maximumOf('agencies')).default([]),
  legacy_agencies: z.array(legacyAgency).max(maximumOf('agencies')).default([]),
  service_linked_agencies: z.array(serviceLinkedAgency).max(maximumOf('agencies')).default([]),
  projects: z.array(project).max(mostProjects).default([]).describe('beside the one of each region that every account has'),
  enterprise_projects: z.array(enterpriseProject).max(mostProjects).default([]),
  roles: z.array(role).max(customRolesPerAccount).default([]).describe('custom roles of the older system'),
  service_control_policies: z.array(serviceControlPolicy).optional().describe('absent: no organization; present: exactly these apply'),
}).strict();

/** The whole file. Its JSON Schema stands beside the sample in `config/`. */
export const bootstrapFile = z.object({
  $schema: z.string().optional(),
  accounts: z.array(account).default([]),
  services: z.array(z.object({ service_principal: names.servicePrincipal, access_keys: field.accessKeys }).strict()).default([]),
  operator: z.object({ access_keys: field.accessKeys }).strict().optional(),
}).strict();

export type BootstrapFile = z.infer<typeof bootstrapFile>;
export type BootstrapAccount = BootstrapFile['accounts'][number];
export type BootstrapPolicy = BootstrapAccount['policies'][number];
export type BootstrapRoleGrant = NonNullable<z.infer<typeof field.roleGrants>>[number];
export type BootstrapAccessKey = z.infer<typeof field.accessKey>;
export type BootstrapMfaDevice = z.infer<typeof field.mfaDevice>;
/** The file as it may be written: what has a default may be absent. */
export type BootstrapFileText = z.input<typeof bootstrapFile>;
export type BootstrapAccountText = NonNullable<BootstrapFileText['accounts']>[number];

/** A file that is refused: where (JSON pointer) and why. */
export class BootstrapError extends Error {
  readonly pointer: string;

  constructor(pointer: string, rule: string) {
    super(`\`${pointer === '' ? '/' : pointer}\`: ${rule}`);
    this.name = 'BootstrapError';
    this.pointer = pointer;
  }
}

/** Parses the text of a bootstrap file; throws {@link BootstrapError} at the first place that is wrong. */
export const parseBootstrapFile = (text: string): BootstrapFile => checkBootstrapFile(strictJson(text));

/** The same for a file that is read already. */
export function checkBootstrapFile(file: unknown): BootstrapFile {
  const result = bootstrapFile.safeParse(file);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new BootstrapError(issue === undefined ? '' : pointerOf(issue.path), issue?.message ?? 'malformed');
}

/** Two members of one name are refused: of two effects of a statement JSON.parse would keep one without a word. */
function strictJson(text: string): unknown {
  try {
    readJson(text);
  } catch (error) {
    if (error instanceof PolicyError) throw new BootstrapError(error.pointer, error.message);
    throw error;
  }
  return JSON.parse(text);
}

export const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
