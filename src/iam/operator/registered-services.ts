// Registered services and their access keys, as the operator manages them.
import { z } from 'zod';
import { servicePrincipal as servicePrincipalField } from '../../directory/names.js';
import { createServiceKey, deleteService, deleteServiceKey, isServiceKeyOf, registeredService, registerService } from '../../directory/commands/registered-services.js';
import type { AccessKey, RegisteredService } from '../../directory/entities.js';
import { isAccessKeyId } from '../../urn/ids.js';
import { timestamp } from '../fields.js';
import { listingOf, pageInfo, pageOf, pageQuery } from '../page.js';
import { freshAccessKey } from './new-access-key.js';
import type { OperatorGround, OperatorResult } from './operator-call.js';

export const registerServiceBody = z.object({ service_principal: servicePrincipalField });
export const listQuery = z.object(pageQuery);
export const servicePath = z.object({ service_principal: servicePrincipalField });
export const serviceKeyPath = servicePath.extend({ access_key_id: z.string().refine(isAccessKeyId, 'must be 8 to 40 letters or digits') });

const serviceAnswerSchema = z.object({ service_principal: z.string(), created_at: z.string() });
const keyAnswerSchema = z.object({ access_key_id: z.string(), created_at: z.string(), status: z.enum(['active', 'inactive']) });
const newKeyAnswerSchema = keyAnswerSchema.extend({ secret_access_key: z.string() });
export const newServiceResponse = z.object({ service: serviceAnswerSchema, access_key: newKeyAnswerSchema });
export const servicesResponse = z.object({ services: z.array(serviceAnswerSchema), page_info: pageInfo });
export const newServiceKeyResponse = z.object({ access_key: newKeyAnswerSchema });
export const serviceKeysResponse = z.object({ access_keys: z.array(keyAnswerSchema), page_info: pageInfo });

interface OfService {
  readonly path: z.output<typeof servicePath>;
}
interface Listed {
  readonly query: z.output<typeof listQuery>;
}

const serviceAnswer = ({ servicePrincipal, createdAt }: RegisteredService): z.infer<typeof serviceAnswerSchema> => ({ service_principal: servicePrincipal, created_at: timestamp(createdAt) });

const keyAnswer = ({ accessKeyId, createdAt, active }: AccessKey): z.infer<typeof keyAnswerSchema> =>
  ({ access_key_id: accessKeyId, created_at: timestamp(createdAt), status: active ? 'active' : 'inactive' });

/** INVARIANT: the secret is in this answer and nowhere else in the clear. */
export function register({ services, account, call }: OperatorGround, { body: { service_principal: principal } }: { readonly body: z.output<typeof registerServiceBody> }): OperatorResult<z.infer<typeof newServiceResponse>> {
  const { secret, ...fresh } = freshAccessKey(services, account.accountId, principal);
  const change = registerService(account, principal, { ...fresh, createdAt: call.now });
  return { body: { service: serviceAnswer(change.entity), access_key: { ...keyAnswer(change.key), secret_access_key: secret } }, change };
}

export function list({ account }: OperatorGround, { query }: Listed): OperatorResult<z.infer<typeof servicesResponse>> {
  const page = pageOf(listingOf('services', account.services), query);
  return { body: { services: page.items.map(serviceAnswer), page_info: page.pageInfo } };
}

export const remove = ({ account }: OperatorGround, { path }: OfService): OperatorResult<undefined> =>
  ({ body: undefined, change: deleteService(account, path.service_principal) });

/** INVARIANT: the secret is in this answer and nowhere else in the clear. */
export function createKey({ services, account, call }: OperatorGround, { path: { service_principal: principal } }: OfService): OperatorResult<z.infer<typeof newServiceKeyResponse>> {
  const { secret, ...fresh } = freshAccessKey(services, account.accountId, principal);
  const change = createServiceKey(account, principal, { ...fresh, createdAt: call.now });
  return { body: { access_key: { ...keyAnswer(change.entity), secret_access_key: secret } }, change };
}

export function listKeys({ account }: OperatorGround, { path: { service_principal: principal }, query }: OfService & Listed): OperatorResult<z.infer<typeof serviceKeysResponse>> {
  registeredService(account, principal);
  const page = pageOf(listingOf(`service-keys:${principal}`, account.accessKeys), query, (key) => isServiceKeyOf(key, principal));
  return { body: { access_keys: page.items.map(keyAnswer), page_info: page.pageInfo } };
}

export const removeKey = ({ account }: OperatorGround, { path }: { readonly path: z.output<typeof serviceKeyPath> }): OperatorResult<undefined> =>
  ({ body: undefined, change: deleteServiceKey(account, path.service_principal, path.access_key_id) });
