// Digests of what all processes of an installation must run with alike.
import { createHash } from 'node:crypto';
import type { Catalogue } from '../catalogue/index.js';
import { keyPurposes } from '../keyring/key.js';
import { isRotating } from '../keyring/key-states.js';
import type { Keyring } from '../keyring/keyring.js';
import type { StsSettings } from '../sts/services.js';

/** By what a warning says of a process that has a different one. */
export type ProcessDigests = Readonly<Record<'another key ring' | 'another catalogue' | 'other settings', string>>;

/** @param more settings that matter beside those of the token service */
export function processDigests(keyring: Keyring, catalogue: Catalogue, settings: StsSettings, more: readonly (string | number)[]): ProcessDigests {
  return {
    'another key ring': digest(keyPurposes.filter((purpose) => !isRotating(purpose)).map((purpose) => [...keyring[purpose].byId.keys()].sort())),
    'another catalogue': digest([...catalogue.services]),
    'other settings': digest([Object.entries(settings).sort(([one], [other]) => (one < other ? -1 : 1)), more]),
  };
}

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);
