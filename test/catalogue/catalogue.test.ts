// What the files make together, which of them contradict each other, and the folder of a deployer.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { catalogueOf, readCatalogue, systemPolicyId } from '../../src/catalogue/index.js';
import { parsePolicy } from '../../src/policy/index.js';
import { document, shop, shopFile, texts } from './support.js';

describe('a catalogue', () => {
  it('may be empty', () => {
    const catalogue = catalogueOf([]);
    expect(catalogue).toMatchObject({ services: new Map(), knownActions: new Set(), partlyKnownServices: new Set(), servicePrincipals: [], systemPolicies: new Map() });
    expect([catalogue.excessiveRole('te_admin'), catalogue.serviceLinkedAgency('service.OBS')]).toEqual([undefined, undefined]);
  });

  it('knows an action by its older names too', () => {
    const [list, ...others] = shop.actions;
    expect([...catalogueOf([shopFile({ actions: [{ ...list, aliases: ['shop:order:query'] }, ...others] })]).knownActions]).toEqual(['shop:orders:list', 'shop:order:query', 'shop:orders:cancel']);
  });

  it('holds system policies under ids that only their names make', () => {
    const id = systemPolicyId('ShopReadOnlyPolicy');
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    // Attachments are stored under these ids: they must never change.
    expect(systemPolicyId('AdministratorAccessPolicy')).toBe('49624f9e5d866020c49ea74404c00da2');
    expect(catalogueOf([shopFile()]).systemPolicies.get(id)).toEqual({
      policyId: id, policyName: 'ShopReadOnlyPolicy', urn: 'iam::system:policy:ShopReadOnlyPolicy', description: { enUs: 'Read', zhCn: 'Read' },
      document: JSON.stringify(document('shop:*:list*')), policy: { name: 'ShopReadOnlyPolicy', policy: expect.objectContaining({ kind: 'identity' }) as object },
    });
  });

  it('has a service-linked agency of a service, which only that service may assume', () => {
    const catalogue = catalogueOf([shopFile()]);
    const template = catalogue.serviceLinkedAgency('SERVICE.shop');
    expect(template).toEqual({
      servicePrincipal: 'service.Shop', agencyName: 'ServiceLinkedAgencyForShop', description: 'Lets the shop read', maxSessionDurationSeconds: 3600,
      policyIds: [systemPolicyId('ShopReadOnlyPolicy')], trustPolicy: template?.trustPolicy,
    });
    expect(parsePolicy('trust', template?.trustPolicy ?? '').statements.map(({ source }) => [source.effect, source.principal?.items.map((item) => [item.type, item.text]), source.action.items]))
      .toEqual([['Allow', [['Service', 'service.Shop']], ['sts:agencies:assume', 'sts::tagSession', 'sts::setSourceIdentity']]]);
    // U+212A, the Kelvin sign, is no K.
    expect(catalogueOf([shopFile({ service_principals: [{ ...shop.service_principals[0], service_principal: 'service.K' }], service_linked_agencies: [{ ...shop.service_linked_agencies[0], service_principal: 'service.K' }] })]).serviceLinkedAgency('service.\u212a')).toBeUndefined();
  });

  it('reserves the names of service-linked agencies, however they are capitalized', () => {
    const catalogue = catalogueOf([shopFile()]);
    expect(['ServiceLinkedAgencyForShop', 'servicelinkedAGENCYforshop', 'ServiceLinkedAgencyForShops', 'Shop'].map((name) => catalogue.isReservedAgencyName(name))).toEqual([true, true, false, false]);
    expect(catalogueOf([]).isReservedAgencyName('ServiceLinkedAgencyForShop')).toBe(false);
  });

  it('lists service principals by name', async () => {
    const names = (await readCatalogue()).servicePrincipals.map(({ servicePrincipal }) => servicePrincipal);
    expect(names).toEqual(['service.CBR', 'service.ECS', 'service.EVS', 'service.IAM', 'service.IMS', 'service.KMS', 'service.OBS']);
  });

  const [principal] = shop.service_principals;
  const [policy] = shop.system_policies;
  const [agency] = shop.service_linked_agencies;
  const bare = { service_principals: [], system_policies: [], service_linked_agencies: [], resources: [], conditions: [], operations: [], actions: [shop.actions[0]] };
  const inn = { ...bare, service: 'inn', actions: [{ action: 'inn:rooms:list', access_level: 'list', description: texts('List rooms') }] };
  it.each<[what: string, files: readonly object[], message: string]>([
    ['one service twice', [{}, bare], 'service `shop`: service `shop` must not be there twice'],
    ['an action twice', [{ actions: [...shop.actions, { ...shop.actions[0], action: 'shop:Orders:LIST' }] }], 'service `shop`: action `shop:Orders:LIST` must not be there twice'],
    ['a service principal twice', [{}, { ...inn, service_principals: [{ ...principal, service_principal: 'service.SHOP' }] }], 'service `inn`: service principal `service.SHOP` must not be there twice: service `shop` has it'],
    ['a system policy twice', [{}, { ...inn, system_policies: [policy] }], 'service `inn`: system policy `ShopReadOnlyPolicy` must not be there twice: service `shop` has it'],
    ['a service-linked agency of one service twice', [{}, { ...inn, service_linked_agencies: [agency] }], 'service `inn`: service-linked agency of `service.Shop` must not be there twice: service `shop` has it'],
    ['two service-linked agencies of one name', [{ service_principals: [principal, { ...principal, service_principal: 'service.Inn' }], service_linked_agencies: [agency, { ...agency, service_principal: 'service.Inn' }] }], 'service `shop`: service-linked agency `ServiceLinkedAgencyForShop` must not be there twice'],
    ['a service-linked agency with an unknown system policy', [{ system_policies: [] }], 'service `shop`: service-linked agency `ServiceLinkedAgencyForShop`: system policy `ShopReadOnlyPolicy` must exist'],
    ['a service-linked agency of an unknown service principal', [{ service_principals: [] }], 'service `shop`: service-linked agency `ServiceLinkedAgencyForShop`: service principal `service.Shop` must be registered'],
    ['a system policy that is none', [{ system_policies: [{ ...policy, policy_document: { Version: '5.0', Statement: [{ Effect: 'Permit', Action: ['*'] }] } }] }], 'service `shop`: system policy `ShopReadOnlyPolicy`: '],
    ['a system policy with a principal', [{ system_policies: [{ ...policy, policy_document: { Version: '5.0', Statement: [{ Effect: 'Allow', Principal: { Service: ['service.Shop'] }, Action: ['*'] }] } }] }], 'service `shop`: system policy `ShopReadOnlyPolicy`: '],
  ])('refuses %s', (_what, files, message) => {
    expect(() => catalogueOf(files.map((more) => shopFile(more)))).toThrow(message);
  });
});

describe('the folder of a deployer', () => {
  async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'agency-sts-catalogue-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    return folder;
  }

  it('adds its services to the shipped ones', async () => {
    const shipped = await readCatalogue();
    const more = await readCatalogue(await folderWith({ 'shop.json': JSON.stringify(shop), 'catalogue.schema.json': '{}', 'notes.txt': 'none' }));
    expect([...more.services.keys()].sort()).toEqual([...shipped.services.keys(), 'shop'].sort());
    expect(more.knownActions).toContain('shop:orders:cancel');
    expect(more.servicePrincipals).toHaveLength(shipped.servicePrincipals.length + 1);
    expect(more.serviceLinkedAgency('service.Shop')?.policyIds).toEqual([systemPolicyId('ShopReadOnlyPolicy')]);
  });

  it.each<[what: string, text: string, message: RegExp]>([
    ['no JSON', 'shop', /^catalogue file `.*\/shop\.json`: /],
    ['a name twice', '{"service":"shop","service":"shop"}', /^catalogue file `.*\/shop\.json`: .*service/],
    ['a wrong member', JSON.stringify({ ...shop, complete: 'yes' }), /^catalogue file `.*\/shop\.json`: `\/complete`: /],
    ['an action of another service', JSON.stringify({ ...shop, service: 'store' }), /^catalogue file `.*\/shop\.json`: `\/actions\/0\/action`: must be an action of the service$/],
    ['a service that is shipped', JSON.stringify({ service: 'obs', complete: false, actions: [{ action: 'obs:x:y', access_level: 'read', description: texts('x') }] }), /^service `obs`: service `obs` must not be there twice$/],
  ])('with a file of %s is refused, naming it and the rule', async (_what, text, message) => {
    await expect(readCatalogue(await folderWith({ 'shop.json': text }))).rejects.toThrow(message);
  });

  it('must be there', async () => {
    await expect(readCatalogue('/nonexistent')).rejects.toThrow('catalogue: `/nonexistent` cannot be read: ENOENT');
  });
});
