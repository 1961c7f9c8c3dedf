// Fields of a bootstrap file: names, ids, texts, keys and devices, each with its rule.
import { z } from 'zod';
import { characters, freeText as anyText, matching } from '../base/characters.js';
import { isTrustableDomain, trustableDomainRule } from '../urn/urn.js';
import { entityId as anEntityId, mfaDeviceName, path as anyPath, tagKey, tagsPerResource, tagValue } from './names.js';
import { grantsPerHolder } from './roles.js';

export const accountId = matching(/^[0-9a-f]{32}$/, 'must be 32 lower-case hexadecimal characters').refine((id) => !/^0+$/.test(id), 'is reserved for the system account');
export const accountName = matching(/^[A-Za-z][A-Za-z0-9_-]{1,63}$/, 'must be 2 to 64 letters, digits, _ or -, beginning with a letter');
export const serviceControlPolicyName = z.string().min(1).max(128);

export const entityId = anEntityId.optional();
export const path = anyPath.optional();
/** Of agencies and policies; those of users and groups may be as long here. */
export const freeText = anyText(1000);
export const description = freeText.optional();
/** Of the older system's agencies. */
export const legacyDescription = z.string().max(255).regex(/^[^@#$%^&*<>\\]*$/, 'must not hold any of @#$%^&*<>\\').optional();
/** An account by its name, or a cloud service as `op_svc_` and its name. */
export const trustDomainName = accountName.refine(isTrustableDomain, trustableDomainRule).optional();
export const trustDomainId = anEntityId.or(z.literal('')).optional().describe('empty: not known; absent: it stays with its `trust_domain_name`');

export const document = z.record(z.string(), z.unknown()).describe('policy document of version 5.0, as a JSON object');
export const roleDocument = z.record(z.string(), z.unknown()).describe('policy document of version 1.1, as a JSON object');
export const roleGrants = z.array(z.object({
  role: z.string().min(1).max(128).describe('display name of a custom role of this account or of a system role; the internal name of a system role, or an id, does as well'),
  scope: z.union([
    z.enum(['domain', 'all_projects']),
    z.object({ project: z.string().min(1).max(64).describe('name or id') }).strict(),
    z.object({ enterprise_project: z.string().min(1).max(255).describe('name or id') }).strict(),
  ]),
}).strict()).max(grantsPerHolder).optional();

export const password = characters(8, 128).optional().describe('of one who may log in; only its hash is kept');
export const passwordHash = matching(/^$|^\$argon2id\$v=19\$m=[1-9]\d{0,6},t=[1-9]\d?,p=[1-9]\d?\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/, 'must be an Argon2id hash in the PHC form, or empty').optional().describe('in place of `password`; empty: none');

export const versionId = matching(/^v[1-9]\d{0,8}$/, 'must be v and a number');

export const attachedPolicies = (most: number) => z.array(z.string()).max(most).optional().describe('names of policies of this account, or of system policies');

export const tags = z.array(z.object({ tag_key: tagKey, tag_value: tagValue }).strict()).max(tagsPerResource).optional();

const sealed = matching(/^[\w-]+(\.[\w-]*){4}$/, 'must be a JWE in its compact form').max(2000).optional();

export const accessKey = z.object({
  access_key_id: matching(/^(?!HST)[A-Za-z0-9]{8,40}$/, 'must be 8 to 40 letters or digits and not begin with HST, as temporary ones do').optional(),
  secret_access_key: matching(/^[\x21-\x7e]{16,128}$/, 'must be 16 to 128 printable characters without blanks').optional(),
  sealed_secret_access_key: sealed.describe('in place of `secret_access_key`: sealed by an export'),
  status: z.enum(['active', 'inactive']).optional(),
}).strict()
  .refine((key) => key.secret_access_key === undefined || key.sealed_secret_access_key === undefined, 'has its secret twice, plain and sealed')
  .refine((key) => (key.access_key_id === undefined) === ((key.secret_access_key ?? key.sealed_secret_access_key) === undefined), 'needs both access_key_id and secret_access_key, or neither: then a pair is generated');
export const accessKeys = z.array(accessKey).default([]);

export const mfaDevice = z.object({
  device_name: mfaDeviceName,
  base32_string_seed: matching(/^[A-Z2-7]{16,128}=*$/, 'must be 16 to 128 characters of base32').optional(),
  sealed_base32_string_seed: sealed.describe('in place of `base32_string_seed`: sealed by an export'),
  enabled: z.boolean().optional(),
  unbound: z.boolean().optional().describe('true: it was disabled, and another device of its user may take its place'),
}).strict()
  .refine((device) => !(device.enabled !== false && device.unbound === true), 'is both enabled and unbound')
  .refine((device) => (device.base32_string_seed === undefined) !== (device.sealed_base32_string_seed === undefined), 'needs base32_string_seed, plain or sealed');
