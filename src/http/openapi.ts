// The OpenAPI document, derived from the operation tables.
import { z } from 'zod';
import type { Operation, OperationHeader } from './operation.js';
import { urlencoded } from './received-body.js';

const errorSchema = {
  type: 'object',
  required: ['error_code', 'error_msg', 'request_id'],
  properties: {
    error_code: { type: 'string' },
    error_msg: { type: 'string' },
    request_id: { type: 'string' },
    encoded_authorization_message: { type: 'string' },
  },
};

/** Of the calls under `/v3`. */
const keystoneErrorSchema = {
  type: 'object',
  required: ['error', 'request_id'],
  properties: {
    error: { type: 'object', required: ['code', 'message', 'title'], properties: { code: { type: 'integer' }, message: { type: 'string' }, title: { type: 'string' } } },
    request_id: { type: 'string' },
  },
};

/** Statuses that every operation can answer with. */
const commonRefusals = [401, 413, 429, 500, 503];

export function openApiDocument(operations: readonly Operation[]): Readonly<Record<string, unknown>> {
  return {
    openapi: '3.1.0',
    info: { title: 'agency-sts', version: '0.1.0' },
    paths: Object.fromEntries(operations.map(({ path }) => [path, methodsOf(path, operations)])),
    components: {
      schemas: { Error: errorSchema, KeystoneError: keystoneErrorSchema },
      securitySchemes: { signature: { type: 'apiKey', in: 'header', name: 'Authorization', description: 'SDK-HMAC-SHA256 or one of its relatives' } },
    },
  };
}

const methodsOf = (path: string, operations: readonly Operation[]) =>
  Object.fromEntries(operations.filter((operation) => operation.path === path).map((operation) => [operation.method, describeOperation(operation)]));

function describeOperation(operation: Operation) {
  const { name, family, summary, action, status, parameters, query, headers = [], answerHeaders = [], body, response, refusals } = operation;
  const refused = { description: 'refused', content: { 'application/json': { schema: { $ref: `#/components/schemas/${family === 'keystone' ? 'KeystoneError' : 'Error'}` } } } };
  const inPlace = [...membersOf('path', parameters), ...membersOf('query', query), ...headers.map(headerParameter)];
  return {
    operationId: name,
    tags: [family],
    summary,
    ...(action !== null && { 'x-action': action }),
    security: [{ signature: [] }],
    ...(inPlace.length > 0 && { parameters: inPlace }),
    ...(body !== undefined && { requestBody: { required: true, content: { [operation.bodyForm === 'urlencoded' ? urlencoded : 'application/json']: { schema: z.toJSONSchema(body, { io: 'input' }) } } } }),
    responses: {
      [status]: {
        description: 'done', ...(answerHeaders.length > 0 && { headers: Object.fromEntries(answerHeaders.map(answerHeader)) }),
        ...(response !== undefined && { content: { 'application/json': { schema: z.toJSONSchema(response, { io: 'input' }) } } }),
      },
      ...Object.fromEntries([...refusals, ...commonRefusals].map((refusal) => [refusal, refused])),
    },
  };
}

const headerParameter = ({ name, description }: OperationHeader) => ({ name, in: 'header', required: false, description, schema: { type: 'string' } });

const answerHeader = ({ name, description }: OperationHeader) => [name, { description, schema: { type: 'string' } }] as const;

function membersOf(place: 'path' | 'query', schema: z.ZodType | undefined) {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, member]) => ({ name, in: place, required: place === 'path' || required.includes(name), schema: member }));
}
