// Signs requests for `fetch` with whatever credentials a provider has at the moment.
import { readHeaderText, signRequest, type SignatureAlgorithm } from '../signing/index.js';
import type { CredentialProvider } from './provider.js';

export interface SignerOptions {
  /** SDK-HMAC-SHA256 if absent. */
  readonly algorithm?: SignatureAlgorithm | undefined;
  /** For V11-HMAC-SHA256. */
  readonly region?: string | undefined;
  readonly service?: string | undefined;
  /** Milliseconds since the epoch; the provider's `now`, else that of the machine, if absent. */
  readonly now?: (() => number) | undefined;
}

type Sign = (input: string | URL | Request, init?: RequestInit) => Promise<Request>;

/**
 * The request as `fetch` takes it, signed: what `fetch` adds later is not signed. A body is read whole, since its hash is signed.
 * A redirect is an error, or the answer with `redirect: 'manual'`: followed, it would take the security token elsewhere.
 * Rejects with a CredentialsError when there are no credentials, and with an Error for what cannot be signed.
 */
export function requestSigner(provider: CredentialProvider & { now?(): number }, options: SignerOptions = {}): Sign {
  const now = options.now ?? (() => provider.now?.() ?? Date.now());
  return async (input, init) => {
    const request = new Request(input, init);
    const body = Buffer.from(await request.arrayBuffer());
    const { accessKeyId, secretAccessKey, securityToken } = await provider.get({ signal: request.signal });
    const { algorithm, region, service } = options;
    const { host: _host, ...headers } = signRequest({
      method: request.method,
      url: request.url,
      headers: Object.fromEntries([...request.headers].map(([name, value]) => [name, readHeaderText(value)])),
      body,
      accessKeyId,
      secretAccessKey,
      ...(securityToken !== undefined && { securityToken }),
      ...(algorithm !== undefined && { algorithm }),
      ...(region !== undefined && { region }),
      ...(service !== undefined && { service }),
      date: new Date(now()),
    });
    const redirect = request.redirect === 'manual' ? 'manual' : 'error';
    return new Request(request.url, { method: request.method, headers, redirect, signal: request.signal, ...(body.length > 0 && { body }) });
  };
}

/** `fetch` for a service that verifies such signatures. */
export function signedFetch(provider: CredentialProvider & { now?(): number }, options: SignerOptions = {}): (input: string | URL | Request, init?: RequestInit) => Promise<Response> {
  const sign = requestSigner(provider, options);
  return async (input, init) => await fetch(await sign(input, init));
}
