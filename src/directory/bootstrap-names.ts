// Names and ids in a bootstrap file: each is given once, and an entity that exists keeps its id.
import { BootstrapError } from './bootstrap-file.js';
import type { Table } from './table.js';

export function refuseRepeated(seen: Set<string>, value: string, place: string): void {
  if (seen.has(value)) throw new BootstrapError(place, `\`${value}\` is given twice`);
  seen.add(value);
}

/** One entity of the file, with the entity that it makes or changes. */
export interface Resolved<Entry, Entity> {
  readonly entry: Entry;
  readonly place: string;
  readonly id: string;
  readonly old: Entity | undefined;
}

export interface Naming<Entry, Entity> {
  readonly entries: readonly Entry[];
  readonly place: string;
  readonly nameField: string;
  readonly idField: string;
  readonly name: (entry: Entry) => string;
  readonly givenId: (entry: Entry) => string | undefined;
  readonly existing: ReadonlyMap<string, Entity>;
  readonly existingName: (entity: Entity) => string;
  readonly newId: () => string;
}

/** Finds the existing entity of each entry, by id where the file gives one, else by name. */
export function resolve<Entry, Entity>(naming: Naming<Entry, Entity>): readonly Resolved<Entry, Entity>[] {
  const idsByName = new Map<string, readonly string[]>();
  for (const [id, entity] of naming.existing) idsByName.set(naming.existingName(entity), [...(idsByName.get(naming.existingName(entity)) ?? []), id]);
  const names = new Set<string>();
  const ids = new Set<string>();
  return naming.entries.map((entry, index) => {
    const place = `${naming.place}/${index}`;
    const name = naming.name(entry);
    const given = naming.givenId(entry);
    refuseRepeated(names, name, `${place}/${naming.nameField}`);
    const holders = idsByName.get(name) ?? [];
    const [holder] = holders;
    if (given === undefined && holders.length > 1) {
      throw new BootstrapError(`${place}/${naming.nameField}`, `${holders.length} have the name \`${name}\`: give the ${naming.idField} of the one that is meant`);
    }
    if (given !== undefined && holder !== undefined && !holders.includes(given)) {
      throw new BootstrapError(`${place}/${naming.idField}`, `\`${name}\` exists with the id \`${holder}\``);
    }
    const id = given ?? holder ?? naming.newId();
    refuseRepeated(ids, id, `${place}/${naming.idField}`);
    return { entry, place, id, old: naming.existing.get(id) };
  });
}

/** A table's entities, for {@link Naming}. */
export const byId = <Entity>(table: Table<Entity> | undefined): ReadonlyMap<string, Entity> =>
  new Map((table?.ids() ?? []).flatMap((id) => {
    const entity = table?.get(id);
    return entity === undefined ? [] : [[id, entity] as const];
  }));
