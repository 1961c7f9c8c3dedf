// One keep-alive connection of the load generator: sends ready requests, and reads of each answer its status and its end.
import { connect, type Socket } from 'node:net';

export interface Connection {
  /** One request at a time. */
  send(request: Buffer): void;
  close(): void;
}

const headEnd = Buffer.from('\r\n\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');

/** @param answered with the status, or 0 where the connection broke before the answer was whole; the next request gets a new one */
export function openConnection(port: number, answered: (status: number) => void): Connection {
  let socket: Socket | undefined;
  let isWaiting = false;
  let received: Buffer = Buffer.alloc(0);

  function open(): Socket {
    const opened = connect(port, '127.0.0.1');
    opened.setNoDelay(true);
    opened.on('data', read);
    opened.on('error', () => undefined);
    opened.on('close', () => {
      if (socket !== opened) return;
      socket = undefined;
      finish(0);
    });
    return opened;
  }

  function finish(status: number): void {
    received = Buffer.alloc(0);
    if (!isWaiting) return;
    isWaiting = false;
    answered(status);
  }

  function read(chunk: Buffer): void {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const end = received.indexOf(headEnd);
    if (end < 0) return;
    const head = received.toString('latin1', 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const isWhole = length === undefined ? endsInChunks(head) : received.length >= end + 4 + Number(length);
    if (!isWhole) return;
    if (/\r\nconnection: *close/i.test(head)) {
      const closing = socket;
      socket = undefined;
      closing?.destroy();
    }
    finish(Number(head.slice(9, 12)));
  }

  const endsInChunks = (head: string): boolean => /\r\ntransfer-encoding: *chunked/i.test(head) && received.subarray(-lastChunk.length).equals(lastChunk);

  return {
    send(request) {
      isWaiting = true;
      socket ??= open();
      socket.write(request);
    },
    close() {
      const closing = socket;
      socket = undefined;
      closing?.destroy();
    },
  };
}
