// The authorization schema of a service has exactly the shape of IAM v5 API §9.
import { expect, it } from 'vitest';
import { z } from 'zod';
import { authorizationSchema, catalogueOf, readCatalogue } from '../../src/catalogue/index.js';
import { shopFile } from './support.js';

const text = z.strictObject({ en_US: z.string(), zh_CN: z.string() });
const keys = z.array(z.string());
const shape = z.strictObject({
  version: z.string(),
  actions: z.array(z.strictObject({
    name: z.string(), access_level: z.enum(['list', 'read', 'write', 'permission_management', 'tagging']), permission_only: z.boolean(), description: text, aliases: keys, condition_keys: keys,
    resources: z.array(z.strictObject({ urn_template: z.string(), required: z.boolean(), condition_keys: keys })),
  })),
  resources: z.array(z.strictObject({ type_name: z.string(), urn_template: z.string() })),
  conditions: z.array(z.strictObject({ key: z.string(), value_type: z.enum(['string', 'numeric', 'date', 'boolean', 'ip_address']), multi_valued: z.boolean(), description: text })),
  operations: z.array(z.strictObject({ operation_id: z.string(), operation_action: z.string(), dependent_actions: keys })),
});

it('says what a service is, member by member', () => {
  const both = (one: string) => ({ en_US: one, zh_CN: one });
  expect(authorizationSchema(catalogueOf([shopFile()]), 'shop')).toEqual({
    version: '1.0',
    actions: [
      { name: 'shop:orders:list', access_level: 'list', permission_only: false, description: both('List orders'), aliases: [], condition_keys: [], resources: [] },
      {
        name: 'shop:orders:cancel', access_level: 'write', permission_only: false, description: both('Cancel an order'), aliases: [], condition_keys: ['shop:Reason'],
        resources: [{ urn_template: 'shop:<region>:<account-id>:order:<order-id>', required: true, condition_keys: ['g:ResourceTag/<tag-key>'] }],
      },
    ],
    resources: [{ type_name: 'order', urn_template: 'shop:<region>:<account-id>:order:<order-id>' }],
    conditions: [{ key: 'shop:Reason', value_type: 'string', multi_valued: false, description: both('Why') }],
    operations: [{ operation_id: 'CancelOrder', operation_action: 'shop:orders:cancel', dependent_actions: ['shop:orders:list'] }],
  });
});

it('of every shipped service has no member more and none less', async () => {
  const catalogue = await readCatalogue();
  for (const service of catalogue.services.keys()) expect(shape.safeParse(authorizationSchema(catalogue, service)).error).toBeUndefined();
});

it('takes the operations of a service from elsewhere where its file has none', async () => {
  const operations = [{ operationId: 'AssumeAgency', action: 'sts:agencies:assume' }, { operationId: 'CreateUserV5', action: 'iam:users:createUserV5' }];
  expect(authorizationSchema(await readCatalogue(), 'sts', operations)?.operations)
    .toEqual([{ operation_id: 'AssumeAgency', operation_action: 'sts:agencies:assume', dependent_actions: ['sts::tagSession', 'sts::setSourceIdentity'] }]);
});

it('is that of a service that is known', () => {
  expect(authorizationSchema(catalogueOf([]), 'shop')).toBeUndefined();
});
