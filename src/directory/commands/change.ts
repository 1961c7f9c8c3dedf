// What a command makes of an account: the fields it writes and removes, and the entity that it was about.
import { isDeepStrictEqual } from 'node:util';
import type { EntityKind, EntityKinds } from '../entities.js';
import type { AccountChange, EpochSubject } from '../store.js';
import { entityAt, entityField, type EntityEntry, type EntityField, type Snapshot } from '../snapshot.js';

export interface Change {
  readonly put: readonly EntityEntry[];
  readonly remove: readonly EntityField[];
}

/** A change, and the entity as it is afterwards. */
export interface Changed<Entity> extends Change {
  readonly entity: Entity;
}

export function putting<Kind extends EntityKind>(kind: Kind, id: string, entity: EntityKinds[Kind]): Changed<EntityKinds[Kind]> {
  return { put: [[entityField(kind, id), entity]], remove: [], entity };
}

/** The change without what is so already; undefined when nothing is left: a revision is not to grow for nothing. */
export function effective(account: Snapshot, { put, remove }: Change): Change | undefined {
  const changing = put.filter(([field, entity]) => !isDeepStrictEqual(entityAt(account, field), entity));
  return changing.length + remove.length === 0 ? undefined : { put: changing, remove };
}

/** The change as one to commit: on the account as it was read, and with the sessions that it ends. */
export const accountChange = (account: Snapshot, change: Change): AccountChange =>
  ({ accountId: account.accountId, expectedRevision: account.revision, ...change, ends: [...disabledPrincipals(account, change), ...changedPasswords(account, change)] });

/** Users, services and access keys that are disabled or deleted, where the account wants their sessions to end with them. */
function disabledPrincipals(account: Snapshot, { put, remove }: Change): readonly EpochSubject[] {
  if (!account.account.revokeOnDisable) return [];
  const disabled = put.flatMap(([field, entity]) => (isSwitchedOff(entity) && !isSwitchedOff(entityAt(account, field)) ? [field] : []));
  return [...disabled, ...remove].flatMap((field): EpochSubject[] => {
    const id = field.slice(field.indexOf(':') + 1);
    if (field.startsWith('key:')) return [`key:${id}`];
    return field.startsWith('user:') || field.startsWith('service:') ? [`user:${id}`] : [];
  });
}

/** What was got with a password ends with it, whatever the account wants: a password is changed because others may know it. */
function changedPasswords({ users }: Snapshot, { put, remove }: Change): readonly EpochSubject[] {
  const after = new Map<string, EntityKinds[EntityKind] | undefined>([...put, ...remove.map((field) => [field, undefined] as const)]);
  return [...after].flatMap(([field, entity]): EpochSubject[] => {
    const userId = field.startsWith('user:') ? field.slice('user:'.length) : undefined;
    const had = userId === undefined ? undefined : users.get(userId)?.passwordHash;
    return had === undefined || (entity !== undefined && 'passwordHash' in entity && entity.passwordHash === had) ? [] : [`password:${userId}`];
  });
}

const isSwitchedOff = (entity: EntityKinds[EntityKind] | undefined): boolean =>
  entity !== undefined && (('enabled' in entity && 'isRootUser' in entity && !entity.enabled) || ('sealedSecret' in entity && !entity.active));

export const removing = (...fields: readonly EntityField[]): Change => ({ put: [], remove: fields });
