// What a registered service asks about requests that it received: fields, limits and patterns.
import { isIP } from 'node:net';
import { z } from 'zod';
import { characters, matching } from '../base/characters.js';
import type { ResourceTag } from '../directory/entities.js';
import { foldTagKey } from '../directory/tag-key.js';
import type { ConditionValue } from '../policy/index.js';
import type { SignedRequest } from '../signing/index.js';
import { isAccountId, parseUrn } from '../urn/urn.js';
import type { GivenScope } from './request-scope.js';

/** [choice] Of one call, all its requests together: what one commit may hold. */
const mostQuestions = 20;
const mostTags = 50;
const mostContextKeys = 50;
const mostHeaders = 100;
const longestTarget = 8192;

const headerText = matching(/^[\0-\xff]{0,8192}$/, 'must be at most 8192 characters, each of them a byte received (ISO 8859-1)');
const base64 = matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'must be base64 with its padding');
const address = z.string().refine((text) => isIP(text) !== 0 && !text.includes('%'), { error: 'must be an IPv4 or IPv6 address without a zone' });

const tags = z.array(z.strictObject({ key: characters(1, 128), value: characters(0, 255) })).max(mostTags)
  .refine((list) => new Set(list.map(({ key }) => foldTagKey(key))).size === list.length, { error: 'must not hold a key twice (keys are compared without case)', params: { cause: 'duplicateTagKey' } });

/** A URN and no pattern: `*` in it would stand for itself. */
const isResourceUrn = (text: string): boolean => {
  const { accountId } = parseUrn(text) ?? {};
  return accountId === '' || (accountId !== undefined && isAccountId(accountId));
};

const contextValue = characters(0, 2048);
const projectId = matching(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -');
/** Of questions and of simulations alike. */
export const scopeFields = {
  scope: z.strictObject({
    project_id: projectId.optional().describe('id of the project; absent: the main one of the region in `resource`, or without a region none'),
    enterprise_project_id: projectId.optional().describe('id of the enterprise project (g:EnterpriseProjectId)'),
    direct: z.boolean().default(false).describe('true: roles granted for all projects do not count'),
  }).optional().describe('where the request is made: what roles of the older system are worth depends on it'),
  operation_id: matching(/^\w{1,128}$/, 'must be 1 to 128 letters, digits or _').optional().describe('id of the operation in the catalogue: it says whether roles granted for an enterprise project count'),
};

export const givenScope = (scope: z.output<typeof scopeFields.scope>): GivenScope | undefined =>
  scope && { projectId: scope.project_id, enterpriseProjectId: scope.enterprise_project_id, direct: scope.direct };

const question = z.strictObject({
  action: matching(/^(?=.{1,256}$)[\w-]+:[\w-]*:[\w-]+$/, 'must look like service:resourceType:operation, the middle part may be empty'),
  resource: characters(1, 1500).refine(isResourceUrn, { error: 'must be a URN of five segments whose account is an account id or empty' }).optional()
    .describe('URN of what the action is done to; absent for an action without resource type'),
  resource_tags: tags.default([]).describe('tags of the resource (g:ResourceTag)'),
  request_tags: tags.default([]).describe('tags that the request would set (g:RequestTag, g:TagKeys)'),
  context: z.record(characters(1, 256), z.union([contextValue, z.array(contextValue).max(50)]))
    .refine((context) => Object.keys(context).length <= mostContextKeys, `must have at most ${mostContextKeys} keys`).default({})
    .describe('condition keys of the service itself, and their values'),
  ...scopeFields,
  resource_policy_allows: z.boolean().default(false)
    .describe('true: the resource belongs to another account than the caller, and a policy of its own lets the caller do this'),
}).refine(({ resource, resource_tags: list }) => resource !== undefined || list.length === 0, { error: 'is required with `resource_tags`', path: ['resource'] });

const forwardedMembers = {
  method: matching(/^[!-~]{1,32}$/, 'must be the method as it was received'),
  target: characters(1, longestTarget).describe('the raw request target: path and query, before any decoding'),
  path_reading: z.enum(['decoded', 'escaped']).optional()
    .describe('how the signer must have made the path canonical: its escapes `decoded`, or the path as it is sent, `escaped` once more; absent: either'),
  headers: z.array(z.tuple([matching(/^[!-~]{1,256}$/, 'must be the name of a header'), headerText])).max(mostHeaders)
    .describe('name and value of the headers received: Authorization, and all that are signed'),
  body: base64.optional().describe('the body received, in base64; absent, like `body_hash`: there was none'),
  body_hash: matching(/^[0-9a-f]{64}$/, 'must be a hash of 64 lower-case hexadecimal digits').optional()
    .describe('in place of the body its hash: SHA-256, or SM3 when the request was signed with SDK-HMAC-SM3'),
  source_ip: address.describe('address that the request came from (g:SourceIp)'),
};
const oneBody = ({ body, body_hash: hash }: { readonly body?: string | undefined; readonly body_hash?: string | undefined }): boolean => body === undefined || hash === undefined;
const oneBodyRule = { error: 'must have `body` or `body_hash`, not both' } as const;
const forwarded = z.strictObject({ ...forwardedMembers, questions: z.array(question).min(1).max(mostQuestions) }).refine(oneBody, oneBodyRule);

/** A request about which nothing more is asked than who signed it. */
export const presentedBody = z.strictObject({ request: z.strictObject(forwardedMembers).refine(oneBody, oneBodyRule) });

export const authorizeBody = z.strictObject({ requests: z.array(forwarded).min(1).max(mostQuestions) })
  .refine(({ requests }) => requests.reduce((sum, { questions }) => sum + questions.length, 0) <= mostQuestions, {
    error: `must hold at most ${mostQuestions} questions together`, path: ['requests'],
  });

export interface Question {
  readonly action: string;
  readonly resource: string | undefined;
  readonly resourceTags: readonly ResourceTag[];
  readonly requestTags: readonly ResourceTag[];
  readonly context: Readonly<Record<string, ConditionValue>>;
  readonly scope: GivenScope | undefined;
  readonly operationId: string | undefined;
  readonly resourcePolicyAllows: boolean;
}

/** A request as the service received it, and what it wants to know. */
export interface ForwardedRequest {
  readonly received: SignedRequest;
  readonly sourceIp: string;
  readonly questions: readonly Question[];
}

/** Wire names end here. */
export const forwardedRequests = ({ requests }: z.output<typeof authorizeBody>): readonly ForwardedRequest[] => requests.map((request) => ({
  ...presentedRequest({ request }),
  questions: request.questions.map((one) => ({
    action: one.action, resource: one.resource, resourceTags: one.resource_tags, requestTags: one.request_tags, context: one.context,
    scope: givenScope(one.scope), operationId: one.operation_id, resourcePolicyAllows: one.resource_policy_allows,
  })),
}));

export const presentedRequest = ({ request }: z.output<typeof presentedBody>): Omit<ForwardedRequest, 'questions'> => ({
  received: { method: request.method, target: request.target, rawHeaders: request.headers.flat(), body: bodyOf(request), pathReading: request.path_reading },
  // IPv4 addresses of a dual-stack socket in their own form, as policies write them.
  sourceIp: request.source_ip.replace(/^::ffff:(?=\d+\.)/i, ''),
});

const bodyOf = ({ body, body_hash: hash }: z.output<typeof presentedBody>['request']): SignedRequest['body'] => (hash === undefined ? Buffer.from(body ?? '', 'base64') : { hash });
