// What ended sessions lately, as it is told to those who verify offline: fields of one hash per account, and bits of status lists.
import type { EpochSubject } from '../directory/store.js';
import { TamperedRecordError } from '../keyring/authenticate.js';
import type { EndedSubject } from '../sts/status-source.js';
import type { KeyNames } from './cells.js';
import { reach, runScript, script, type RedisConnection } from './client.js';

/** Redis counts the bits of a byte from its highest on, status lists from its lowest (token status list, section 4). */
export const bitOffset = (index: number): number => index - (index % 8) + 7 - (index % 8);

export const endedField = (kind: EndedSubject['kind'], subject: EpochSubject): string => `${kind} ${subject}`;

/** Field and text. @param now seconds since the epoch */
export const endedEpoch = (subject: EpochSubject, epoch: number, now: number): [string, string] => [endedField('epoch', subject), `${epoch} ${now}`];
export const endedBoundary = (subject: EpochSubject, issuedBefore: number, now: number): [string, string] => [endedField('boundary', subject), `${issuedBefore} ${now}`];

/** Reads a field and its text. */
function endedSubject(field: string, text: string): EndedSubject & { readonly time: number } {
  const [, kind, subject = ''] = /^(epoch|boundary) ((?:account|(?:user|agency|key|source|password):.+))$/s.exec(field) ?? [];
  const [, value, time] = /^(\d{1,16}) (\d{1,12})$/.exec(text) ?? [];
  if (kind === undefined || value === undefined || time === undefined) throw new TamperedRecordError(['ended', field]);
  // Both were matched just now.
  return { kind: kind as EndedSubject['kind'], subject: subject as EpochSubject, value: Number(value), time: Number(time) };
}

/** Keys: what ended. Arguments: fields and texts in turn; a field that was written again stays. */
const forgetScript = script(`
for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
`);
const forgottenAtOnce = 500;

/** [choice] A list of so many subjects has a quarter of a megabyte, and is made at most once a second. */
export const mostEnded = 5000;

/**
 * What ended in an account and may still end something; the rest is forgotten, some at a time. Undefined where there
 * is more than a list can hold: whoever fills his account's list makes work for nobody else.
 * @param since seconds since the epoch: of what ended before nothing lives any more
 */
export async function livingEnded(redis: RedisConnection, names: KeyNames, accountId: string, since: number): Promise<readonly EndedSubject[] | undefined> {
  const key = names.ended(accountId);
  const isTooMuch = (await reach(() => redis.hlen(key))) > mostEnded;
  const found = isTooMuch ? pairs(await reach(() => redis.hrandfield(key, 2 * forgottenAtOnce, 'WITHVALUES'))) : Object.entries(await reach(() => redis.hgetall(key)));
  const fields = found.map(([field, text]) => ({ field, text, ended: endedSubject(field, text) }));
  const old = fields.filter(({ ended }) => ended.time < since).slice(0, forgottenAtOnce);
  if (old.length > 0) await reach(() => runScript(redis, forgetScript, [key], old.flatMap(({ field, text }) => [field, text])));
  if (isTooMuch) return undefined;
  return fields.filter(({ ended }) => ended.time >= since).map(({ ended: { kind, subject, value } }) => ({ kind, subject, value }));
}

const pairs = (flat: unknown): readonly (readonly [string, string])[] =>
  (Array.isArray(flat) ? flat.flatMap((field, at) => (at % 2 === 0 ? [[String(field), String(flat[at + 1])] as const] : [])) : []);
