// What the tests of this room share: a small service, and the shipped files.
import { readdir, readFile } from 'node:fs/promises';
import { catalogueFile, type CatalogueFile } from '../../src/catalogue/index.js';

export const shippedFolder = new URL('../../config/catalogue/', import.meta.url);

export async function shippedFiles(): Promise<{ name: string; file: CatalogueFile }[]> {
  const names = (await readdir(shippedFolder)).filter((name) => name !== 'catalogue.schema.json');
  return Promise.all(names.map(async (name) => ({ name, file: catalogueFile.parse(JSON.parse(await readFile(new URL(name, shippedFolder), 'utf8'))) })));
}

export const texts = (text: string) => ({ en_us: text, zh_cn: text });
export const document = (...actions: string[]) => ({ Version: '5.0', Statement: [{ Effect: 'Allow', Action: actions }] });

/** A service as a deployer would write it down. */
export const shop = {
  service: 'shop', complete: true,
  service_principals: [{ service_principal: 'service.Shop', service_catalog: 'Business', display_name: texts('Shop'), description: texts('Orders') }],
  actions: [
    { action: 'shop:orders:list', access_level: 'list', description: texts('List orders') },
    { action: 'shop:orders:cancel', access_level: 'write', description: texts('Cancel an order'), resources: [{ type: 'order', required: true, condition_keys: ['g:ResourceTag/<tag-key>'] }], condition_keys: ['shop:Reason'], dependent_actions: ['shop:orders:list'] },
  ],
  resources: [{ type_name: 'order', urn_template: 'shop:<region>:<account-id>:order:<order-id>' }],
  conditions: [{ key: 'shop:Reason', value_type: 'string', multi_valued: false, description: texts('Why') }],
  operations: [{ operation_id: 'CancelOrder', operation_action: 'shop:orders:cancel' }],
  system_policies: [{ policy_name: 'ShopReadOnlyPolicy', description: texts('Read'), policy_document: document('shop:*:list*') }],
  service_linked_agencies: [{ service_principal: 'service.Shop', agency_name: 'ServiceLinkedAgencyForShop', description: 'Lets the shop read', policies: ['ShopReadOnlyPolicy'] }],
};

export const shopFile = (more: object = {}): CatalogueFile => catalogueFile.parse({ ...shop, ...more });
