// The bootstrap file: accounts and all they own, as an operator writes them down.
import { z } from 'zod';
import { PolicyError, readJson } from '../policy/index.js';
import { serviceLinkedPath } from '../urn/urn.js';
import { sessionDuration } from './entities.js';

const name = (pattern: RegExp, rule: string) => z.string().regex(pattern, rule);
const entityId = name(/^[A-Za-z0-9-]{1,64}$/, 'must be 1 to 64 letters, digits or -').optional();
const path = name(/^([A-Za-z0-9.,+@=_-]+\/)*$/, 'must be empty, or segments of letters, digits and .,+@=_- that each end with /')
  .max(512).refine((text) => !text.startsWith(serviceLinkedPath), `must not begin with ${serviceLinkedPath}, which is reserved`).default('');
const description = z.string().max(1000).default('');
const document = z.record(z.string(), z.unknown()).describe('policy document of version 5.0, as a JSON object');
const attachedPolicies = z.array(z.string()).max(20).default([]).describe('names of policies of this account');

const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const tags = z.array(z.object({
  tag_key: name(/^(?!_sys_)[\p{L}\p{Z}\p{N}_.:=+\-@]{1,64}$/u, 'must be 1 to 64 letters, digits, blanks or _.:=+-@ and not begin with _sys_'),
  tag_value: z.string().max(128).regex(tagText, 'must hold only letters, digits, blanks and _.:/=+-@'),
}).strict()).max(20).default([]);

const accessKey = z.object({
  access_key_id: name(/^(?!HST)[A-Za-z0-9]{8,40}$/, 'must be 8 to 40 letters or digits and not begin with HST, as temporary ones do').optional(),
  secret_access_key: name(/^[\x21-\x7e]{16,128}$/, 'must be 16 to 128 printable characters without blanks').optional(),
  status: z.enum(['active', 'inactive']).default('active'),
}).strict().refine((key) => (key.access_key_id === undefined) === (key.secret_access_key === undefined), 'needs both access_key_id and secret_access_key, or neither: then a pair is generated');
const accessKeys = z.array(accessKey).default([]);
const mfaDevice = z.object({
  device_name: name(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -'),
  base32_string_seed: name(/^[A-Z2-7]{16,128}=*$/, 'must be 16 to 128 characters of base32'),
}).strict();

const userName = name(/^(?!\d)[\p{L}\p{N}_\-. ]{1,64}$/u, 'must be 1 to 64 letters, digits, blanks or _-. and not begin with a digit');
const user = z.object({
  user_id: entityId, user_name: userName, enabled: z.boolean().default(true), description, tags, groups: z.array(z.string()).max(10).default([]),
  attached_policies: attachedPolicies, access_keys: accessKeys, mfa_devices: z.array(mfaDevice).max(1).default([]),
}).strict();
const rootUser = z.object({ user_id: entityId, user_name: userName, access_keys: accessKeys, mfa_devices: z.array(mfaDevice).max(1).default([]) }).strict();
const group = z.object({
  group_id: entityId, group_name: name(/^[\p{L}\p{N}_\-{} ]{1,128}$/u, 'must be 1 to 128 letters, digits, blanks or _-{}'), description, attached_policies: attachedPolicies,
}).strict();
const policy = z.object({
  policy_id: entityId, policy_name: name(/^[A-Za-z0-9_+=.@-]{1,128}$/, 'must be 1 to 128 letters, digits or _+=.@-'), path, description, policy_document: document,
}).strict();
const agency = z.object({
  agency_id: entityId, agency_name: name(/^[A-Za-z0-9_+=,.@-]{1,64}$/, 'must be 1 to 64 letters, digits or _+=,.@-'), path, description,
  max_session_duration: z.int().min(sessionDuration.defaultSeconds).max(sessionDuration.maximumSeconds).default(sessionDuration.defaultSeconds),
  trust_policy: document, attached_policies: attachedPolicies, tags,
}).strict();
const serviceControlPolicy = z.object({ name: z.string().min(1).max(128), policy_document: document }).strict();

const account = z.object({
  account_id: name(/^[0-9a-f]{32}$/, 'must be 32 lower-case hexadecimal characters').refine((id) => !/^0+$/.test(id), 'is reserved for the system account').optional(),
  account_name: name(/^[A-Za-z][A-Za-z0-9_-]{1,63}$/, 'must be 2 to 64 letters, digits, _ or -, beginning with a letter'),
  root_user: rootUser.optional().describe('absent: a root user of the account name, without access keys'),
  users: z.array(user).max(2000).default([]),
  groups: z.array(group).max(2000).default([]),
  policies: z.array(policy).max(5000).default([]),
  agencies: z.array(agency).max(5000).default([]),
  service_control_policies: z.array(serviceControlPolicy).optional().describe('absent: no organization; present: exactly these apply'),
}).strict();

/** The whole file. Its JSON Schema stands beside the sample in `config/`. */
export const bootstrapFile = z.object({
  $schema: z.string().optional(),
  accounts: z.array(account).default([]),
  services: z.array(z.object({
    service_principal: name(/^service\.[A-Za-z0-9-]{1,56}$/, 'must be service. and 1 to 56 letters, digits or -'), access_keys: accessKeys,
  }).strict()).default([]),
  operator: z.object({ access_keys: accessKeys }).strict().optional(),
}).strict();

export type BootstrapFile = z.infer<typeof bootstrapFile>;
export type BootstrapAccount = BootstrapFile['accounts'][number];
export type BootstrapAccessKey = z.infer<typeof accessKey>;
export type BootstrapMfaDevice = z.infer<typeof mfaDevice>;

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
export function parseBootstrapFile(text: string): BootstrapFile {
  const result = bootstrapFile.safeParse(strictJson(text));
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
