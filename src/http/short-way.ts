// The short way to operations: what is asked for by a plain path is looked up, in place of a walk along all routes.
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Operation } from './operation.js';

export interface ServedOperation {
  readonly operation: Pick<Operation, 'method' | 'path'>;
  readonly handler: RequestHandler;
}

/**
 * Takes requests of exactly the method and the path of an operation, without parameters and without a query, through
 * the steps to its handler; all others go on along the routes, through the same steps. Twelve layers of Express less
 * are a twentieth of an AssumeAgency call.
 */
export function shortWay(steps: readonly RequestHandler[], served: readonly ServedOperation[]): RequestHandler {
  const plain = served.filter(({ operation: { path } }) => !path.includes('{'));
  const ways = new Map(plain.map(({ operation: { method, path }, handler }) => [`${method.toUpperCase()} ${path}`, [...steps, handler]]));
  return (request, response, next) => {
    const way = ways.get(`${request.method} ${request.originalUrl}`);
    if (way === undefined) next();
    else take(way, 0, request, response, next);
  };
}

function take(way: readonly RequestHandler[], at: number, request: Request, response: Response, refuse: NextFunction): void {
  const step = way[at];
  // The last one answers.
  if (step === undefined) return;
  const next = (error?: unknown): void => {
    if (error === undefined) take(way, at + 1, request, response, refuse);
    else refuse(error);
  };
  try {
    const work: unknown = step(request, response, next);
    if (work instanceof Promise) work.catch(refuse);
  } catch (error) {
    refuse(error);
  }
}
