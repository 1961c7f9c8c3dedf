// Every list of the account, page by page, as the model has it.
import { expect } from 'vitest';
import { keyAnswers } from './access-keys.js';
import { agencyAnswer } from './agencies.js';
import { attachedAnswers, holderAnswers, plurals } from './attachments.js';
import type { Send } from './client.js';
import { groupAnswer, summaries } from './groups.js';
import { chosen } from './operation.js';
import { policyAnswer, versionAnswer } from './policies.js';
import { byCreation, customPolicies, identitiesOf, identityKinds, membersOf, summaryOf, type Model } from './state.js';
import { userAnswer } from './users.js';

interface ExpectedList {
  readonly path: string;
  readonly member: string;
  readonly items: readonly unknown[];
}

function expectedLists(model: Model): readonly ExpectedList[] {
  const users = byCreation(model.users.values());
  const groups = byCreation(model.groups.values());
  const policies = byCreation(customPolicies(model).values());
  return [
    { path: '/v5/users?', member: 'users', items: users.map((user) => userAnswer(model, user)) },
    { path: '/v5/groups?', member: 'groups', items: groups.map((group) => groupAnswer(model, group)) },
    { path: '/v5/groups-summary?', member: 'groups', items: summaries(model) },
    { path: '/v5/policies?policy_type=custom&', member: 'policies', items: policies.map((policy) => policyAnswer(model, policy)) },
    { path: '/v5/agencies?', member: 'agencies', items: byCreation(model.agencies.values()).map((agency) => agencyAnswer(model, agency)) },
    ...users.flatMap(({ id, groupIds }) => [
      { path: `/v5/users/${id}/access-keys?`, member: 'access_keys', items: keyAnswers(model, id) },
      { path: `/v5/groups?user_id=${id}&`, member: 'groups', items: groups.filter((group) => groupIds.includes(group.id)).map((group) => groupAnswer(model, group)) },
    ]),
    ...groups.map(({ id }) => ({ path: `/v5/users?group_id=${id}&`, member: 'users', items: byCreation(membersOf(model, id)).map((user) => userAnswer(model, user)) })),
    ...identityKinds.flatMap((kind) => [...identitiesOf(model, kind).values()].map((identity) =>
      ({ path: `/v5/${plurals[kind]}/${identity.id}/attached-policies?`, member: 'attached_policies', items: attachedAnswers(model, identity) }))),
    ...[...model.policies.values()].flatMap(({ id, versions, defaultNumber }) => [
      { path: `/v5/policies/${id}/versions?`, member: 'versions', items: [...versions].reverse().map((version) => versionAnswer(version, version.number === defaultNumber)) },
      ...identityKinds.map((kind) => ({ path: `/v5/policies/${id}/attached-entities?entity_type=${kind}&`, member: `policy_${plurals[kind]}`, items: holderAnswers(model, id, kind) })),
    ]),
  ];
}

/** @param shift decides which list is read in pages of which size, and through which process */
export async function expectLists(model: Model, senders: readonly Send[], shift: number): Promise<void> {
  await Promise.all(expectedLists(model).map(async ({ path, member, items }, index) => {
    const limit = chosen([1, 3, 100], index + shift);
    expect([path, limit, await walked(chosen(senders, Math.floor(index / 3) + shift), path, member, limit)]).toEqual([path, limit, items]);
  }));
  expect((await chosen(senders, shift)({ method: 'GET', path: '/v5/account-summary' })).body).toEqual(summaryOf(model));
}

async function walked(send: Send, path: string, member: string, limit: number): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  let marker: string | undefined;
  do {
    const { status, body } = await send({ method: 'GET', path: `${path}limit=${limit}${marker === undefined ? '' : `&marker=${marker}`}` });
    // Every list answers so, or the expectations below fail.
    const items = body[member] as readonly unknown[];
    const { current_count: count, next_marker: next } = body['page_info'] as { current_count: number; next_marker?: string };
    expect([status, count]).toEqual([200, items.length]);
    // Every page but the last is full.
    if (next !== undefined) expect(count).toBe(limit);
    all.push(...items);
    marker = next;
  } while (marker !== undefined);
  return all;
}
