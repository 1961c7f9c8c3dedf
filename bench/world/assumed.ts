// One assume call, as any client makes it.
import { requestsOf } from '../load/source.js';
import type { Key, SessionKey } from './world.js';

/** The session that a key gets of an agency; throws what the server answered instead. */
export async function assumed(port: number, key: Key | SessionKey, agencyUrn: string): Promise<SessionKey> {
  const request = requestsOf({ kind: 'assume', keys: [key], agencyUrns: [agencyUrn] }, port)().toString();
  const [head = '', body = ''] = request.split('\r\n\r\n');
  const lines = head.split('\r\n').slice(1).map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]);
  const answer = await fetch(`http://127.0.0.1:${port}/v5/agencies/assume`, { method: 'POST', headers: lines.filter(([name]) => name !== 'host' && name !== 'content-length'), body });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`assuming ${agencyUrn} was answered with ${answer.status}: ${text}`);
  const { credentials } = JSON.parse(text) as { readonly credentials: { readonly access_key_id: string; readonly secret_access_key: string; readonly security_token: string } };
  return { accessKeyId: credentials.access_key_id, secretAccessKey: credentials.secret_access_key, securityToken: credentials.security_token };
}
