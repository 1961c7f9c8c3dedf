// All operations of the model; one that is listed several times is drawn as often.
import { expect } from 'vitest';
import { accessKeyOperations } from './access-keys.js';
import { agencyOperations } from './agencies.js';
import { attachmentOperations } from './attachments.js';
import { groupOperations } from './groups.js';
import { chosen, modelOperation, type ModelOperation } from './operation.js';
import { policyOperations } from './policies.js';
import { quotaNames } from './quotas.js';
import { summaryOf } from './state.js';
import { tagOperations } from './tags.js';
import { userOperations } from './users.js';

const summarize = modelOperation({
  name: 'GetAccountSummaryV5', status: 200, draw: () => undefined, call: () => ({ method: 'GET', path: '/v5/account-summary' }), decide: (model) => summaryOf(model),
});

/** What one run is about, and the operations of the account's own root user that it draws from: few enough that they meet each other. */
export const themes: readonly (readonly [title: string, operations: readonly ModelOperation[]])[] = [
  ['everything', [...userOperations, ...groupOperations, ...policyOperations, ...attachmentOperations, ...agencyOperations, ...accessKeyOperations, ...tagOperations, summarize]],
  ['policies and their versions', [...policyOperations, summarize]],
  ['attachments', [...policyOperations.slice(0, 4), ...attachmentOperations, ...userOperations, ...groupOperations.slice(0, 5), ...agencyOperations]],
  ['users, groups and who is in them', [...userOperations, ...groupOperations]],
  ['users and their access keys', [...userOperations, ...accessKeyOperations, ...accessKeyOperations, summarize]],
  ['agencies, users and their tags', [...agencyOperations, ...userOperations, ...tagOperations, ...tagOperations]],
];

/** The operator sets a quota, also below what there is. */
export const changeQuota = (accountId: string): ModelOperation => modelOperation({
  name: 'UpdateAccount', status: 200,
  draw: (_pool, [name, value]) => ({ name: chosen(quotaNames, name), value: (value % 5) + 1 }),
  call: ({ name, value }) => ({ method: 'PUT', path: `/v1/accounts/${accountId}`, body: { quotas: { [name]: value } }, byOperator: true }),
  decide(model, { name, value }) {
    model.quotas = { ...model.quotas, [name]: value };
    // Matchers are typed as any.
    return { account: expect.objectContaining({ account_id: accountId, quotas: model.quotas }) as unknown };
  },
});
