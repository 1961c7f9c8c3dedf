// Settings: what the README promises is what the service reads, and the bootstrap file's schema is its parser's.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bootstrapFile } from '../../src/directory/bootstrap-file.js';
import { readSettings, settingsSchema } from '../../src/service/settings.js';

const root = new URL('../../', import.meta.url);

const asText = (value: unknown): string => (typeof value === 'boolean' ? String(Number(value)) : String(value));

describe('the table in the README', () => {
  it('lists exactly the settings that exist, with their defaults', async () => {
    const rows = [...(await readFile(new URL('README.md', root), 'utf8')).matchAll(/^\| `(STS_\w+)` \| (.*?) \|/gm)];
    expect(rows.map((row) => row[1])).toEqual(Object.keys(settingsSchema.shape));
    const defaults = readSettings({}) as Readonly<Record<string, unknown>>;
    for (const [, name = '', shown = ''] of rows) {
      const value = /^`(.*)`$/.exec(shown)?.[1];
      if (value === undefined || name.endsWith('_DIR')) continue;
      expect([name, asText(defaults[name])]).toEqual([name, value]);
    }
  });
});

describe('the JSON Schema of the bootstrap file', () => {
  it('is what the parser accepts', async () => {
    const schema = z.toJSONSchema(bootstrapFile, { io: 'input' });
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot('../../config/bootstrap.schema.json');
  });
});
