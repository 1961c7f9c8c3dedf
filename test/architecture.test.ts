// The rooms and their floors: a room imports only from floors below it, and secrets of a room stay in it.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = new URL('../src/', import.meta.url).pathname;

/** Room → floor. `sts` stands above `sessions` and `audit`, and `base` below everything. */
const floors: Readonly<Record<string, number>> = {
  base: 0, urn: 1, policy: 1, signing: 1, tlog: 1, status: 1, catalogue: 2, client: 2, verify: 2, keyring: 2, directory: 3, sessions: 4, audit: 4, sts: 5, iam: 6, oversight: 7, redis: 7, http: 8, cli: 8, service: 9, 'main.ts': 10,
};

async function sources(): Promise<{ file: string; room: string; text: string; imports: string[] }[]> {
  const files = (await readdir(root, { recursive: true })).filter((file) => file.endsWith('.ts'));
  return Promise.all(files.map(async (file) => {
    const text = await readFile(join(root, file), 'utf8');
    const imports = [...text.matchAll(/(?:from|import\() ?'([^']+)'/g)].map((match) => match[1] ?? '');
    return { file, room: file.split(sep)[0] ?? '', text, imports };
  }));
}

const roomOf = (file: string, imported: string): string => relative(root, join(root, file, '..', imported)).split(sep)[0] ?? '';

describe('the rooms', () => {
  it('have a floor each', async () => {
    const rooms = new Set((await sources()).map(({ room }) => room));
    expect([...rooms].filter((room) => !Object.hasOwn(floors, room))).toEqual([]);
  });

  it('import only from floors below', async () => {
    const upwards = (await sources()).flatMap(({ file, room, imports }) =>
      imports.filter((name) => name.startsWith('.')).map((name) => roomOf(file, name))
        .filter((other) => other !== room && (floors[other] ?? 99) >= (floors[room] ?? -1)).map((other) => `${file} imports from ${other}`));
    expect(upwards).toEqual([]);
  });

  it.each([
    ['express', ['http']], ['express-rate-limit', ['http']], ['helmet', ['http']], ['ioredis', ['redis', 'service']], ['commander', ['cli', 'service', 'main.ts']], ['jose', ['keyring', 'client', 'verify']],
  ])('only those that may know %s import it', async (library, rooms) => {
    const others = (await sources()).filter(({ room, imports }) => imports.some((name) => name === library || name.startsWith(`${library}/`)) && !rooms.includes(room));
    expect(others.map(({ file }) => file)).toEqual([]);
  });

  it.each([
    ['client', ['base', 'urn', 'signing'], []], ['verify', ['base', 'urn', 'signing', 'policy', 'status'], ['jsonc-parser', 'ipaddr.js']],
  ])('that users import has nothing behind it but rooms of the bottom, what they stand on, and Node itself: %s', async (room, below, more) => {
    const all = new Map((await sources()).map((source) => [source.file, source]));
    const behind = new Set<string>();
    const libraries = new Set<string>();
    const follow = (file: string): void => {
      if (behind.has(file)) return;
      behind.add(file);
      for (const name of all.get(file)?.imports ?? []) {
        if (name.startsWith('.')) follow(relative(root, join(root, file, '..', name)).replace(/\.js$/, '.ts'));
        else if (!name.startsWith('node:')) libraries.add(name);
      }
    };
    follow(`${room}/index.ts`);
    expect([...behind].filter((file) => !all.has(file))).toEqual([]);
    expect(new Set([...behind].map((file) => file.split(sep)[0]))).toEqual(new Set([room, ...below]));
    expect([...libraries].filter((name) => name !== 'jose').sort()).toEqual([...more].sort());
  });

  it('of the bottom take no time and no randomness from the machine', async () => {
    const pure = new Set(['urn', 'policy', 'signing', 'tlog', 'status', 'catalogue', 'directory', 'sessions', 'audit', 'sts', 'iam', 'oversight']);
    const impure = (await sources()).filter(({ room, text }) => pure.has(room) && /Date\.now\(|new Date\(\)|Math\.random\(|randomBytes\(/.test(text));
    expect(impure.map(({ file }) => file)).toEqual([]);
  });
});
