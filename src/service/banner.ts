// What a start says when the service is there: where it is, where its data is, and what to try first.
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellQuote } from '../cli/text.js';
import { sampleAgencyUrn, sampleProfile } from './sample.js';
import type { Settings } from './settings.js';

const defaultPort = 8088;

export interface Prepared {
  /** There are no accounts yet. */
  readonly isEmpty: boolean;
  /** `iss` of the security tokens, which verifiers are told. */
  readonly issuer: string;
}

export async function printBanner(settings: Settings, port: number, credentialsFile: string, { isEmpty, issuer }: Prepared): Promise<void> {
  const host = settings.STS_HOST.includes(':') ? `[${settings.STS_HOST}]` : settings.STS_HOST;
  const url = `http://${host}:${port}`;
  const redis = settings.STS_REDIS_URL === undefined ? 'a private Redis in the data folder' : 'the Redis of STS_REDIS_URL';
  const lines = [
    '',
    `agency-sts is running at ${url} (${settings.STS_WORKERS} ${settings.STS_WORKERS === 1 ? 'process' : 'processes'})`,
    `data: ${settings.STS_DATA_DIR} (${redis})`,
    `keys: ${settings.STS_KEYS_DIR}`,
    `issuer: ${issuer}`,
    ...(await firstSteps(url, port, credentialsFile, isEmpty)),
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function firstSteps(url: string, port: number, credentialsFile: string, isEmpty: boolean): Promise<readonly string[]> {
  if (isEmpty) return ['', 'There are no accounts yet: make some with `agency-sts bootstrap apply FILE` (docs/bootstrap.md).'];
  if (await hasSample(credentialsFile)) return ['', 'Assume an agency of the sample accounts:', '', `  ${tryCommand(url, port, credentialsFile)}`];
  return [];
}

/** Good to paste where the service was started, whatever its folders are called. */
function tryCommand(url: string, port: number, credentialsFile: string): string {
  const endpoint = port === defaultPort ? [] : ['--endpoint', url];
  const profile = ['--profile-file', relative(process.cwd(), credentialsFile), '--profile', sampleProfile];
  return [...thisCommand(), 'assume', ...endpoint, ...profile, '--agency', sampleAgencyUrn].map(asWord).join(' ');
}

/** `npx` finds the command in the project's own folder only. */
const thisCommand = (): readonly string[] => (process.cwd() === packageFolder ? ['npx', 'agency-sts'] : ['node', relative(process.cwd(), mainFile)]);

const packageFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const mainFile = fileURLToPath(new URL('../main.js', import.meta.url));

const asWord = (text: string): string => (/^[\w./:@-]+$/.test(text) ? text : shellQuote(text));

async function hasSample(credentialsFile: string): Promise<boolean> {
  try {
    return (await readFile(credentialsFile, 'utf8')).includes(`"${sampleProfile}"`);
  } catch {
    return false;
  }
}
