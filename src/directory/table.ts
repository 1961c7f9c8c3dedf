// All entities of one kind in an account: by id, by name, and in the order in which they were made.
import type { EntityKind, EntityKinds } from './entities.js';
import { SortedMap } from './sorted-map.js';

/** How one kind is looked up and listed. */
export interface TableKeys<Entity> {
  readonly id: (entity: Entity) => string;
  /** Absent: entities of this kind are found by id only. */
  readonly name?: (entity: Entity) => string;
  /** Milliseconds since the epoch. */
  readonly createdAt: (entity: Entity) => number;
}

/** Immutable; a changed copy shares what did not change. */
export class Table<Entity> {
  readonly #keys: TableKeys<Entity>;
  readonly #byId: SortedMap<Entity>;
  readonly #byName: SortedMap<Entity>;
  readonly #inOrder: SortedMap<Entity>;

  private constructor(keys: TableKeys<Entity>, byId: SortedMap<Entity>, byName: SortedMap<Entity>, inOrder: SortedMap<Entity>) {
    this.#keys = keys;
    this.#byId = byId;
    this.#byName = byName;
    this.#inOrder = inOrder;
  }

  static of<Entity>(keys: TableKeys<Entity>, entities: readonly Entity[]): Table<Entity> {
    const { name } = keys;
    return new Table(
      keys,
      SortedMap.of(entities.map((entity) => [keys.id(entity), entity])),
      SortedMap.of(name === undefined ? [] : entities.map((entity) => [name(entity), entity])),
      SortedMap.of(entities.map((entity) => [position(keys, entity), entity])),
    );
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): Entity | undefined {
    return this.#byId.get(id);
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  named(name: string): Entity | undefined {
    return this.#byName.get(name);
  }

  /** In the order of their creation. */
  values(): readonly Entity[] {
    return this.#inOrder.values();
  }

  ids(): readonly string[] {
    return this.#byId.keys();
  }

  /** Where an entity stands in the order: a place that stays, whatever is made or removed around it. */
  position(entity: Entity): string {
    return position(this.#keys, entity);
  }

  /** Entities behind a position, in order. */
  after(place: string): IterableIterator<Entity> {
    return this.#inOrder.valuesAfter(place);
  }

  /** The table without the entities of some ids, and with others in place of those of their ids. */
  with(removedIds: readonly string[], put: readonly Entity[]): Table<Entity> {
    if (removedIds.length + put.length === 0) return this;
    const { id, name } = this.#keys;
    const gone = [...removedIds, ...put.map(id)].flatMap((one) => this.#byId.get(one) ?? []);
    return new Table(
      this.#keys,
      this.#byId.with(removedIds, put.map((entity) => [id(entity), entity])),
      name === undefined ? this.#byName : this.#byName.with(gone.map(name), put.map((entity) => [name(entity), entity])),
      this.#inOrder.with(gone.map((entity) => this.position(entity)), put.map((entity) => [this.position(entity), entity])),
    );
  }
}

const position = <Entity>({ id, createdAt }: TableKeys<Entity>, entity: Entity): string => placeInTime(createdAt(entity), id(entity));

/** Where something stands in an order of times. Sixteen digits hold every time there is: texts compare as the numbers do. */
export const placeInTime = (time: number, id: string): string => `${String(time).padStart(16, '0')}:${id}`;

export type Tables = { readonly [Kind in EntityKind]: Table<EntityKinds[Kind]> };
