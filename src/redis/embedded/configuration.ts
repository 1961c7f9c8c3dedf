// Writes the embedded server's configuration: durable on every write, never evicting, reachable by its owner only.
import { rename, writeFile } from 'node:fs/promises';
import type { Places } from './places.js';

export async function writeConfiguration(places: Places, socketPath: string): Promise<void> {
  const lines: readonly (readonly [name: string, value: string])[] = [
    ['port', '0'],
    ['unixsocket', quoted(socketPath)],
    ['unixsocketperm', '700'],
    ['dir', quoted(places.folder)],
    ['pidfile', quoted(places.pidFile)],
    ['daemonize', 'no'],
    ['supervised', 'no'],
    ['always-show-logo', 'no'],
    ['appendonly', 'yes'],
    ['appendfsync', 'always'],
    ['no-appendfsync-on-rewrite', 'no'],
    ['aof-use-rdb-preamble', 'yes'],
    // A server that was killed may have written half a command: that one was never acknowledged, all before it were.
    ['aof-load-truncated', 'yes'],
    ['save', '""'],
    ['stop-writes-on-bgsave-error', 'yes'],
    ['maxmemory', '0'],
    ['maxmemory-policy', 'noeviction'],
  ];
  const text = `# Written anew at every start: changes made here are lost.\n${lines.map((line) => line.join(' ')).join('\n')}\n`;
  // Renamed into place, so that the mode is ours even if an older file had another.
  const temporary = `${places.configurationFile}.new`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, places.configurationFile);
}

function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}"`;
}
