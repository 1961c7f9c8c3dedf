// Every row of the action table of IMS (IMS §3): operation, method, path, action, what it depends on, and the two columns.
import { expect, it } from 'vitest';
import { readCatalogue } from '../../src/catalogue/index.js';

const storage = ['obs:bucket:*', 'obs:object:*', 'kms:*:*'];
const disks = [...storage, 'ecs:cloudServers:get', 'ecs:servers:get', 'ecs:serverVolumes:use', 'ecs:cloudServers:list', 'ecs:serverVolumeAttachments:list', 'ecs:servers:list', 'evs:volumes:*'];
const servers = [...disks, 'bms:servers:list', 'bms:servers:get', 'bms:serverFlavors:get'];
const image = '/v2/images/{image_id}';

type Row = readonly [request: string, action: string | undefined, dependent: readonly string[], enterpriseProject: 'E' | 'default' | 'x'];
const rows: readonly Row[] = [
  ['GET /v2/cloudimages', 'ims:images:list', [], 'E'],
  ['GET /v1/cloudimages/os_version', 'ims:images:list', [], 'x'],
  ['PATCH /v2/cloudimages/{image_id}', 'ims:images:update', [], 'E'],
  ['POST /v2/cloudimages/action', 'ims:serverImages:create', servers, 'E'],
  ['POST /v2/cloudimages/quickimport/action', 'ims:serverImages:create', servers, 'E'],
  ['POST /v2/cloudimages/quickimport/action', 'ims:dataImages:create', disks, 'E'],
  ['POST /v1/cloudimages/dataimages/action', 'ims:dataImages:create', disks, 'E'],
  ['POST /v1/cloudimages/wholeimages/action', 'ims:wholeImages:create', [...disks, 'cbr:*:*', 'CSBS:backup:*'], 'E'],
  ['PUT /v1/cloudimages/{image_id}/upload', 'ims:images:upload', ['ims:images:get', 'ims:images:update', ...storage], 'default'],
  ['POST /v1/cloudimages/{image_id}/file', 'ims:images:export', storage, 'E'],
  ['GET /v2/images', 'ims:images:list', [], 'x'],
  [`GET ${image}`, 'ims:images:get', [], 'E'],
  [`PATCH ${image}`, 'ims:images:update', [], 'E'],
  [`DELETE ${image}`, 'ims:images:delete', [], 'E'],
  ['POST /v2/images', 'ims:images:create', [], 'x'],
  [`PUT ${image}/file`, 'ims:images:upload', ['ims:images:get', 'ims:images:update', ...storage], 'x'],
  ['GET /', undefined, [], 'x'],
  ['GET /v1.1/images/detail', 'ims:images:list', [], 'x'],
  ['HEAD /v1/images/{image_id}', 'ims:images:get', [], 'x'],
  ['DELETE /v1.1/images/{image_id}', 'ims:images:delete', [], 'x'],
  ['POST /v1/cloudimages/{image_id}/copy', 'ims:images:copy', ['ims:serverImages:create', ...storage], 'E'],
  ['POST /v1/cloudimages/{image_id}/cross_region_copy', 'ims:images:copy', [], 'x'],
  ['GET /v1/cloudimages/quota', 'ims:quotas:get', [], 'E'],
  ...[`POST ${image}/members`, `GET ${image}/members`, ...['PUT', 'GET', 'DELETE'].map((method) => `${method} ${image}/members/{member_id}`)].map((request): Row => [request, 'ims:images:share', ['ims:images:get'], 'x']),
  ...['POST', 'PUT', 'DELETE'].map((method): Row => [`${method} /v1/cloudimages/members`, 'ims:images:share', [], 'x']),
  ...[`PUT ${image}/tags/{tag}`, `DELETE ${image}/tags/{tag}`, 'PUT /v1/cloudimages/tags'].map((request): Row => [request, 'ims:images:update', ['ims:images:get'], 'x']),
  ...['POST /v2/{project_id}/images/{image_id}/tags/action', 'POST /v2/{project_id}/images/{image_id}/tags', 'DELETE /v2/{project_id}/images/{image_id}/tags/{key}'].map((request): Row => [request, 'ims:images:update', [], 'x']),
  ...['GET /v1/cloudimages/tags', 'GET /v2/{project_id}/images/tags', 'GET /v2/{project_id}/images/{image_id}/tags', 'POST /v2/{project_id}/images/resource_instances/action'].map((request): Row => [request, 'ims:images:list', [], 'x']),
  ...['image', 'images', 'member', 'members'].map((name): Row => [`GET /v2/schemas/${name}`, undefined, [], 'x']),
];

it('has each of the rows as one operation, and no other', async () => {
  const { services } = await readCatalogue();
  const file = services.get('ims');
  const dependent = new Map(file?.actions.map((entry) => [entry.action, entry.dependent_actions]));
  const operations = file?.operations.map((one): Row => [
    `${one.method ?? ''} ${one.path ?? ''}`, one.operation_action, one.dependent_actions ?? dependent.get(one.operation_action ?? '') ?? [], one.enterprise_project === 'default' ? 'default' : one.enterprise_project ? 'E' : 'x',
  ]);
  expect(operations).toEqual(rows);
  expect(file?.operations.every(({ project }) => project)).toBe(true);
});
