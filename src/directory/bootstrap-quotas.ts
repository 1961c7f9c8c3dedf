// Quotas under their wire names: `groups_per_user` and so on.
import { z } from 'zod';
import { maximumOf, quotaNames, quotaOf, type QuotaName, type Quotas } from './quotas.js';

export const quotaWireName = (name: QuotaName): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const members = quotaNames.map((name) => [quotaWireName(name), z.int().min(0).max(maximumOf(name)).optional()] as const);

/** Each up to its maximum; what is absent is left to who reads it. */
export const quotasSchema = z.object(Object.fromEntries(members)).strict();

/** Every quota, as it counts. */
export const quotasAnswerSchema = z.object(Object.fromEntries(quotaNames.map((name) => [quotaWireName(name), z.int()] as const)));

type Given = Readonly<Record<string, number | undefined>>;

/** The account's own quotas with those given in place of the old ones; one of the default's value is none of its own. */
export function quotasWith(old: Partial<Quotas>, given: Given): Partial<Quotas> {
  const entries = quotaNames.flatMap((name) => {
    const value = given[quotaWireName(name)] ?? old[name];
    return value === undefined || value === quotaOf({ quotas: {} }, name) ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

export const ownQuotas = (quotas: Partial<Quotas>): Readonly<Record<string, number>> =>
  Object.fromEntries(quotaNames.flatMap((name) => (quotas[name] === undefined ? [] : [[quotaWireName(name), quotas[name]] as const])));

export const everyQuota = (quotas: Partial<Quotas>): Readonly<Record<string, number>> =>
  Object.fromEntries(quotaNames.map((name) => [quotaWireName(name), quotaOf({ quotas }, name)] as const));
