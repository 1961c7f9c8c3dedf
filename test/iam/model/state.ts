// The model's account: what each entity is by the rules of the API, in plain maps.
import { accountSummaryQuotas, type ModelQuotas } from './quotas.js';

export interface Attachment {
  readonly policyId: string;
  readonly at: number;
}

/** What agencies, groups and users have in common. */
export interface Identity {
  readonly id: string;
  name: string;
  description: string;
  readonly createdAt: number;
  policies: readonly Attachment[];
}
export interface ModelUser extends Identity {
  readonly isRoot: boolean;
  enabled: boolean;
  groupIds: readonly string[];
  tags: readonly ModelTag[];
}
export type ModelGroup = Identity;
export interface ModelAgency extends Identity {
  readonly path: string;
  maxSessionDuration: number;
  trustPolicy: string;
  tags: readonly ModelTag[];
}
export interface ModelTag {
  readonly tag_key: string;
  readonly tag_value: string;
}
export interface ModelVersion {
  readonly number: number;
  readonly document: string;
  readonly createdAt: number;
}
export interface ModelPolicy extends Omit<Identity, 'policies'> {
  readonly type: 'custom' | 'system';
  readonly urn: string;
  readonly path: string;
  versions: readonly ModelVersion[];
  defaultNumber: number;
  lastNumber: number;
  updatedAt: number;
}
export interface ModelKey {
  readonly id: string;
  readonly userId: string;
  readonly createdAt: number;
  active: boolean;
}

export interface Model {
  readonly accountId: string;
  readonly users: Map<string, ModelUser>;
  readonly groups: Map<string, ModelGroup>;
  /** Custom ones, and as many system policies as the test uses. */
  readonly policies: Map<string, ModelPolicy>;
  readonly agencies: Map<string, ModelAgency>;
  readonly keys: Map<string, ModelKey>;
  quotas: ModelQuotas;
}

/** A call that the rules refuse. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

export function found<Entity>(entities: ReadonlyMap<string, Entity>, id: string): Entity {
  const entity = entities.get(id);
  if (entity === undefined) throw new Refusal(404, 'PAP5.0012');
  return entity;
}

/** Names first, then the quota. */
export function refuseOneMore(entities: ReadonlyMap<string, { readonly name: string }>, name: string, quota: number): void {
  refuseTaken(entities, name);
  if (entities.size >= quota) throw new Refusal(409, 'PAP5.1202');
}

export function refuseTaken(entities: ReadonlyMap<string, { readonly name: string }>, name: string): void {
  if ([...entities.values()].some((entity) => entity.name === name)) throw new Refusal(409, 'PAP5.1201');
}

export const customPolicies = ({ policies }: Model): ReadonlyMap<string, ModelPolicy> => new Map([...policies].filter(([, { type }]) => type === 'custom'));

export const membersOf = ({ users }: Model, groupId: string): readonly ModelUser[] => [...users.values()].filter(({ groupIds }) => groupIds.includes(groupId));

export const keysOf = ({ keys }: Model, userId: string): readonly ModelKey[] => [...keys.values()].filter((key) => key.userId === userId);

export const identityKinds = ['agency', 'group', 'user'] as const;
export type IdentityKind = (typeof identityKinds)[number];

export const identitiesOf = (model: Model, kind: IdentityKind): ReadonlyMap<string, Identity> => ({ agency: model.agencies, group: model.groups, user: model.users })[kind];

export interface Holder {
  readonly kind: IdentityKind;
  readonly id: string;
  readonly at: number;
}

export const holdersOf = (model: Model, policyId: string): readonly Holder[] =>
  identityKinds.flatMap((kind) => [...identitiesOf(model, kind).values()].flatMap(({ id, policies }) => policies.flatMap((one) => (one.policyId === policyId ? [{ kind, id, at: one.at }] : []))));

export const iso = (time: number): string => new Date(time).toISOString();

/** In the order of lists: by time, then by id. */
export const inOrder = <Item>(items: Iterable<Item>, timeOf: (item: Item) => number, idOf: (item: Item) => string): readonly Item[] =>
  [...items].sort((one, other) => timeOf(one) - timeOf(other) || (idOf(one) < idOf(other) ? -1 : 1));

export const byCreation = <Entity extends { readonly id: string; readonly createdAt: number }>(entities: Iterable<Entity>): readonly Entity[] => inOrder(entities, ({ createdAt }) => createdAt, ({ id }) => id);

export const summaryOf = (model: Model): unknown => ({
  agencies: model.agencies.size, users: model.users.size, groups: model.groups.size, policies: customPolicies(model).size, ...accountSummaryQuotas(model.quotas),
  policy_size_quota: 6144, root_user_mfa_enabled: 0, oidc_provider: 0, oidc_provider_quota: 0, saml_provider: 0, saml_provider_quota: 0,
});
