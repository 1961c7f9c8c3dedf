// Documents and tags of a bootstrap file: checked, and in the form in which they are kept.
import { parsePolicy, PolicyError, type PolicyKind } from '../policy/index.js';
import { BootstrapError, type BootstrapPolicy } from './bootstrap-file.js';
import { refuseRepeated } from './bootstrap-names.js';
import type { IdentityPolicy, PolicyVersion, ResourceTag } from './entities.js';
import { maximumOf } from './quotas.js';
import { foldTagKey } from './tag-key.js';

/** The text of a policy document; the error points into the document. */
export function documentText(kind: PolicyKind, document: Readonly<Record<string, unknown>>, place: string): string {
  const text = JSON.stringify(document);
  try {
    parsePolicy(kind, text);
  } catch (error) {
    if (error instanceof PolicyError) throw new BootstrapError(`${place}${error.pointer}`, error.message);
    throw error;
  }
  return text;
}

type Versions = Pick<IdentityPolicy, 'versions' | 'defaultVersionId' | 'lastVersionNumber' | 'updatedAt'>;

/** @param place of the policy in the file */
export function policyVersions(old: IdentityPolicy | undefined, entry: BootstrapPolicy, place: string, now: number): Versions {
  const { policy_document: policyDocument } = entry;
  return policyDocument === undefined ? givenVersions(old, entry, place, now) : withDefault(old, documentText('identity', policyDocument, `${place}/policy_document`), now);
}

/** Another text becomes a new default version; when there are five, the oldest makes room. */
function withDefault(old: IdentityPolicy | undefined, document: string, now: number): Versions {
  const versions: readonly PolicyVersion[] = old?.versions ?? [];
  const current = versions.find(({ versionId }) => versionId === old?.defaultVersionId);
  if (old !== undefined && current?.document === document) return old;
  const lastVersionNumber = (old?.lastVersionNumber ?? 0) + 1;
  const versionId = `v${lastVersionNumber}`;
  return {
    versions: [...versions.slice(-(maximumOf('versionsPerPolicy') - 1)), { versionId, document, createdAt: now }], defaultVersionId: versionId, lastVersionNumber, updatedAt: now,
  };
}

const numberOf = (versionId: string): number => Number(versionId.slice(1));

/** Exactly the versions of the file; numbers that were used before stay used. */
function givenVersions(old: IdentityPolicy | undefined, entry: BootstrapPolicy, place: string, now: number): Versions {
  const ids = new Set<string>();
  const versions = (entry.versions ?? []).map(({ version_id: versionId, policy_document: policyDocument }, index): PolicyVersion => {
    refuseRepeated(ids, versionId, `${place}/versions/${index}/version_id`);
    const document = documentText('identity', policyDocument, `${place}/versions/${index}/policy_document`);
    return old?.versions.find((version) => version.versionId === versionId && version.document === document) ?? { versionId, document, createdAt: now };
  }).sort((one, other) => numberOf(one.versionId) - numberOf(other.versionId));
  const { default_version_id: defaultVersionId = '', last_version_number: lastNumber = 0 } = entry;
  if (!ids.has(defaultVersionId)) throw new BootstrapError(`${place}/default_version_id`, `\`${defaultVersionId}\` is none of the versions`);
  const newest = Math.max(...versions.map(({ versionId }) => numberOf(versionId)));
  if (lastNumber > 0 && lastNumber < newest) throw new BootstrapError(`${place}/last_version_number`, `must be at least ${newest}, as a version has that number`);
  const sameDefault = old !== undefined && old.defaultVersionId === defaultVersionId && versions.some((version) => version.versionId === defaultVersionId && old.versions.includes(version));
  return { versions, defaultVersionId, lastVersionNumber: Math.max(newest, lastNumber, old?.lastVersionNumber ?? 0), updatedAt: sameDefault ? old.updatedAt : now };
}

/** @param old those that stay when the file gives none */
export function resourceTags(tags: readonly { readonly tag_key: string; readonly tag_value: string }[] | undefined, old: readonly ResourceTag[] | undefined, place: string): readonly ResourceTag[] {
  if (tags === undefined) return old ?? [];
  const keys = new Set<string>();
  return tags.map(({ tag_key: key, tag_value: value }, index) => {
    refuseRepeated(keys, foldTagKey(key), `${place}/${index}/tag_key`);
    return { key, value };
  });
}
