// Finds the running embedded server of a data folder, for command line tools that attach to it.
import { currentSocketPath, existingPlaces } from './places.js';
import { identifyServer, isReady } from './probe.js';

export async function findEmbeddedRedis(dataDir: string): Promise<{ readonly socketPath: string } | undefined> {
  const places = await existingPlaces(dataDir);
  if (places === undefined) return undefined;
  const socketPath = await currentSocketPath(places);
  if (socketPath === undefined) return undefined;
  const server = await identifyServer(socketPath);
  // A restored or copied data folder may hold a pointer to the socket of another one's server.
  if (server?.folder !== places.folder) return undefined;
  return (await isReady(socketPath)) ? { socketPath } : undefined;
}
