// Documents and tags of a bootstrap file: checked, and in the form in which they are kept.
import { parsePolicy, PolicyError, type PolicyKind } from '../policy/index.js';
import { BootstrapError } from './bootstrap-file.js';
import { refuseRepeated } from './bootstrap-names.js';
import type { IdentityPolicy, PolicyVersion, ResourceTag } from './entities.js';

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

const versionsPerPolicy = 5;

type Versions = Pick<IdentityPolicy, 'versions' | 'defaultVersionId' | 'lastVersionNumber' | 'updatedAt'>;

/** Another text becomes a new default version; when there are five, the oldest makes room. */
export function policyVersions(old: IdentityPolicy | undefined, document: string, now: number): Versions {
  const versions: readonly PolicyVersion[] = old?.versions ?? [];
  const current = versions.find(({ versionId }) => versionId === old?.defaultVersionId);
  if (old !== undefined && current?.document === document) return old;
  const lastVersionNumber = (old?.lastVersionNumber ?? 0) + 1;
  const versionId = `v${lastVersionNumber}`;
  return {
    versions: [...versions.slice(-(versionsPerPolicy - 1)), { versionId, document, createdAt: now }], defaultVersionId: versionId, lastVersionNumber, updatedAt: now,
  };
}

export function resourceTags(tags: readonly { readonly tag_key: string; readonly tag_value: string }[], place: string): readonly ResourceTag[] {
  const keys = new Set<string>();
  return tags.map(({ tag_key: key, tag_value: value }, index) => {
    refuseRepeated(keys, key.toLowerCase(), `${place}/${index}/tag_key`);
    return { key, value };
  });
}
