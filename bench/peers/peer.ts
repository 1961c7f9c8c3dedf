// What other servers of this kind are asked for: the nearest they have to AssumeAgency, each with its own requests.
import type { Measured } from '../harness/servers.js';
import type { RequestSource } from '../load/source.js';

export interface RunningPeer {
  readonly server: Measured;
  readonly source: RequestSource;
  readonly version: string;
  /** Status of an answer as it should be; 200 if absent. */
  readonly answer?: number;
}

export interface Peer {
  readonly name: string;
  /** What it is asked for. */
  readonly call: string;
  /** A text where it cannot be run here: why, and what to install. */
  start(core: number | undefined): Promise<RunningPeer | string>;
}

/** Requests that are made once and taken in turn: peers neither remember nor refuse what came before. */
export const distinctRequests = 2000;

export const manyRequests = (make: (number: number) => string): Extract<RequestSource, { readonly kind: 'ready' }> =>
  ({ kind: 'ready', requests: Array.from({ length: distinctRequests }, (_, number) => make(number)) });

/** A form post on a connection that stays. @param headers whole lines */
export const formPost = (port: number, path: string, headers: readonly string[], form: Readonly<Record<string, string>>): string => {
  const body = new URLSearchParams(form).toString();
  return [`POST ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`, 'content-type: application/x-www-form-urlencoded', `content-length: ${body.length}`, ...headers, '', body].join('\r\n');
};
