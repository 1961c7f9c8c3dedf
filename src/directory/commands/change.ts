// What a command makes of an account: the fields it writes and removes, and the entity that it was about.
import type { EntityKind, EntityKinds } from '../entities.js';
import { entityField, type EntityEntry, type EntityField } from '../snapshot.js';

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

export const removing = (...fields: readonly EntityField[]): Change => ({ put: [], remove: fields });
