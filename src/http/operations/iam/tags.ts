// Tags of trust agencies and users (IAM v5 API §9).
import * as tags from '../../../iam/tags.js';
import type { Operation } from '../../operation.js';
import { iamOperation } from './iam-operation.js';

export const tagOperations: readonly Operation[] = [
  iamOperation({
    name: 'TagResourceV5', method: 'post', path: '/v5/{resource_type}/{resource_id}/tags/create', summary: 'Adds tags to a resource, or changes their values',
    action: 'iam::tagForResourceV5', resource: tags.taggingResource, outlasts: true, refusals: [400, 403, 404, 409],
    parameters: tags.tagPath, body: tags.tagBody, status: 200, response: tags.tagsResponse, decide: tags.create,
  }),
  iamOperation({
    name: 'DeleteResourceTagsV5', method: 'delete', path: '/v5/{resource_type}/{resource_id}/tags/delete', summary: 'Removes the tags of these keys from a resource',
    action: 'iam::untagForResourceV5', resource: tags.untaggingResource, outlasts: true, refusals: [400, 403, 404],
    parameters: tags.tagPath, body: tags.untagBody, status: 200, decide: tags.remove,
  }),
  iamOperation({
    name: 'ListResourceTagsV5', method: 'get', path: '/v5/{resource_type}/{resource_id}/tags', summary: 'Lists the tags of a resource',
    action: 'iam::listTagsForResourceV5', resource: tags.resourceOf, refusals: [400, 403, 404],
    parameters: tags.tagPath, status: 200, response: tags.tagsResponse, decide: tags.list,
  }),
];
