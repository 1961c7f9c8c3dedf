// What policies are told of where a request is made is what roles count by.
import { expect, it } from 'vitest';
import { readCatalogue } from '../../src/catalogue/index.js';
import { parseBootstrapFile } from '../../src/directory/bootstrap-file.js';
import { bootstrapSnapshots } from '../../src/directory/bootstrap-snapshots.js';
import { defaultRegions, mainProjectId } from '../../src/directory/projects.js';
import { requestScope, scopeConditions, type GivenScope } from '../../src/sts/request-scope.js';
import { accountA } from '../support/accounts.js';

const catalogue = await readCatalogue();
const file = { accounts: [{ account_id: accountA, account_name: 'account-a', users: [], projects: [{ project_id: 'p-blue', project_name: 'cn-east-3_blue' }] }] };
const [account] = bootstrapSnapshots(parseBootstrapFile(JSON.stringify(file)), 0, catalogue).values();
if (account === undefined) throw new Error('no account');
const east = mainProjectId(account, 'cn-east-3');

const image = (region: string): string => `ims:${region}:${accountA}:image:i`;
it.each<[what: string, resource: string | undefined, scope: Partial<GivenScope> | undefined, operationId: string | undefined, projectName: string | undefined, enterpriseProjectId: string | undefined]>([
  ['nothing is said', undefined, undefined, undefined, undefined, undefined],
  ['a resource without a region', image(''), undefined, undefined, undefined, undefined],
  ['the region of a resource', image('cn-east-3'), undefined, undefined, 'cn-east-3', undefined],
  ['a main project', undefined, { projectId: east }, undefined, 'cn-east-3', undefined],
  ['a project that is named before the region', image('cn-north-4'), { projectId: 'p-blue' }, undefined, 'cn-east-3_blue', undefined],
  ['a project that there is not: no name of one, and not none', undefined, { projectId: 'gone' }, undefined, ':gone', undefined],
  ['the name of a project in place of its id: no name of one', undefined, { projectId: 'cn-east-3' }, undefined, ':cn-east-3', undefined],
  ['an enterprise project, and an operation for which it counts', undefined, { enterpriseProjectId: 'e1' }, 'CopyImageInRegion', undefined, 'e1'],
  ['an enterprise project, and an operation for which it does not count', undefined, { enterpriseProjectId: 'e1' }, 'CopyImageCrossRegion', undefined, undefined],
  ['an enterprise project, and an action of which not every operation counts', undefined, { enterpriseProjectId: 'e1' }, undefined, undefined, undefined],
])('%s', (_what, resource, given, operationId, projectName, enterpriseProjectId) => {
  const question = { action: 'ims:images:copy', resource, scope: given && { projectId: undefined, enterpriseProjectId: undefined, direct: false, ...given } };
  const scope = requestScope(account, catalogue, question, operationId === undefined ? undefined : catalogue.operation('ims', operationId));
  expect(scopeConditions(account, question, scope, defaultRegions)).toEqual([['g:ProjectName', projectName], ['g:EnterpriseProjectId', enterpriseProjectId]]);
});
