// Which services have an authorization schema, and what such a schema says (IAM v5 API §9).
import { z } from 'zod';
import { ApiError } from '../base/api-error.js';
import { authorizationSchema, type AuthorizationSchema, type ServiceOperation } from '../catalogue/index.js';
import type { Ground, Result } from './account-call.js';
import { listingBy, pageInfo, pageOf, pageQuery } from './page.js';

export const schemaPath = z.object({ service_code: z.string().regex(/^[A-Za-z0-9-]{1,56}$/, 'must be 1 to 56 letters, digits or -') });
export const registeredServicesQuery = z.object(pageQuery);
export const registeredServicesResponse = z.object({ service_codes: z.array(z.string()), page_info: pageInfo });

const texts = z.array(z.string()).readonly();
const description = z.object({ en_US: z.string(), zh_CN: z.string() });
const resource = z.object({ urn_template: z.string(), required: z.boolean(), condition_keys: texts });

export const schemaResponse = z.object({
  version: z.string(),
  actions: z.array(z.object({
    name: z.string(), access_level: z.string(), permission_only: z.boolean(), description, aliases: texts, condition_keys: texts, resources: z.array(resource).readonly(),
  })).readonly(),
  resources: z.array(z.object({ type_name: z.string(), urn_template: z.string() })).readonly(),
  conditions: z.array(z.object({ key: z.string(), value_type: z.string(), multi_valued: z.boolean(), description })).readonly(),
  operations: z.array(z.object({ operation_id: z.string(), operation_action: z.string(), dependent_actions: texts })).readonly(),
});

/** @param operations those that this service has itself, whose files in the catalogue leave them out */
export function get({ services }: Ground, { path: { service_code: code } }: { readonly path: z.output<typeof schemaPath> }, operations: readonly ServiceOperation[]): Result<AuthorizationSchema> {
  const schema = authorizationSchema(services.catalogue, code, operations);
  if (schema === undefined) throw new ApiError('entityNotFound', `the authorization schema of the service \`${code}\` cannot be found`);
  return { body: schema };
}

export function listServices({ services }: Ground, { query }: { readonly query: z.output<typeof registeredServicesQuery> }): Result<z.infer<typeof registeredServicesResponse>> {
  const page = pageOf(listingBy('registered-services', [...services.catalogue.services.keys()], (code) => code), query);
  return { body: { service_codes: [...page.items], page_info: page.pageInfo } };
}
