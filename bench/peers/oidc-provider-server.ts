// The process of the oidc-provider peer. Parameters: socket of Redis, locations of the modules `oidc-provider` and `ioredis`.
import { generateKeyPairSync } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const [socket = '', providerLocation = '', redisLocation = ''] = process.argv.slice(2);

interface Store {
  set(key: string, value: string, mode: 'EX', seconds: number): Promise<unknown>;
  get(key: string): Promise<string | null>;
  del(key: string): Promise<unknown>;
}
// As far as they are used here; their own types are not installed.
const { default: Provider } = (await import(providerLocation)) as { readonly default: new (issuer: string, configuration: object) => { listen(port: number, host: string, listening: () => void): Server } };
const { Redis } = (await import(redisLocation)) as { readonly Redis: new (options: { readonly path: string; readonly enableAutoPipelining: boolean }) => Store };
const redis = new Redis({ path: socket, enableAutoPipelining: true });

/** The adapter of the documentation, as far as this grant goes. */
class RedisAdapter {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  async upsert(id: string, payload: object, seconds: number): Promise<void> {
    await redis.set(`oidc:${this.#name}:${id}`, JSON.stringify(payload), 'EX', seconds);
  }

  async find(id: string): Promise<unknown> {
    const text = await redis.get(`oidc:${this.#name}:${id}`);
    return text === null ? undefined : (JSON.parse(text) as unknown);
  }

  async destroy(id: string): Promise<void> {
    await redis.del(`oidc:${this.#name}:${id}`);
  }
}

const { privateKey } = generateKeyPairSync('ed25519');
const provider = new Provider('http://127.0.0.1', {
  adapter: RedisAdapter,
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'EdDSA', use: 'sig', kid: 'bench' }] },
  clients: [{
    client_id: 'bench', client_secret: 'bench-secret-bench-secret-bench-secret', grant_types: ['client_credentials'], response_types: [], redirect_uris: [],
    token_endpoint_auth_method: 'client_secret_post', id_token_signed_response_alg: 'EdDSA',
  }],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true, defaultResource: () => 'urn:example:api', useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: 'read', audience: 'urn:example:api', accessTokenTTL: 3600, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'EdDSA' } } }),
    },
  },
  enabledJWA: { idTokenSigningAlgValues: ['EdDSA', 'RS256'] },
});
const server = provider.listen(0, '127.0.0.1', () => {
  // A server that listens on TCP has an address of this form.
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
