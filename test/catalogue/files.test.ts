// The files of the catalogue: what their schema accepts, and what the shipped ones hold.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { catalogueFile, catalogueOf, readCatalogue, type Catalogue, type SystemPolicy } from '../../src/catalogue/index.js';
import { operations } from '../../src/http/app.js';
import { operatorOperations } from '../../src/http/operations/operator.js';
import { contextOf, decideCaller, lint, parsePolicy } from '../../src/policy/index.js';
import { simulateAction } from '../../src/sts/simulate-policies.js';
import { shippedFiles, shop, texts } from './support.js';

const principal = { kind: 'user', urn: `iam::${'a'.repeat(32)}:user:kim`, accountId: 'a'.repeat(32) } as const;
const allows = ({ policy }: SystemPolicy, action: string): boolean =>
  decideCaller({ principal, action, resource: undefined, identityPolicies: [policy], serviceControlPolicies: undefined, context: contextOf([]) }).allowed;

function policyOf(catalogue: Catalogue, name: string): SystemPolicy {
  const found = [...catalogue.systemPolicies.values()].find(({ policyName }) => policyName === name);
  if (found === undefined) throw new Error(`no system policy ${name}`);
  return found;
}

const actionsOf = (catalogue: Catalogue) => [...catalogue.services.values()].flatMap((file) => file.actions);
const allowedBy = (catalogue: Catalogue, name: string): string[] => actionsOf(catalogue).map(({ action }) => action).filter((action) => allows(policyOf(catalogue, name), action));

describe('a catalogue file', () => {
  it('has a schema that is what its reader accepts', async () => {
    const schema = z.toJSONSchema(catalogueFile, { io: 'input' });
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot('../../config/catalogue/catalogue.schema.json');
  });

  const [list] = shop.actions;
  it.each<[what: string, change: object, path: string]>([
    ['an unknown member', { colour: 'red' }, ''],
    ['no actions', { actions: [] }, 'actions'],
    ['an action of another service', { actions: [...shop.actions, { ...list, action: 'obs:orders:list' }] }, 'actions/2/action'],
    ['an action of two parts', { actions: [{ ...list, action: 'shop:list' }] }, 'actions/0/action'],
    ['a resource type that it does not have', { resources: [] }, 'actions/1/resources'],
    ['a condition key of its own that it does not have', { conditions: [] }, 'actions/1'],
    ['an operation of an action that it does not have', { operations: [{ operation_id: 'ShowOrder', operation_action: 'shop:orders:get' }] }, 'operations/0/operation_action'],
    ['a URN template without an account', { resources: [{ type_name: 'order', urn_template: 'shop:order' }] }, 'resources/0/urn_template'],
    ['a service principal of another form', { service_principals: [{ ...shop.service_principals[0], service_principal: 'Shop' }] }, 'service_principals/0/service_principal'],
    ['a description in one language', { actions: [{ ...list, description: { en_us: 'List' } }] }, 'actions/0/description/zh_cn'],
    ['a session of a day', { service_linked_agencies: [{ ...shop.service_linked_agencies[0], max_session_duration: 86_400 }] }, 'service_linked_agencies/0/max_session_duration'],
  ])('with %s is refused, with its place', (_what, change, path) => {
    expect(catalogueFile.safeParse({ ...shop, ...change }).error?.issues.map((issue) => issue.path.join('/'))).toContain(path);
  });

  it('is what the documentation shows', async () => {
    const [, example = ''] = /```json\n([^]*?)```/.exec(await readFile(new URL('../../docs/catalogue.md', import.meta.url), 'utf8')) ?? [];
    expect(catalogueOf([catalogueFile.parse(JSON.parse(example))]).serviceLinkedAgency('service.Shop')?.policyIds).toHaveLength(1);
  });

  it('may leave out everything but actions', () => {
    expect(catalogueFile.parse({ service: 'shop', complete: false, actions: [{ action: 'shop::open', access_level: 'write', description: texts('Open') }] }))
      .toMatchObject({ service_principals: [], resources: [], system_policies: [], actions: [{ resources: [], condition_keys: [], aliases: [], dependent_actions: [], permission_only: false }] });
  });
});

describe('the shipped files', () => {
  it('are those of the services that are promised, each named like its service', async () => {
    const files = await shippedFiles();
    expect(files.map(({ name }) => name).sort()).toEqual(['cbr', 'ecs', 'eps', 'evs', 'iam', 'ims', 'kms', 'obs', 'sts'].map((service) => `${service}.json`));
    for (const { name, file } of files) expect(`${file.service}.json`).toBe(name);
  });

  it('use every resource type and condition key that they have, and name no operation twice', async () => {
    for (const { file } of await shippedFiles()) {
      const resources = file.actions.flatMap((action) => action.resources);
      expect(new Set(resources.map(({ type }) => type))).toEqual(new Set(file.resources.map((resource) => resource.type_name)));
      const keys = new Set([...file.actions, ...resources].flatMap((entry) => entry.condition_keys).filter((key) => !key.startsWith('g:')));
      expect(keys).toEqual(new Set(file.conditions.map(({ key }) => key)));
      const ids = file.operations.map((operation) => operation.operation_id);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  it('leave the operations of this service to its own tables', async () => {
    for (const { file } of await shippedFiles()) expect([file.service, file.operations.length > 0]).toEqual([file.service, !['eps', 'iam', 'sts'].includes(file.service)]);
  });

  it('know every action that this service asks for', async () => {
    const { knownActions } = await readCatalogue();
    // Of the operator's actions no policy is asked, so that none can name them.
    const asked = operations.filter((operation) => !operatorOperations.includes(operation));
    for (const { action } of asked) if (action !== null) expect(knownActions).toContain(action);
    expect(knownActions).toContain(simulateAction);
  });

  it('name only dependent actions that exist, as far as their services are here', async () => {
    const catalogue = await readCatalogue();
    const dependent = new Set([...catalogue.services.values()].flatMap((file) => [...file.actions, ...file.operations]).flatMap((entry) => entry.dependent_actions ?? []));
    const text = JSON.stringify({ Version: '5.0', Statement: [{ Effect: 'Allow', Action: [...dependent] }] });
    const found = lint(parsePolicy('identity', text), { knownActions: catalogue.knownActions, partlyKnownServices: catalogue.partlyKnownServices });
    expect(found.filter(({ rule }) => rule === 'unknown-action')).toEqual([]);
    expect(new Set(found.filter(({ rule }) => rule === 'unknown-service').map(({ message }) => /`(\w+):/.exec(message)?.[1]))).toEqual(new Set(['bms', 'CSBS']));
  });
});

describe('the shipped system policies', () => {
  it('name only actions that exist', async () => {
    const { systemPolicies, knownActions, partlyKnownServices } = await readCatalogue();
    expect(systemPolicies.size).toBeGreaterThan(20);
    for (const { policyName, policy } of systemPolicies.values()) {
      const unknown = lint(policy.policy, { knownActions, partlyKnownServices }).filter(({ rule }) => rule.startsWith('unknown-'));
      expect([policyName, unknown]).toEqual([policyName, []]);
    }
  });

  it.each(['IAMReadOnlyPolicy', 'OBSReadOnlyPolicy', 'ECSReadOnlyPolicy', 'EVSReadOnlyPolicy', 'KMSReadOnlyPolicy', 'CBRReadOnlyPolicy', 'IMSReadOnlyPolicy'])('%s allows all that lists or reads in its service, and nothing else', async (name) => {
    const catalogue = await readCatalogue();
    const service = name.slice(0, 3).toLowerCase();
    const reading = actionsOf(catalogue).filter(({ action, access_level: level }) => action.startsWith(`${service}:`) && (level === 'list' || level === 'read')).map(({ action }) => action);
    expect(allowedBy(catalogue, name).sort()).toEqual(reading.sort());
  });

  it.each(['STSFullAccessPolicy', 'IAMFullAccessPolicy', 'OBSFullAccessPolicy', 'ECSFullAccessPolicy', 'EVSFullAccessPolicy', 'KMSFullAccessPolicy', 'CBRFullAccessPolicy', 'IMSFullAccessPolicy'])('%s allows everything in its service', async (name) => {
    const catalogue = await readCatalogue();
    const { actions } = catalogue.services.get(name.slice(0, 3).toLowerCase()) ?? { actions: [] };
    expect(actions.length).toBeGreaterThan(0);
    expect(allowedBy(catalogue, name)).toEqual(expect.arrayContaining(actions.map(({ action }) => action)));
  });

  it('for replication are strictly smaller than full access, and never delete, share or export', async () => {
    const catalogue = await readCatalogue();
    const copy = allowedBy(catalogue, 'IMSCrossCopyAgencyPolicy');
    const copyWhole = allowedBy(catalogue, 'IMSCrossCopyAgencyCBRPolicy');
    const full = allowedBy(catalogue, 'IMSFullAccessPolicy');
    const ims = (actions: readonly string[]) => actions.filter((action) => action.startsWith('ims:'));
    expect(full).toEqual(expect.arrayContaining(ims(copyWhole)));
    expect(ims(copyWhole).length).toBeLessThan(ims(full).length);
    for (const actions of [copy, copyWhole]) expect(actions.filter((action) => /delete|share|member|export/i.test(action))).toEqual([]);
    expect(copyWhole.filter((action) => !copy.includes(action))).toEqual(expect.arrayContaining(['ims:wholeImages:create', 'cbr:backups:replicate']));
    expect(copyWhole.filter((action) => !copy.includes(action) && !action.startsWith('cbr:'))).toEqual(['ims:wholeImages:create']);
    expect(copyWhole).toEqual(expect.arrayContaining(copy));
  });

  it('of service-linked agencies hold no wildcard, and manage no permissions', async () => {
    const catalogue = await readCatalogue();
    const principals = catalogue.servicePrincipals.map(({ servicePrincipal }) => servicePrincipal);
    const templates = principals.flatMap((name) => catalogue.serviceLinkedAgency(name) ?? []);
    expect(templates.map(({ servicePrincipal }) => servicePrincipal)).toEqual(['service.CBR', 'service.IMS', 'service.OBS']);
    const managing = actionsOf(catalogue).filter((entry) => entry.access_level === 'permission_management').map(({ action }) => action);
    for (const policy of templates.flatMap(({ policyIds }) => policyIds).map((id) => catalogue.systemPolicies.get(id))) {
      expect(policy?.document).toBeDefined();
      expect(policy?.document).not.toContain('*');
      expect(managing.filter((action) => policy !== undefined && allows(policy, action))).toEqual([]);
    }
  });
});
