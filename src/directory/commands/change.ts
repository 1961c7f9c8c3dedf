// What a command makes of an account: the fields it writes and removes, and the entity that it was about.
import { isDeepStrictEqual } from 'node:util';
import type { EntityKind, EntityKinds } from '../entities.js';
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

export const removing = (...fields: readonly EntityField[]): Change => ({ put: [], remove: fields });
