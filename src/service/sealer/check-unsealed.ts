// Checks unsealed events before they are sealed: dense, and written by this service for this cell.
import { encodeEntry, eventId } from '../../audit/log/log.js';
import { recordSubject } from '../../audit/record.js';
import { systemAccountId } from '../../directory/entities.js';
import { openRecord } from '../../keyring/authenticate.js';
import type { Keyring } from '../../keyring/keyring.js';
import { eventField, eventNumber, olderField, type UnsealedEntry } from '../../redis/audit-seal.js';
import type { KeyNames } from '../../redis/cells.js';
import { eventPlace } from '../../redis/commit-steps.js';
import { cellOperations } from '../../redis/recovery.js';

export interface UnsealedRules {
  readonly names: KeyNames;
  readonly keyring: Keyring;
  readonly cell: number;
  /** Up to this number an event may stand there as an older release left it. */
  readonly lastOlderEvent: number;
}

export interface CheckedBatch {
  /** As the log holds them. */
  readonly good: readonly Buffer[];
  /** Why the next entry, and so all behind it, cannot be sealed. */
  readonly fault?: string;
}

/** @param size events that are sealed already: the batch must go on behind them */
export function checkUnsealed(rules: UnsealedRules, size: number, batch: readonly UnsealedEntry[]): CheckedBatch {
  const good: Buffer[] = [];
  for (const entry of batch) {
    const expected = size + good.length + 1;
    const number = eventNumber(entry.streamId);
    if (number === undefined) return { good, fault: `the stream of cell ${rules.cell} holds \`${entry.streamId}\`, which is no event of this service` };
    if (number !== expected) return { good, fault: missingText(rules.cell, expected, number - 1) };
    const checked = checkEntry(rules, number, entry);
    if ('fault' in checked) return { good, fault: checked.fault };
    good.push(encodeEntry(rules.cell, number, checked.text));
  }
  return { good };
}

export const missingText = (cell: number, from: number, to: number): string =>
  from >= to ? `the unsealed event \`${eventId(cell, from)}\` is missing` : `the unsealed events \`${eventId(cell, from)}\` to \`${eventId(cell, to)}\` are missing`;

type CheckedEntry = { readonly text: string; readonly operation: string } | { readonly fault: string };

export function checkEntry({ names, keyring, cell, lastOlderEvent }: UnsealedRules, number: number, { fields }: UnsealedEntry): CheckedEntry {
  const id = `the unsealed event \`${eventId(cell, number)}\``;
  const [field, value = ''] = fields;
  const isOlder = field === olderField && number <= lastOlderEvent;
  if (fields.length !== 2 || (field !== eventField && !isOlder)) return { fault: `${id} was not written by this service` };
  try {
    const text = isOlder ? value : openRecord(keyring['record-authentication'], eventPlace(cell), value);
    const { accountId, operation } = recordSubject(text);
    // What became of a cell stands in that cell, whatever cell the system account has.
    const isHere = names.cellOfAccount(accountId) === cell || (accountId === systemAccountId && cellOperations.has(operation));
    return isHere ? { text, operation } : { fault: `${id} belongs to an account of another cell` };
  } catch {
    return { fault: `${id} was changed or moved outside the service` };
  }
}
