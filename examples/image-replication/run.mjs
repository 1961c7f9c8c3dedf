// Runs the whole story: `node examples/image-replication/run.mjs`. It starts the token service with a data folder of its own, and takes it away again.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const bootstrapFile = fileURLToPath(new URL('bootstrap.json', import.meta.url));
const { accounts: [{ account_id: account, users }], services: [ims] } = JSON.parse(readFileSync(bootstrapFile, 'utf8'));
const keyOf = ({ access_keys: [{ access_key_id: accessKeyId, secret_access_key: secretAccessKey }] }) => ({ accessKeyId, secretAccessKey });
const [administrator, uma] = users.map(keyOf);
const [source, destination] = ['cn-north-4', 'cn-east-3'];
const agencyName = 'ims_copy_image_agency';
const folder = mkdtempSync(join(tmpdir(), 'image-replication-'));
const say = (text) => console.log(text);

// What `npm start` does first: dependencies and the build.
if (spawnSync(process.execPath, [join(root, 'src', 'setup', 'prepare.mjs')], { stdio: ['ignore', 2, 2] }).status !== 0) process.exit(1);
const { signedFetch } = await import('agency-sts/client');
const { createVerifier } = await import('agency-sts/verify');
const { waysToAssume } = await import('./assume.mjs');
const { imageService } = await import('./ims.mjs');

const issuer = 'https://sts.example.com';
const main = join(root, 'dist', 'main.js');
const sts = spawn(process.execPath, [main, 'serve'], {
  stdio: ['ignore', 'pipe', 2],
  env: { ...process.env, STS_BOOTSTRAP_FILE: bootstrapFile, STS_DATA_DIR: join(folder, 'data'), STS_KEYS_DIR: join(folder, 'keys'), STS_ISSUER: issuer, STS_PORT: '0', STS_WORKERS: '1', STS_LOG_LEVEL: 'error' },
});
const servers = [];
try {
  await story(await addressOf(sts));
} finally {
  for (const server of servers) server.close();
  if (sts.exitCode === null) {
    sts.kill('SIGTERM');
    await once(sts, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
}

async function addressOf(child) {
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /running at (http:\S+)/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('the token service did not start');
}

async function story(endpoint) {
  const as = (credentials) => {
    const send = signedFetch({ get: async () => credentials });
    return async (method, url, body) => {
      const answer = await send(url.startsWith('http') ? url : `${endpoint}${url}`, { method, ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) });
      const text = await answer.text();
      const told = { status: answer.status, event: answer.headers.get('x-audit-event-id'), advice: answer.headers.get('x-agency-advice'), body: text === '' ? undefined : JSON.parse(text) };
      if (!answer.ok && url.startsWith('/')) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
      return told;
    };
  };
  const asAdministrator = as(administrator);
  const asUma = as(uma);

  say('\n1. The administrator creates the agency: a cloud-service agency that trusts IMS, without an end.');
  const agency = { name: agencyName, domain_id: account, trust_domain_name: 'op_svc_ims', duration: 'FOREVER', description: 'Delegates with IMS cross-region replication permissions' };
  const made = await asAdministrator('POST', '/v3.0/OS-AGENCY/agencies', { agency });
  say(`   ${made.body.agency.agency_urn}, event ${made.event}`);

  const projectOf = async (name) => (await asAdministrator('GET', `/v3/projects?name=${name}`)).body.projects[0].id;
  const roleOf = async (name) => (await asAdministrator('GET', `/v3/roles?display_name=${encodeURIComponent(name)}`)).body.roles[0].id;
  say(`\n2. He grants it a permission in ${destination}, and none in ${source}.`);
  const granted = `/v3.0/OS-AGENCY/projects/${await projectOf(destination)}/agencies/${made.body.agency.id}/roles/`;
  const excessive = await asAdministrator('PUT', `${granted}${await roleOf('Tenant Administrator')}`);
  say(`   Tenant Administrator: ${excessive.status}, with the advice: ${excessive.advice}`);
  say(`   so it is taken away: ${(await asAdministrator('DELETE', `${granted}${await roleOf('Tenant Administrator')}`)).status}`);
  say(`   IMS CrossCopyAgencyPolicy: ${(await asAdministrator('PUT', `${granted}${await roleOf('IMS CrossCopyAgencyPolicy')}`)).status}`);
  say(`\n3. Uma may copy images in ${source} and read them in ${destination} (the groups of bootstrap.json).`);

  await replication('by assume_role, the older way into the legacy agency', 'assumeRole');

  say('\nThe administrator migrates the agency.');
  const { accessKeyId, secretAccessKey } = administrator;
  const { stdout } = spawnSync(process.execPath, [main, 'agency', 'migrate', agencyName, '--apply', '--endpoint', endpoint], {
    encoding: 'utf8', stdio: ['ignore', 'pipe', 2], env: { ...process.env, HUAWEICLOUD_SDK_AK: accessKeyId, HUAWEICLOUD_SDK_SK: secretAccessKey },
  });
  say(stdout.replace(/^/gm, '   '));
  await replication('by AssumeAgency, into the trust agency', 'assumeAgency');

  say('\nWhat the account can see of it in its audit, and who did it:');
  const { body: { events } } = await asAdministrator('GET', '/v1/audit/events?limit=200');
  for (const { trace_id: id, trace_name: name, code, request = '{}', user, decision } of events.toReversed()) {
    const { action } = JSON.parse(request);
    if (!/^(List|Keystone|ListAudit)/.test(name)) say(`   ${id} ${name}${action === undefined ? '' : ` ${action}`} by ${user.principal_urn}: ${code}${code === '403' ? ` ${decision}` : ''}`);
  }

  /** Steps 4 to 9, in both regions. */
  async function replication(how, way) {
    const assume = waysToAssume({ endpoint, credentials: keyOf(ims) })[way];
    const destinations = new Map();
    const image = { id: 'ubuntu', region: source, owner: account, name: 'ubuntu', kind: 'system', format: 'qcow2', encrypted: false, enterpriseProjectId: '0', status: 'active', data: Buffer.from('the data of the image') };
    for (const region of [source, destination]) {
      let app;
      const server = createServer((request, response) => app(request, response)).listen(0, '127.0.0.1');
      servers.push(server);
      await once(server, 'listening');
      const host = `127.0.0.1:${server.address().port}`;
      destinations.set(region, `http://${host}`);
      const verifier = createVerifier({ mode: 'online', issuer, endpoint, service: 'ims', hosts: [host], credentials: keyOf(ims) });
      app = imageService({ region, verifier, assume, destinations, images: new Map(region === source ? [[image.id, image]] : []) });
    }
    say(`\n4. Uma asks the image service of ${source} to replicate an image, with her own key.`);
    const asked = await asUma('POST', `${destinations.get(source)}/v1/cloudimages/ubuntu/cross_region_copy`, { name: 'ubuntu-copy', region: destination, project_name: destination, agency_name: agencyName });
    say(`5. ${asked.status} ${JSON.stringify(asked.body)}`);
    say(`6. to 8. The image service becomes a session of the agency (${how}), and writes the copy in ${destination} as that session.`);
    let job;
    do {
      await setTimeout(500);
      job = await asUma('GET', `${destinations.get(source)}/v1/cloudimages/job/${asked.body.job_id}`);
    } while (['INIT', 'RUNNING'].includes(job.body.status));
    say(`9. Uma polls the job: ${JSON.stringify(job.body)}`);
    const copy = await asUma('GET', `${destinations.get(destination)}/v2/images/${job.body.entities?.image_id}`);
    say(`   and looks at the copy: ${JSON.stringify(copy.body)}`);
    if (job.body.status !== 'SUCCESS') process.exitCode = 1;
  }
}
