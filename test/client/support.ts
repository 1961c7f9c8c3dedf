// What the tests of this room share: the real service behind a gate that can be shut, and providers that live by its clock.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { agencyCredentials, type AgencyCredentials, type AgencyCredentialsOptions } from '../../src/client/index.js';
import { accounts, agencies, keys } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';

/** `hung`: connections are taken and nothing is answered. */
export type GateState = 'open' | 'shut' | 'hung';

export interface GatedService {
  readonly service: TestService;
  /** Where the gate is. */
  readonly endpoint: string;
  gate: GateState;
  /** Paths of the requests that reached the service since the last call of this. */
  reached(): readonly string[];
  /** A provider with alice's key, through the gate, by the service's clock. */
  provider(options?: Partial<AgencyCredentialsOptions>): AgencyCredentials;
  stop(): Promise<void>;
}

export const threeHops = [agencies.first, agencies.second, agencies.third];

export async function gatedService(file: object = accounts): Promise<GatedService> {
  const service = await startService(file);
  let seen: string[] = [];
  service.server.prependListener('request', (request, response) => {
    seen.push(request.url ?? '');
    // Node writes the time of the machine, which the test has moved.
    response.setHeader('Date', new Date(service.clock.now()).toUTCString());
  });
  const { port } = service.server.address() as AddressInfo; // A TCP server has no other kind of address.
  const sockets = new Set<Socket>();
  const proxy = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    if (gated.gate === 'shut') socket.destroy();
    if (gated.gate !== 'open') return;
    const behind = connect(port, '127.0.0.1').on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('close', () => behind.destroy()).pipe(behind).pipe(socket);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`; // As above.
  let gate: GateState = 'open';
  const gated: GatedService = {
    service,
    endpoint,
    get gate() {
      return gate;
    },
    set gate(state) {
      gate = state;
      // Also those that wait for the next request.
      for (const socket of sockets) socket.destroy();
    },
    reached() {
      const paths = seen;
      seen = [];
      return paths;
    },
    provider: (options = {}) => agencyCredentials({ agencies: threeHops, endpoint, source: keys.alice, clock: service.clock, random: () => 0, ...options }),
    async stop() {
      gated.gate = 'shut';
      await new Promise((resolve) => proxy.close(resolve));
      await service.stop();
    },
  };
  return gated;
}

export const assumes = (count: number): readonly string[] => Array.from({ length: count }, () => '/v5/agencies/assume');

/** Whether the service takes the credentials, by its own clock. */
export async function works({ service }: GatedService, { accessKeyId, secretAccessKey, securityToken }: Credentials | Awaited<ReturnType<AgencyCredentials['get']>>): Promise<boolean> {
  const { status } = await service.identity({ accessKeyId, secretAccessKey, ...(securityToken !== undefined && { securityToken }) });
  return status === 200;
}

/** Real time for what runs beside the test. */
export async function until(isReached: () => boolean): Promise<void> {
  for (let waited = 0; !isReached(); waited += 2) {
    if (waited > 5000) throw new Error('it did not come to that');
    await sleep(2);
  }
}
