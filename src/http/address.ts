// The address that a request came from, as limits, policies and the audit know it.
import type { Request, Response } from 'express';

/** Found out once per request: behind proxies it is read from headers. IPv4 of a dual-stack socket in its own form. */
export function addressOf(request: Request, { locals }: Response): string {
  const known: unknown = locals['address'];
  if (typeof known === 'string') return known;
  const ip = socketAlone(request) ? (request.socket.remoteAddress ?? '') : (request.ip ?? '');
  const address = ip.startsWith('::ffff:') && ip.includes('.') ? ip.slice('::ffff:'.length) : ip;
  locals['address'] = address;
  return address;
}

/** Where no proxy is trusted Express comes to the same, by way of all forwarded addresses. */
const socketAlone = ({ app }: Request): boolean => app.get('trust proxy') === false;
