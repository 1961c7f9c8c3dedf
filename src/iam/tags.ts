// Tags of trust agencies and users (IAM v5 API §9).
import { z } from 'zod';
import { addTags, removeTags, tagsOf, type TaggedResource } from '../directory/commands/tags.js';
import type { ResourceTag } from '../directory/entities.js';
import type { Snapshot } from '../directory/snapshot.js';
import { foldTagKey } from '../directory/tag-key.js';
import { entityId, tagKey, tagValue, tagsPerResource } from '../directory/names.js';
import type { ConditionEntry } from '../sts/call-conditions.js';
import type { Resource } from '../sts/own-action.js';
import type { Ground, Result } from './account-call.js';
import { agencyResource } from './agencies.js';
import { tag, tagAnswer } from './fields.js';
import { actingUserId, userResource } from './users.js';

/** `field`: where the key stands in an item. */
const keysOnce = <Item extends z.ZodType>(item: Item, keyOf: (item: z.output<Item>) => string, ...field: readonly string[]) =>
  z.array(item).min(1).max(tagsPerResource).superRefine((items, context) => {
    const keys = items.map((one) => foldTagKey(keyOf(one)));
    const repeated = keys.findIndex((key, index) => keys.indexOf(key) < index);
    if (repeated >= 0) context.addIssue({ code: 'custom', path: [repeated, ...field], message: 'is a key that is given twice (keys are compared without case)', params: { cause: 'duplicateTagKey' } });
  });

export const tagPath = z.object({ resource_type: z.enum(['agency', 'user']), resource_id: entityId });
export const tagBody = z.object({ tags: keysOnce(z.object({ tag_key: tagKey, tag_value: tagValue }), ({ tag_key: key }) => key, 'tag_key') });
export const untagBody = keysOnce(tagKey, (key) => key);
export const tagsResponse = z.object({ tags: z.array(tag) });

interface OfResource {
  readonly path: z.output<typeof tagPath>;
}
interface Added extends OfResource {
  readonly body: z.output<typeof tagBody>;
}
interface Removed extends OfResource {
  readonly body: z.output<typeof untagBody>;
}
type TagsAnswer = z.infer<typeof tagsResponse>;

const taggedResource = ({ path: { resource_type: kind, resource_id: id } }: OfResource): TaggedResource => ({ kind, id });
const added = ({ body }: Added): readonly ResourceTag[] => body.tags.map(({ tag_key: key, tag_value: value }) => ({ key, value }));

export function resourceOf(account: Snapshot, input: OfResource): Resource {
  const { kind, id } = taggedResource(input);
  return kind === 'agency' ? agencyResource(account, id) : userResource(account, { path: { user_id: id } });
}

/** With what the request itself brings. */
export function taggingResource(account: Snapshot, input: Added): Resource {
  const tags = added(input);
  const conditions: readonly ConditionEntry[] = [['g:TagKeys', tags.map(({ key }) => key)], ...tags.map(({ key, value }): ConditionEntry => [`g:RequestTag/${key}`, value])];
  return { ...resourceOf(account, input), conditions };
}

export const untaggingResource = (account: Snapshot, input: Removed): Resource => ({ ...resourceOf(account, input), conditions: [['g:TagKeys', input.body]] });

export function create(ground: Ground, input: Added): Result<TagsAnswer> {
  const change = addTags(ground.account, taggedResource(input), added(input), actingUserId(ground));
  return { body: { tags: change.tags.map(tagAnswer) }, change };
}

export const remove = (ground: Ground, input: Removed): Result<undefined> =>
  ({ body: undefined, change: removeTags(ground.account, taggedResource(input), input.body, actingUserId(ground)) });

export const list = ({ account }: Ground, input: OfResource): Result<TagsAnswer> => ({ body: { tags: tagsOf(account, taggedResource(input)).map(tagAnswer) } });
