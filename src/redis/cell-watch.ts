// What this process knows of each cell: its incarnation, and how far its events went. A cell that stands before that went back.
import type { Random } from '../base/clock.js';
import type { KeyNames } from './cells.js';
import { reach, runScript, script, type RedisConnection } from './client.js';

export interface CellPosition {
  /** Random; a cell that is filled anew gets another one. */
  readonly incarnation: string;
  /** Number of the newest event. */
  readonly sequence: number;
}

export interface CellWatch {
  known(cell: number): CellPosition;
  /** An event of the cell has this number. */
  saw(cell: number, sequence: number): void;
  /** The cell as it was found to stand: from now on it must not be another one, nor behind that. */
  accept(cell: number, position: CellPosition): void;
}

/** Gives every cell without one an incarnation, and reads where all stand. */
export async function openCells(redis: RedisConnection, names: KeyNames, random: Random): Promise<CellWatch> {
  const positions = await Promise.all(Array.from({ length: names.cells }, (_, cell) => openCell(redis, names, cell, random)));
  const at = (cell: number): CellPosition => {
    const position = positions[cell];
    if (position === undefined) throw new Error(`there is no cell ${cell}`);
    return position;
  };
  return {
    known: at,
    saw(cell, sequence) {
      if (sequence > at(cell).sequence) positions[cell] = { ...at(cell), sequence };
    },
    accept(cell, position) {
      const known = at(cell);
      // Of the same cell more may have been seen since it was read.
      positions[cell] = known.incarnation === position.incarnation && known.sequence > position.sequence ? known : position;
    },
  };
}

/** Keys: state, stream. Older releases counted their events in the stream alone: the cell goes on behind the last one. */
const countOlderScript = script(`
if redis.call('HEXISTS', KEYS[1], 'sequence') == 1 then return 0 end
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local number = last and string.match(last[1], '^0%-(%d+)$')
if number then redis.call('HSET', KEYS[1], 'sequence', number) end
return 1
`);

async function openCell(redis: RedisConnection, names: KeyNames, cell: number, random: Random): Promise<CellPosition> {
  const key = names.cellState(cell);
  return reach(async () => {
    await redis.hsetnx(key, 'incarnation', random.bytes(8).toString('hex'));
    await runScript(redis, countOlderScript, [key, names.audit(cell)], []);
    return readCell(redis, names, cell);
  });
}

export async function readCell(redis: RedisConnection, names: KeyNames, cell: number): Promise<CellPosition> {
  const [incarnation, sequence] = await redis.hmget(names.cellState(cell), 'incarnation', 'sequence');
  return { incarnation: incarnation ?? '', sequence: Number(sequence ?? 0) };
}
