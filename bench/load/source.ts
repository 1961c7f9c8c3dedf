// Where requests come from: who signs them, and what they ask for; each request is another one.
import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { Key, SessionKey } from '../world/world.js';

export type RequestSource =
  /** Assume calls: keys and agencies in turn, each with another session name. */
  | { readonly kind: 'assume'; readonly keys: readonly (Key | SessionKey)[]; readonly agencyUrns: readonly string[] }
  /** Caller identity: each with another value of a signed header. */
  | { readonly kind: 'identity'; readonly keys: readonly (Key | SessionKey)[] }
  /** Whole requests as they are sent, in turn. */
  | { readonly kind: 'ready'; readonly requests: readonly string[] };

/** Makes the next request, ready for the wire. */
export type NextRequest = () => Buffer;

interface Signer {
  readonly accessKeyId: string;
  readonly key: KeyObject;
  readonly tokenLine: string;
}

export function requestsOf(source: RequestSource, port: number): NextRequest {
  let number = 0;
  if (source.kind === 'ready') {
    const requests = source.requests.map((text) => Buffer.from(text));
    return () => inTurn(requests, number++);
  }
  const host = `127.0.0.1:${port}`;
  const signers = source.keys.map((key): Signer => ({
    accessKeyId: key.accessKeyId, key: createSecretKey(Buffer.from(key.secretAccessKey)),
    tokenLine: 'securityToken' in key ? `x-security-token:${key.securityToken}\n` : '',
  }));
  return () => {
    const at = number++;
    const signer = inTurn(signers, at);
    const name = at.toString(36).padStart(8, '0');
    if (source.kind === 'identity') return signed(signer, 'GET', '/v5/caller-identity', [`host:${host}\n`, `x-request-number:${name}\n`], '');
    const body = JSON.stringify({ agency_urn: inTurn(source.agencyUrns, at), agency_session_name: `bench-${name}` });
    return signed(signer, 'POST', '/v5/agencies/assume', ['content-type:application/json\n', `host:${host}\n`], body);
  };
}

function inTurn<Item>(items: readonly Item[], at: number): Item {
  const item = items[at % items.length];
  if (item === undefined) throw new Error('there is nothing to take in turn');
  return item;
}

/** SDK-HMAC-SHA256 over all headers but those of the connection; `lines` are in the order of their names, before `x-sdk-date`. */
function signed({ accessKeyId, key, tokenLine }: Signer, method: string, path: string, lines: readonly string[], body: string): Buffer {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const ordered = [...lines, `x-sdk-date:${date}\n`, ...(tokenLine === '' ? [] : [tokenLine])];
  const block = ordered.join('');
  const names = ordered.map((line) => line.slice(0, line.indexOf(':'))).join(';');
  const canonical = `${method}\n${path}/\n\n${block}\n${names}\n${createHash('sha256').update(body).digest('hex')}`;
  const toSign = `SDK-HMAC-SHA256\n${date}\n${createHash('sha256').update(canonical).digest('hex')}`;
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  const length = body === '' ? '' : `content-length:${body.length}\r\n`;
  const head = block.replaceAll('\n', '\r\n');
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}${length}authorization:SDK-HMAC-SHA256 Access=${accessKeyId}, SignedHeaders=${names}, Signature=${signature}\r\n\r\n${body}`);
}
