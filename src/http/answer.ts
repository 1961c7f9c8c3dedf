// Answers: every one leaves here, with the headers that all have and those that it was given on the way.
import type { Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';

/** What helmet gives to every answer alike: it is asked once, which saves each request a tenth of its time in Express. */
const securityHeaders = headersOf(helmet({ contentSecurityPolicy: { directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] }, useDefaults: false } }));

/** Without the one that keeps other origins from reading. */
const publicSecurityHeaders = securityHeaders.filter((_, index, { [index - (index % 2)]: name }) => name !== 'Cross-Origin-Resource-Policy');

/** Names and values in turn. @param middleware that looks at no request and answers none */
function headersOf(middleware: RequestHandler): readonly string[] {
  const headers = new Map<string, string>();
  const recorder = { setHeader: (name: string, value: string) => headers.set(name, value), removeHeader: (name: string) => headers.delete(name) };
  // Helmet's parts set and remove headers and do nothing else.
  const [request, response]: unknown[] = [{}, recorder];
  void middleware(request as Request, response as Response, (error?: unknown) => {
    if (error instanceof Error) throw error;
  });
  return [...headers].flat();
}

/** For the answer to come, however it turns out. */
export function giveHeader(response: Response, name: string, value: string): void {
  given(response).push(name, value);
}

function given({ locals }: Response): string[] {
  // Nobody else knows of this member.
  return (locals['headers'] ??= []) as string[];
}

/** Answers are one caller's alone: nothing on the way may keep them. */
export function send(response: Response, status: number, body: unknown): void {
  sendText(response, status, 'application/json', JSON.stringify(body));
}

export function sendText(response: Response, status: number, contentType: string, text: string): void {
  // As one list, and the body as a text: Node writes both at once then, without a table of headers in between.
  response.writeHead(status, [...securityHeaders, ...given(response), 'Content-Type', contentType, 'Content-Length', String(Buffer.byteLength(text)), 'Cache-Control', 'no-store']);
  response.end(text);
}

/** For everybody: other origins may read it, and shared caches keep it as long as `cacheControl` says. */
export function sendPublic(response: Response, contentType: string, cacheControl: string, text: string): void {
  response.writeHead(200, [
    ...publicSecurityHeaders, ...given(response), 'Content-Type', contentType, 'Content-Length', String(Buffer.byteLength(text)),
    'Cache-Control', cacheControl, 'Cross-Origin-Resource-Policy', 'cross-origin', 'Access-Control-Allow-Origin', '*',
  ]);
  response.end(text);
}

export function sendNothing(response: Response, status: number): void {
  response.writeHead(status, [...securityHeaders, ...given(response), ...(status === 204 ? [] : ['Content-Length', '0']), 'Cache-Control', 'no-store']);
  response.end();
}
