// The Express application: what happens to each request, in order.
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { ApiError } from '../base/api-error.js';
import type { Random } from '../base/clock.js';
import type { StatusPublication } from '../sts/status-publication.js';
import { checkPath } from '../signing/index.js';
import { send } from './answer.js';
import { errorHandler, type Log, type UnidentifiedCall } from './errors.js';
import { serveKeySet, type PublishedKeys } from './key-set.js';
import { serveMetrics, type Metrics } from './metrics.js';
import { openApiDocument } from './openapi.js';
import { iamOperations } from './operations/iam/index.js';
import { legacyOperations } from './operations/legacy/index.js';
import { offlineOperations } from './operations/offline.js';
import { operatorOperations } from './operations/operator.js';
import { oversightOperations } from './operations/oversight/index.js';
import { relyingPartyOperations } from './operations/relying-parties.js';
import { simulateOperations } from './operations/simulate.js';
import { stsOperations } from './operations/sts.js';
import { routePath } from './operation.js';
import { serve, type Door } from './pipeline.js';
import type { RateCounter } from '../sts/services.js';
import { accessKeyLimit, addressLimit } from './rate-limit.js';
import { readBody, refuseOddContent } from './received-body.js';
import { giveRequestId } from './request-id.js';
import { serveEpochList, serveStatusList } from './status-lists.js';

export interface AppParts {
  readonly door: Omit<Door, 'limitAccessKey'>;
  readonly random: Random;
  readonly limits: Readonly<Record<'address' | 'accessKey', { readonly perMinute: number; readonly counter: RateCounter }>>;
  /** Express's `trust proxy` setting; false: addresses are those of the sockets. */
  readonly trustProxy: boolean | number | string;
  /** Whether calls can be served now, and if not, why. */
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: () => Promise<Metrics>;
  readonly publishedKeys: PublishedKeys;
  readonly publishedStatus: StatusPublication;
  readonly log: Log;
  readonly countUnidentified: (call: UnidentifiedCall) => void;
}

export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

export const operations = [...stsOperations, ...simulateOperations, ...relyingPartyOperations, ...offlineOperations, ...iamOperations, ...legacyOperations, ...operatorOperations, ...oversightOperations];

export function createApp(parts: AppParts): Express {
  const { limits } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('case sensitive routing', true);
  app.set('query parser', false);
  app.set('trust proxy', parts.trustProxy);

  app.use(giveRequestId(parts.random));
  app.get('/healthz', (_request, response) => send(response, 200, { status: 'alive' }));
  app.get('/readyz', answerReadiness(parts));
  app.get('/metrics', serveMetrics(parts.metrics));
  app.use(refuseOddPath);
  app.get('/.well-known/jwks.json', serveKeySet(parts.publishedKeys));
  app.get('/openapi.json', (_request, response) => send(response, 200, document));
  app.use(refuseOddContent);
  app.use(addressLimit(limits.address.perMinute, limits.address.counter));
  app.get('/v1/status-lists/:list_id', exactMethod('get'), serveStatusList(parts.publishedStatus));
  app.get('/v1/epochs/:account_id/:handle', exactMethod('get'), serveEpochList(parts.publishedStatus));
  app.use(readBody);
  const door: Door = { ...parts.door, limitAccessKey: accessKeyLimit(limits.accessKey.perMinute, limits.accessKey.counter) };
  for (const operation of operations) app[operation.method](routePath(operation), exactMethod(operation.method), serve(door, operation));
  app.use((request: Request) => {
    throw new ApiError('noSuchApi', `no such API: ${request.method} on this path`);
  });
  app.use(errorHandler(parts.log, parts.countUnidentified));
  return app;
}

const document = openApiDocument(operations);

/** INVARIANT: what was signed is what is routed: a target that two readers could read in two ways is no API of ours. */
const refuseOddPath: RequestHandler = (request, _response, next) => {
  const refusal = checkPath(request.originalUrl);
  if (refusal !== undefined) throw new ApiError('noSuchApi', 'no such API: the path must be plain, without escapes, dot segments or empty segments');
  next();
};

/** Express answers HEAD with the handler of GET where no operation has that method; none is meant so. */
const exactMethod = (method: string) => (request: Pick<Request, 'method'>, _response: unknown, next: NextFunction): void => {
  if (request.method.toLowerCase() !== method) throw new ApiError('noSuchApi', `no such API: ${request.method} on this path`);
  next();
};

function answerReadiness({ readiness }: AppParts) {
  return async (_request: Request, response: Response): Promise<void> => {
    const { ready, reasons, warnings } = await readiness();
    send(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', reasons, warnings });
  };
}
