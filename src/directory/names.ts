// Names, ids and short texts of entities, each with its rule: the same in requests and in bootstrap files (IAM v5 API §§1 to 7).
import { characters, matching } from '../base/characters.js';
import { serviceLinkedPath, servicePrincipalPattern, servicePrincipalRule } from '../urn/urn.js';
import { isPlainTagKey, plainTagKeyRule } from './tag-key.js';

export const entityId = matching(/^[A-Za-z0-9-]{1,64}$/, 'must be 1 to 64 letters, digits or -');
export const userName = matching(/^(?!\d)[\p{L}\p{N}_\-. ]{1,64}$/u, 'must be 1 to 64 letters, digits, blanks or _-. and not begin with a digit');
export const groupName = matching(/^[\p{L}\p{N}_\-{} ]{1,128}$/u, 'must be 1 to 128 letters, digits, blanks or _-{}');
export const policyName = matching(/^[A-Za-z0-9_+=.@-]{1,128}$/, 'must be 1 to 128 letters, digits or _+=.@-');
export const agencyName = matching(/^[A-Za-z0-9_+=,.@-]{1,64}$/, 'must be 1 to 64 letters, digits or _+=,.@-', 'invalidAgencyName');
/** Of a custom role of the older system. */
export const roleDisplayName = matching(/^[\p{L}\p{N}_\-. ]{1,128}$/u, 'must be 1 to 128 letters, digits, blanks or _-.');
/** A region, alone or with `_` and a name behind it. */
export const projectName = matching(/^(?=.{1,64}$)[a-z][a-z0-9]*(-[a-z0-9]+){0,5}(_[A-Za-z0-9_-]+)?$/, 'must be a region, or a region, _ and letters, digits, _ or -; 64 characters at most');
export const enterpriseProjectName = matching(/^(?!default$)[\p{L}\p{N}_-]{1,255}$/iu, 'must be 1 to 255 letters, digits, _ or -, and not be default');
export const mfaDeviceName = matching(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -');
export const servicePrincipal = matching(servicePrincipalPattern, servicePrincipalRule);

/** Empty, or segments that each end with a slash; that of service-linked agencies is theirs alone. */
export const path = matching(/^(?=.{0,512}$)([A-Za-z0-9.,+@=_-]+\/)*$/, 'must be empty, or segments of letters, digits and .,+@=_- that each end with /, 512 characters at most', 'invalidPath')
  .refine((text) => !text.startsWith(serviceLinkedPath), { error: `must not begin with ${serviceLinkedPath}, which is reserved`, params: { cause: 'invalidPath' } });

export const tagKey = characters(1, 64)
  .regex(/^(?!_[Ss][Yy][Ss]_)[\p{L}\p{Z}\p{N}_.:=+\-@]*$/u, 'must hold only letters, digits, blanks and _.:=+-@ and not begin with _sys_')
  .refine(isPlainTagKey, plainTagKeyRule);
export const tagValue = characters(0, 128).regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u, 'must hold only letters, digits, blanks and _.:/=+-@');
/** Of one resource [choice]. */
export const tagsPerResource = 20;
