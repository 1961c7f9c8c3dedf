// What the tests of reading the audit share: pages, and an independent check of proofs.
import { createHash, createPublicKey, verify } from 'node:crypto';
import type { Answer, Credentials, TestService } from '../support/service.js';

export type Item = Readonly<Record<string, unknown>>;

export const list = (service: TestService, credentials: Credentials, query = ''): Promise<Answer> => service.call(credentials, 'GET', `/v1/audit/events${query === '' ? '' : `?${query}`}`);

export function itemsOf(answer: Answer): readonly Item[] {
  const { events } = answer.body;
  if (!Array.isArray(events)) throw new Error(`${answer.status} ${JSON.stringify(answer.body)} has no events`);
  return events as readonly Item[];
}

/** The markers of a page. */
export const pageOf = (answer: Answer): { readonly next_marker?: string; readonly resume_marker?: string; readonly current_count: number } =>
  // The schema of the answer says so.
  answer.body['page_info'] as { readonly next_marker?: string; readonly resume_marker?: string; readonly current_count: number };

export async function allItems(service: TestService, credentials: Credentials, query: string, between: () => Promise<unknown> = () => Promise.resolve()): Promise<readonly Item[]> {
  const all: Item[] = [];
  for (let marker: string | undefined, pages = 0; pages < 500; pages += 1) {
    const answer = await list(service, credentials, marker === undefined ? query : `${query}&marker=${marker}`);
    all.push(...itemsOf(answer));
    marker = pageOf(answer).next_marker;
    if (marker === undefined) return all;
    await between();
  }
  throw new Error('the list has no end');
}

/** Of the trace form. */
export const userOf = (item: Item): Item => item['user'] as Item;

export const idsOf = (items: readonly Item[]): readonly string[] => items.map((item) => String(item['trace_id']));

/** Checks a proof from the documents alone: RFC 6962 §2.1.1, signed notes, checkpoints and proofs of C2SP. Gives the entry and the size of the log. */
export function proved(file: unknown, verifierKey: string): { readonly entry: string; readonly origin: string; readonly size: number } {
  const { entry, proof } = file as { readonly entry: string; readonly proof: string };
  const sha = (...parts: readonly Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
  const [head = '', body = '', signatures = ''] = proof.split('\n\n');
  const [version, index = '', ...hashes] = head.split('\n');
  if (version !== 'c2sp.org/tlog-proof@v1') throw new Error('another version');
  const [origin = '', size = '', root = ''] = body.split('\n');

  const signature = Buffer.from(/^— (\S+) (\S+)\n?$/.exec(signatures)?.[2] ?? '', 'base64');
  const rawKey = Buffer.from(verifierKey.slice(verifierKey.indexOf('+', verifierKey.indexOf('+') + 1) + 1), 'base64').subarray(1);
  const key = createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), rawKey]), format: 'der', type: 'spki' });
  if (!verify(null, Buffer.from(`${body}\n`), key, signature.subarray(4))) throw new Error('the signature is wrong');

  // RFC 9162 §2.1.3.2.
  let [fn, sn] = [Number(index.slice('index '.length)), Number(size) - 1];
  let hash = sha(Buffer.of(0), Buffer.from(entry, 'base64'));
  for (const text of hashes) {
    const other = Buffer.from(text, 'base64');
    if (fn % 2 === 1 || fn === sn) {
      hash = sha(Buffer.of(1), other, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else hash = sha(Buffer.of(1), hash, other);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  if (sn !== 0 || hash.toString('base64') !== root) throw new Error('the hashes do not lead to the root');
  return { entry: Buffer.from(entry, 'base64').toString(), origin, size: Number(size) };
}
