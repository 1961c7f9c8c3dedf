// OpenStack Keystone: a token for another scope (POST /v3/auth/tokens with a token), Fernet, two uwsgi processes; it writes nothing per call.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endChild, freePort, launch, newFolder, waitUntilAnswering } from '../harness/children.js';
import { processTree } from '../harness/machine.js';
import { manyRequests, type Peer } from './peer.js';
import { haveAll, must } from './programs.js';

const password = 'bench-password';

export const keystone: Peer = {
  name: 'keystone',
  call: 'POST /v3/auth/tokens (rescope of a token, two processes, unpinned)',
  async start() {
    if (!(await haveAll('keystone-manage', 'keystone-wsgi-public', 'uwsgi'))) return 'not installed (Debian: apt-get install keystone uwsgi-core uwsgi-plugin-python3)';
    const folder = await newFolder();
    const at = (...parts: readonly string[]): string => join(folder.path, ...parts);
    try {
      const port = await freePort();
      await Promise.all(['fernet', 'credential'].map((name) => mkdir(at(name), { mode: 0o700 })));
      await writeFile(at('keystone.conf'), configuration(folder.path));
      const manage = (...parameters: readonly string[]): Promise<string> => must('keystone-manage', ['--config-file', at('keystone.conf'), ...parameters]);
      const owner = await must('id', ['-un']);
      const owned = ['--keystone-user', owner, '--keystone-group', await must('id', ['-gn'])];
      await manage('db_sync');
      await manage('fernet_setup', ...owned);
      await manage('credential_setup', ...owned);
      const url = `http://127.0.0.1:${port}/v3`;
      await manage('bootstrap', '--bootstrap-password', password, '--bootstrap-public-url', url, '--bootstrap-region-id', 'one');
      const program = await must('sh', ['-c', 'command -v keystone-wsgi-public']);
      const child = launch([
        'uwsgi', '--plugins', 'python3', '--http-socket', `127.0.0.1:${port}`, '--processes', '2', '--threads', '1', '--listen', '100', '--master', '--die-on-term', '--disable-logging', '--wsgi-file', program,
      ], { OS_KEYSTONE_CONFIG_DIR: folder.path, OS_KEYSTONE_CONFIG_FILES: 'keystone.conf' }, () => true);
      await waitUntilAnswering(child, url, (status) => status === 200);
      const token = await passwordToken(url);
      const body = JSON.stringify({ auth: { identity: { methods: ['token'], token: { id: token } }, scope: { project: { name: 'admin', domain: { id: 'default' } } } } });
      return {
        version: await must('keystone-manage', ['--version']).catch(() => 'unknown'),
        server: {
          port, pids: () => processTree(child.pid ?? 0), redisPids: () => [],
          async stop() {
            await endChild(child);
            await folder.remove();
          },
        },
        // A uwsgi process serves one connection until it ends.
        source: { ...manyRequests((number) => [
          'POST /v3/auth/tokens HTTP/1.1', `host: 127.0.0.1:${port}`, 'content-type: application/json', `content-length: ${body.length}`, `x-request-number: ${number}`, 'connection: close', '', body,
        ].join('\r\n')), closes: true },
        answer: 201,
      };
    } catch (error) {
      await folder.remove();
      return `it could not be started: ${error instanceof Error ? error.message : String(error)}`;
    }
  },
};

async function passwordToken(url: string): Promise<string> {
  const user = { name: 'admin', domain: { id: 'default' }, password };
  const answer = await fetch(`${url}/auth/tokens`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } } } }) });
  const token = answer.headers.get('x-subject-token');
  if (token === null) throw new Error(`the token of the user was answered with ${answer.status}`);
  return token;
}

/** The cheapest hash that it allows: hashing passwords is not what is compared. */
const configuration = (folder: string): string => `[DEFAULT]
log_file =
use_stderr = false
[database]
connection = sqlite:///${folder}/keystone.db
[token]
provider = fernet
[fernet_tokens]
key_repository = ${folder}/fernet
[credential]
key_repository = ${folder}/credential
[identity]
password_hash_rounds = 4
`;
