// Changes of accounts as steps of a commit: compare-and-set on the revision, then the fields, and what a process needs to catch up.
import type { Random } from '../base/clock.js';
import { entityField, type EntityField } from '../directory/snapshot.js';
import type { AccountChange, EpochSubject } from '../directory/store.js';
import { authenticateRecord } from '../keyring/authenticate.js';
import type { Keyring } from '../keyring/keyring.js';
import type { KeyNames } from './cells.js';
import { entityPlace } from './directory-store.js';
import { endedField } from './ended.js';
import { addStep, type Steps } from './steps.js';

/** Revisions back that a process can catch up with by entity instead of reading the whole account. */
const keptChanges = 64;
const mostToldFields = 200;
/** Fields of one script step; Lua unpacks a step's values on its stack. */
const fieldsPerStep = 500;

export interface ChangeTools {
  readonly names: KeyNames;
  readonly keyring: Keyring;
  readonly random: Random;
}

export function addChange(steps: Steps, { accountId, expectedRevision, put, remove, ends = [] }: AccountChange, { names, keyring, random }: ChangeTools): void {
  const state = names.accountState(accountId);
  const entities = names.accountEntities(accountId);
  addStep(steps, 'G', state, 1, 'rev', expectedRevision ?? '0');
  addStep(steps, 'P', state, 1, 'rev', nextRevision(expectedRevision, random));
  const records = put.map(([field, entity]) => [field, authenticateRecord(keyring['record-authentication'], entityPlace(accountId, field), JSON.stringify(entity))]);
  for (const part of parts(records)) addStep(steps, 'P', entities, part.length, ...part.flat());
  // With an agency or an account its sessions end, and so do their descendants in whatever account: they carry its epoch.
  for (const subject of new Set([...endedSubjects(remove), ...ends])) addRaise(steps, accountId, subject, { names, random });
  for (const part of parts(remove)) addStep(steps, 'D', entities, part.length, ...part);
  for (const part of parts(idsOf('key', remove))) addStep(steps, 'D', names.keyUses(accountId), part.length, ...part);
  for (const part of parts(idsOf('mfa', remove))) addStep(steps, 'D', names.mfaSteps(accountId), part.length, ...part);
  for (const accessKeyId of idsOf('key', remove)) addStep(steps, 'X', names.accessKeyHint(accessKeyId), accountId);
  const isGone = remove.includes(entityField('account', accountId));
  addStep(steps, 'C', names.accountChanges(accountId), changeRecord(expectedRevision, [...put.map(([field]) => field), ...remove]), isGone ? 0 : keptChanges);
}

/** The revision before the change, and its fields; so many that reading all is cheaper are not told one by one. */
function changeRecord(expectedRevision: string | undefined, fields: readonly EntityField[]): string {
  return JSON.stringify([expectedRevision ?? '0', fields.length > mostToldFields ? '*' : fields]);
}

function* parts<Item>(items: readonly Item[]): IterableIterator<readonly Item[]> {
  for (let at = 0; at < items.length; at += fieldsPerStep) yield items.slice(at, at + fieldsPerStep);
}

/** Epochs to raise. What is left of an account without entities is its state, with them. */
function endedSubjects(removed: readonly EntityField[]): readonly EpochSubject[] {
  const ended: EpochSubject[] = idsOf('agency', removed).map((agencyId) => `agency:${agencyId}` as const);
  return idsOf('account', removed).length === 0 ? ended : [...ended, 'account'];
}

/**
 * Ends what a subject of the account issued so far. An epoch is partly random, and sessions must carry just that one: a
 * raise that a failover lost and that is made again gives no session of the time between its life back.
 */
export function addRaise(steps: Steps, accountId: string, subject: EpochSubject, { names, random }: Pick<ChangeTools, 'names' | 'random'>): void {
  const ended = { key: names.ended(accountId) };
  steps.push({
    letter: 'U', key: names.accountState(accountId), values: [subject, random.bytes(3).readUIntBE(0, 3) >>> 4, ended, endedField('epoch', subject)],
    result: { kind: 'epoch', accountId, subject },
  });
}

const idsOf = (kind: 'key' | 'mfa' | 'agency' | 'account', fields: readonly EntityField[]): readonly string[] =>
  fields.flatMap((field) => (field.startsWith(`${kind}:`) ? [field.slice(kind.length + 1)] : []));

/** A counter for people, and 64 random bits: a history that was rewritten never looks like the known one. */
function nextRevision(revision: string | undefined, random: Random): string {
  const count = Number.parseInt(revision ?? '0', 10) + 1;
  return `${count}-${random.bytes(8).toString('hex')}`;
}
