// The OpenAPI document, derived from the operation tables.
import { z } from 'zod';
import type { Operation } from './operation.js';

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

/** Statuses that every operation can answer with. */
const commonRefusals = [401, 413, 429, 500, 503];

export function openApiDocument(operations: readonly Operation[]): Readonly<Record<string, unknown>> {
  return {
    openapi: '3.1.0',
    info: { title: 'agency-sts', version: '0.1.0' },
    paths: Object.fromEntries(operations.map(({ path }) => [path, methodsOf(path, operations)])),
    components: {
      schemas: { Error: errorSchema },
      securitySchemes: { signature: { type: 'apiKey', in: 'header', name: 'Authorization', description: 'SDK-HMAC-SHA256 or one of its relatives' } },
    },
  };
}

const methodsOf = (path: string, operations: readonly Operation[]) =>
  Object.fromEntries(operations.filter((operation) => operation.path === path).map((operation) => [operation.method, describeOperation(operation)]));

function describeOperation(operation: Operation) {
  const { name, summary, action, body, response, refusals } = operation;
  const refused = { description: 'refused', content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } };
  return {
    operationId: name,
    summary,
    ...(action !== null && { 'x-action': action }),
    security: [{ signature: [] }],
    ...(body !== undefined && { requestBody: { required: true, content: { 'application/json': { schema: z.toJSONSchema(body, { io: 'input' }) } } } }),
    responses: {
      200: { description: 'done', content: { 'application/json': { schema: z.toJSONSchema(response, { io: 'input' }) } } },
      ...Object.fromEntries([...refusals, ...commonRefusals].map((status) => [status, refused])),
    },
  };
}
