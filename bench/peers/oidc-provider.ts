// node-oidc-provider: a client-credentials grant with a JWT access token, its state in Redis; no request signature and no policy.
import { mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startEmbeddedRedis } from '../../src/redis/embedded/index.js';
import { endChild, launch, newFolder, toldPort } from '../harness/children.js';
import { pinned, processTree } from '../harness/machine.js';
import { formPost, manyRequests, type Peer } from './peer.js';

/** Set to a folder in which `npm install oidc-provider ioredis` was run. */
const folderVariable = 'BENCH_PEER_MODULES';
const serverProgram = fileURLToPath(new URL('oidc-provider-server.js', import.meta.url));

export const oidcProvider: Peer = {
  name: 'oidc-provider',
  call: 'POST /token, client_credentials, JWT (EdDSA), Redis adapter',
  async start(core) {
    const modules = process.env[folderVariable];
    if (modules === undefined || !existsSync(join(modules, 'node_modules', 'oidc-provider'))) return `set ${folderVariable} to a folder in which \`npm install oidc-provider ioredis\` was run`;
    const require = createRequire(join(modules, 'package.json'));
    const folder = await newFolder();
    await mkdir(join(folder.path, 'redis'));
    const redis = await startEmbeddedRedis({ dataDir: join(folder.path, 'redis'), log: () => undefined });
    const locations = ['oidc-provider', 'ioredis'].map((name) => pathToFileURL(require.resolve(name)).href);
    const child = launch(pinned(core, [process.execPath, serverProgram, redis.socketPath, ...locations]), { NODE_ENV: 'production' }, () => true);
    const port = await toldPort(child);
    const { version } = require('oidc-provider/package.json') as { readonly version: string };
    return {
      version,
      server: {
        port, pids: () => processTree(child.pid ?? 0), redisPids: () => processTree(redis.pid),
        async stop() {
          await endChild(child);
          await redis.stop();
          await folder.remove();
        },
      },
      source: manyRequests((number) => formPost(port, '/token', [`x-request-number: ${number}`], {
        grant_type: 'client_credentials', client_id: 'bench', client_secret: 'bench-secret-bench-secret-bench-secret', resource: 'urn:example:api',
      })),
    };
  },
};
