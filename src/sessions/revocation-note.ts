// The note on a revoked session: when, by whom and why.
import { z } from 'zod';

export interface RevocationNote {
  /** Seconds since the epoch. */
  readonly revokedAt: number;
  /** URN of who revoked it. */
  readonly revokedBy: string;
  readonly reason: string;
}

const layout = z.tuple([z.literal(1), z.number().int().nonnegative(), z.string(), z.string()]);

export const encodeRevocationNote = ({ revokedAt, revokedBy, reason }: RevocationNote): string => JSON.stringify([1, revokedAt, revokedBy, reason] satisfies z.infer<typeof layout>);

/** Reads what {@link encodeRevocationNote} wrote; throws on anything else. */
export function decodeRevocationNote(text: string): RevocationNote {
  const [, revokedAt, revokedBy, reason] = layout.parse(JSON.parse(text));
  return { revokedAt, revokedBy, reason };
}
