// The settings of the service: environment variables, each checked at the start.
import { isIP } from 'node:net';
import { availableParallelism, homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { parseRedisUrl, RedisUrlError } from '../redis/topology-url.js';
import { defaultRegions, regionPattern } from '../directory/projects.js';
import { maximumCells } from '../urn/ids.js';

const flag = z.enum(['0', '1']).default('0').transform((value) => value === '1');
const whole = (minimum: number, maximum: number, otherwise: number) =>
  z.string().regex(/^\d{1,9}$/, 'must be a whole number').default(String(otherwise)).transform(Number)
    .refine((value) => value >= minimum && value <= maximum, `must be from ${minimum} to ${maximum}`);
/** An address, a network (`10.0.0.0/8`), or `loopback` for the machine itself. */
function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.trim().split('/');
  if (address === 'loopback') return prefix === undefined;
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  return bits > 0 && rest.length === 0 && (prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= bits));
}

function checkRedisUrl(url: string, context: z.RefinementCtx): void {
  try {
    parseRedisUrl(url);
  } catch (error) {
    if (!(error instanceof RedisUrlError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
}

const text = z.string().min(1, 'must not be empty');
const scopeName = text.regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be 1 to 64 letters, digits or _.-');

/** Name of the variable → how it is read. The table in the README lists the same names, and a test holds it to that. */
export const settingsSchema = z.object({
  STS_HOST: text.default('127.0.0.1'),
  STS_PORT: whole(0, 65_535, 8088),
  STS_REDIS_URL: z.string().superRefine(checkRedisUrl).optional(),
  STS_REDIS_WAIT_REPLICAS: whole(0, 16, 0),
  STS_DATA_DIR: text.default('data'),
  STS_KEYS_DIR: text.default('keys'),
  STS_BOOTSTRAP_FILE: text.optional(),
  STS_CATALOGUE_DIR: text.optional(),
  STS_WORKERS: whole(1, 256, availableParallelism()),
  STS_LOG_LEVEL: z.enum(['debug', 'info', 'error', 'silent']).default('info'),
  STS_ISSUER: text.max(120).regex(/^(https?:\/\/[^\s?#]+[^\s?#/]|urn:[^\s]+)$/, 'must be a URL without a slash at the end, or a URN').optional(),
  STS_REGION: scopeName.default('globe'),
  STS_SERVICE_NAME: scopeName.default('sts'),
  STS_REGIONS: z.string().default(defaultRegions.join(',')).transform((value) => value.split(',').map((region) => region.trim()))
    .refine((regions) => regions.every((region) => region.length <= 64 && regionPattern.test(region)) && new Set(regions).size === regions.length, 'must be different regions with commas between, such as cn-north-4,cn-east-3'),
  STS_SERVICE_AGENCY_UPDATES: z.enum(['refuse', 'allow']).default('refuse'),
  STS_CELLS: whole(1, maximumCells, 16),
  STS_MAX_CHAIN_DEPTH: whole(1, 10, 10),
  STS_MAX_CHAIN_AGE: whole(900, 604_800, 43_200),
  STS_RATE_ADDRESS_PER_MINUTE: whole(1, 100_000_000, 6000),
  STS_RATE_ACCESS_KEY_PER_MINUTE: whole(1, 100_000_000, 3000),
  STS_TRUST_PROXY: z.string().refine((value) => /^(0|[1-9]\d?)$/.test(value) || value.split(',').every(isNetwork), 'must be the number of proxies, or their addresses').default('0')
    .transform((value) => (value === '0' ? false : /^\d+$/.test(value) ? Number(value) : value)),
  STS_AUDIT_DIR: text.optional(),
  STS_AUDIT_RETENTION_DAYS: whole(0, 36_500, 0),
  STS_AUDIT_MAX_UNSEALED: whole(1000, 10_000_000, 65_536),
  STS_JWKS_MAX_AGE: whole(1, 86_400, 300),
  STS_STATUS_LIST_LIFE: whole(6, 3600, 30),
  STS_KEY_ROTATION_DAYS: whole(0, 3650, 0),
  STS_MAX_CLOCK_SKEW: whole(1, 900, 60),
  STS_REJECT_REPLAYS: flag,
  STS_ALWAYS_CONFIRM: flag,
  STS_DERIVE_PERMANENT_KEYS: flag,
  STS_ALLOW_UNSIGNED_PAYLOAD: flag,
  STS_ALLOW_WEAK_REDIS: flag,
  STS_REDIS_IS_DURABLE: flag,
});

/** The audit log has a folder in any case. */
export type Settings = Readonly<z.output<typeof settingsSchema> & { STS_AUDIT_DIR: string }>;

/** A setting that is wrong: the message names it. */
export class SettingsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SettingsError';
  }
}

/** A value that turned out to be of no use, in the form of one that is wrong by itself. */
export function settingError(name: keyof Settings, error: unknown): SettingsError {
  return new SettingsError(`\`${name}\`: ${error instanceof Error ? error.message : String(error)}`);
}

/** Reads the settings; folders become absolute. Throws {@link SettingsError}, also for an unknown `STS_` name. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const unknown = Object.keys(environment).find((name) => name.startsWith('STS_') && !Object.hasOwn(settingsSchema.shape, name));
  if (unknown !== undefined) throw new SettingsError(`\`${unknown}\` is no setting of this service`);
  const result = settingsSchema.safeParse(environment);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new SettingsError(`\`${String(issue?.path[0])}\` ${issue?.code === 'invalid_value' ? `must be one of ${issue.values.map(String).join(', ')}` : (issue?.message ?? 'is wrong')}`);
  }
  const settings = result.data;
  const { STS_CATALOGUE_DIR: catalogueFolder } = settings;
  const dataFolder = absolute(settings.STS_DATA_DIR);
  return {
    ...settings, STS_DATA_DIR: dataFolder, STS_KEYS_DIR: absolute(settings.STS_KEYS_DIR),
    STS_AUDIT_DIR: settings.STS_AUDIT_DIR === undefined ? join(dataFolder, 'audit') : absolute(settings.STS_AUDIT_DIR),
    ...(catalogueFolder !== undefined && { STS_CATALOGUE_DIR: absolute(catalogueFolder) }),
  };
}

const absolute = (path: string): string => resolve(path.startsWith('~/') ? `${homedir()}${path.slice(1)}` : path);
