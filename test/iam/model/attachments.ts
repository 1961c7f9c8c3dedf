// The model of attachments: which identities have which policies (IAM v5 API §4).
import { modelOperation, nothingToChange } from './operation.js';
import type { Pool } from './pool.js';
import { found, holdersOf, identitiesOf, identityKinds, inOrder, iso, Refusal, type Identity, type IdentityKind, type Model } from './state.js';

interface Named {
  readonly policyId: string;
  readonly id: string;
}

const titles = { agency: 'Agency', group: 'Group', user: 'User' } as const;
export const plurals = { agency: 'agencies', group: 'groups', user: 'users' } as const;

function changeable(model: Model, kind: IdentityKind, id: string): Identity {
  const identity = found(identitiesOf(model, kind), id);
  if (kind === 'user' && found(model.users, id).isRoot) throw new Refusal(403, 'PAP5.0001');
  return identity;
}

const draw = (kind: IdentityKind) => (pool: Pool, [policy, identity]: readonly number[]): Named => ({ policyId: pool.pick('policy', policy ?? 0), id: pool.pick(kind, identity ?? 0) });

const attach = (kind: IdentityKind) => modelOperation({
  name: `Attach${titles[kind]}PolicyV5`, status: 200, draw: draw(kind),
  call: ({ policyId, id }) => ({ method: 'POST', path: `/v5/policies/${policyId}/attach-${kind}`, body: { [`${kind}_id`]: id } }),
  decide(model, { policyId, id }, { time }) {
    const identity = changeable(model, kind, id);
    found(model.policies, policyId);
    if (identity.policies.some((attachment) => attachment.policyId === policyId)) return nothingToChange;
    if (identity.policies.length >= model.quotas[`policies_per_${kind}`]) throw new Refusal(409, 'PAP5.0003');
    identity.policies = [...identity.policies, { policyId, at: time }];
    return undefined;
  },
});

const detach = (kind: IdentityKind) => modelOperation({
  name: `Detach${titles[kind]}PolicyV5`, status: 200, draw: draw(kind),
  call: ({ policyId, id }) => ({ method: 'POST', path: `/v5/policies/${policyId}/detach-${kind}`, body: { [`${kind}_id`]: id } }),
  decide(model, { policyId, id }) {
    const identity = changeable(model, kind, id);
    const others = identity.policies.filter((attachment) => attachment.policyId !== policyId);
    if (others.length === identity.policies.length) throw new Refusal(404, 'PAP5.0012');
    identity.policies = others;
    return undefined;
  },
});

export const attachedAnswers = (model: Model, { policies }: Identity): readonly unknown[] =>
  inOrder(policies, ({ at }) => at, ({ policyId }) => policyId).map(({ policyId, at }) => {
    const { name, urn } = found(model.policies, policyId);
    return { policy_name: name, policy_id: policyId, urn, attached_at: iso(at) };
  });

const listAttached = (kind: IdentityKind) => modelOperation({
  name: `ListAttached${titles[kind]}PoliciesV5`, status: 200, draw: (pool, [die]) => pool.pick(kind, die),
  call: (id) => ({ method: 'GET', path: `/v5/${plurals[kind]}/${id}/attached-policies` }),
  decide(model, id) {
    const policies = attachedAnswers(model, found(identitiesOf(model, kind), id));
    return { attached_policies: policies, page_info: { current_count: policies.length } };
  },
});

export const holderAnswers = (model: Model, policyId: string, kind: IdentityKind): readonly unknown[] =>
  inOrder(holdersOf(model, policyId).filter((holder) => holder.kind === kind), ({ at }) => at, ({ id }) => id).map(({ id, at }) => ({ [`${kind}_id`]: id, attached_at: iso(at) }));

const listEntities = modelOperation({
  name: 'ListEntitiesForPolicyV5', status: 200, draw: (pool, [die]) => pool.pick('policy', die), call: (id) => ({ method: 'GET', path: `/v5/policies/${id}/attached-entities` }),
  decide(model, id) {
    found(model.policies, id);
    const lists = identityKinds.map((kind) => [`policy_${plurals[kind]}`, holderAnswers(model, id, kind)] as const);
    return { ...Object.fromEntries(lists), page_info: { current_count: holdersOf(model, id).length } };
  },
});

export const attachmentOperations = [...identityKinds.flatMap((kind) => [attach(kind), attach(kind), attach(kind), detach(kind), detach(kind), listAttached(kind)]), listEntities];
