// What a process remembers of the logs that it seals. Nothing rests on it alone: it only spares doing the same work on the same bytes again.
import type { Checkpoint } from './checkpoint.js';

/** The right edge of a log as its files held it, byte for byte, when their hashes were computed. */
export interface KnownEdge {
  readonly size: number;
  readonly root: Buffer;
  /** Its partial tiles and its partial bundle, by path in the folder of the log. */
  readonly files: ReadonlyMap<string, Buffer>;
}

export interface LogMemory {
  /** The newest checkpoint of each origin whose signature was made or found good here. */
  readonly checkpoints: Map<string, Checkpoint>;
  /** By origin; some 100 kB each. */
  readonly edges: Map<string, KnownEdge>;
  /**
   * Of each origin the folders whose names are durable, and those above them up to the log's, because this process
   * synced them; a new file in them needs no more than their own sync. Who puts another folder in the place of one
   * while the service runs sees to its name himself.
   */
  readonly synced: Map<string, Set<string>>;
  /** When abandoned files of each origin were looked for last, in milliseconds of `performance.now()`. */
  readonly tidied: Map<string, number>;
}

export const newLogMemory = (): LogMemory => ({ checkpoints: new Map(), edges: new Map(), synced: new Map(), tidied: new Map() });
