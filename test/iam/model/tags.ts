// The model of tags (IAM v5 API §9).
import { chosen, modelOperation } from './operation.js';
import type { Pool } from './pool.js';
import { found, Refusal, type Model, type ModelAgency, type ModelTag, type ModelUser } from './state.js';

const tagsPerResource = 20;

interface Tagged {
  readonly kind: 'agency' | 'user';
  readonly id: string;
}

const drawTagged = (pool: Pool, die: number): Tagged => {
  const kind = chosen(['agency', 'user'] as const, die);
  return { kind, id: pool.pick(kind, Math.floor(die / 2)) };
};
const taggedPath = ({ kind, id }: Tagged): string => `/v5/${kind}/${id}/tags`;
const resourceOf = (model: Model, { kind, id }: Tagged): ModelAgency | ModelUser => (kind === 'agency' ? found(model.agencies, id) : found(model.users, id));

/** Neighbours on a circle of keys; the spelling of a key depends on the request, and one in many requests has a key in both. */
function drawKeys(first: number, count: number): readonly string[] {
  const keys = Array.from({ length: (count % 12) + 1 }, (_, place) => `${first % 2 === 0 ? 'Key' : 'key'}-${(first + place) % 24}`);
  return first % 20 === 0 ? [...keys, ...keys.slice(0, 1).map((key) => key.toLowerCase())] : keys;
}

function refuseRepeated(keys: readonly string[]): void {
  if (new Set(keys.map((key) => key.toLowerCase())).size < keys.length) throw new Refusal(400, 'PAP5.0033');
}

const tagResource = modelOperation({
  name: 'TagResourceV5', status: 200,
  draw: (pool, [die, first, count, value]) => ({ tagged: drawTagged(pool, die), tags: drawKeys(first, count).map((key): ModelTag => ({ tag_key: key, tag_value: chosen(['', 'one', 'other'], value) })) }),
  call: ({ tagged, tags }) => ({ method: 'POST', path: `${taggedPath(tagged)}/create`, body: { tags } }),
  decide(model, { tagged, tags }) {
    refuseRepeated(tags.map((tag) => tag.tag_key));
    const resource = resourceOf(model, tagged);
    const all = new Map([...resource.tags, ...tags].map((tag) => [tag.tag_key.toLowerCase(), tag]));
    if (all.size > tagsPerResource) throw new Refusal(409, 'PAP5.1202');
    resource.tags = [...all.values()];
    return { tags: resource.tags };
  },
});

const untagResource = modelOperation({
  name: 'DeleteResourceTagsV5', status: 200,
  draw: (pool, [die, first, count]) => ({ tagged: drawTagged(pool, die), keys: drawKeys(first, count) }),
  call: ({ tagged, keys }) => ({ method: 'DELETE', path: `${taggedPath(tagged)}/delete`, body: keys }),
  decide(model, { tagged, keys }) {
    refuseRepeated(keys);
    const resource = resourceOf(model, tagged);
    const removed = new Set(keys.map((key) => key.toLowerCase()));
    resource.tags = resource.tags.filter((tag) => !removed.has(tag.tag_key.toLowerCase()));
    return undefined;
  },
});

const listTags = modelOperation({
  name: 'ListResourceTagsV5', status: 200, draw: (pool, [die]) => drawTagged(pool, die), call: (tagged) => ({ method: 'GET', path: taggedPath(tagged) }),
  decide: (model, tagged) => ({ tags: resourceOf(model, tagged).tags }),
});

export const tagOperations = [tagResource, tagResource, untagResource, listTags];
