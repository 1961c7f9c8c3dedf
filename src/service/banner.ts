// What a start says when the service is there: where it is, where its data is, and what to try first.
import { relative } from 'node:path';
import { readFile } from 'node:fs/promises';
import { sampleAgencyUrn, sampleProfile } from './sample.js';
import type { Settings } from './settings.js';

const defaultPort = 8088;

export async function printBanner(settings: Settings, port: number, credentialsFile: string): Promise<void> {
  const host = settings.STS_HOST.includes(':') ? `[${settings.STS_HOST}]` : settings.STS_HOST;
  const url = `http://${host}:${port}`;
  const redis = settings.STS_REDIS_URL === undefined ? 'a private Redis in the data folder' : 'the Redis of STS_REDIS_URL';
  const lines = [
    '',
    `agency-sts is running at ${url} (${settings.STS_WORKERS} ${settings.STS_WORKERS === 1 ? 'process' : 'processes'})`,
    `data: ${settings.STS_DATA_DIR} (${redis})`,
    `keys: ${settings.STS_KEYS_DIR}`,
    ...(await hasSample(credentialsFile) ? ['', 'Assume an agency of the sample accounts:', '', `  ${tryCommand(url, port, credentialsFile)}`] : []),
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function tryCommand(url: string, port: number, credentialsFile: string): string {
  const endpoint = port === defaultPort ? '' : ` --endpoint ${url}`;
  return `npx agency-sts assume${endpoint} --profile-file ${relative(process.cwd(), credentialsFile)} --profile ${sampleProfile} --agency ${sampleAgencyUrn}`;
}

async function hasSample(credentialsFile: string): Promise<boolean> {
  try {
    return (await readFile(credentialsFile, 'utf8')).includes(`"${sampleProfile}"`);
  } catch {
    return false;
  }
}
