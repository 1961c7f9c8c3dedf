// Commands on the tags of a resource: a trust agency or a user (IAM v5 API §9).
import { ApiError } from '../../base/api-error.js';
import { tagsPerResource } from '../names.js';
import type { ResourceTag } from '../entities.js';
import type { Snapshot } from '../snapshot.js';
import { foldTagKey } from '../tag-key.js';
import { putting, type Change } from './change.js';
import { refuseRootOfOthers } from './root-user.js';
import { found, refuseLegacy, refuseServiceLinked } from './rules.js';

/** What can have tags of its own. */
export interface TaggedResource {
  readonly kind: 'agency' | 'user';
  readonly id: string;
}

export const tagsOf = (account: Snapshot, { kind, id }: TaggedResource): readonly ResourceTag[] =>
  (kind === 'agency' ? found(account.agencies, kind, id) : found(account.users, kind, id)).tags;

export interface ChangedTags extends Change {
  /** All that the resource has afterwards. */
  readonly tags: readonly ResourceTag[];
}

/** A tag whose key is there takes the place of the one that has it, in its new spelling. @param added keys differ from each other @param actingUserId undefined: no user acts */
export function addTags(account: Snapshot, resource: TaggedResource, added: readonly ResourceTag[], actingUserId: string | undefined): ChangedTags {
  refuseTagsOfRoot(account, resource, actingUserId);
  const tags = new Map(tagsOf(account, resource).map((tag) => [foldTagKey(tag.key), tag]));
  for (const tag of added) tags.set(foldTagKey(tag.key), tag);
  if (tags.size > tagsPerResource) throw new ApiError('quotaExceeded', `the quota is reached: ${tagsPerResource} tags of a resource at most, and it would have ${tags.size}`);
  return retagged(account, resource, [...tags.values()]);
}

/** [choice] A key that is not there is no error: what was asked for holds. */
export function removeTags(account: Snapshot, resource: TaggedResource, keys: readonly string[], actingUserId: string | undefined): ChangedTags {
  refuseTagsOfRoot(account, resource, actingUserId);
  const removed = new Set(keys.map(foldTagKey));
  return retagged(account, resource, tagsOf(account, resource).filter(({ key }) => !removed.has(foldTagKey(key))));
}

/** Tags decide what their bearer may do. Throws the 404 for a user that does not exist. */
function refuseTagsOfRoot({ users }: Snapshot, { kind, id }: TaggedResource, actingUserId: string | undefined): void {
  if (kind === 'user') refuseRootOfOthers(found(users, kind, id), actingUserId, 'the tags');
}

function retagged(account: Snapshot, { kind, id }: TaggedResource, tags: readonly ResourceTag[]): ChangedTags {
  const change = kind === 'agency'
    ? putting('agency', id, { ...refuseLegacy(refuseServiceLinked(found(account.agencies, 'agency', id))), tags })
    : putting('user', id, { ...found(account.users, 'user', id), tags });
  return { put: change.put, remove: change.remove, tags };
}
