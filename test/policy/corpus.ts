// Reads the corpus of test/policy-corpus/: its files, their kinds of cases, and values that JSON cannot write.
import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ConditionValue } from '../../src/policy/index.js';

const kinds = z.enum(['identity', 'trust', 'session', 'service-control', 'role', 'legacy-session']);

/** Dates and numbers that JSON cannot write are objects. */
const contextValue = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.array(z.string()),
  z.strictObject({ date: z.string() }),
  z.strictObject({ number: z.enum(['NaN', 'Infinity']) }),
]);
const context = z.record(z.string(), contextValue);
export type CorpusContext = z.infer<typeof context>;

/** `unknown`: evaluating fails, so an Allow must not take effect and a Deny must. */
const outcome = z.union([z.boolean(), z.literal('unknown')]);
export type Outcome = z.infer<typeof outcome>;

const principal = z.strictObject({
  kind: z.enum(['root', 'user', 'agency-session', 'service', 'federated']),
  urn: z.string(),
  accountId: z.string(),
  agencyUrn: z.string().exactOptional(),
  servicePrincipal: z.string().exactOptional(),
});
const partialStatement = z.record(z.string(), z.unknown());
const statements = z.array(partialStatement);
const rule = z.string();

const failed = z.strictObject({
  policy: z.string(),
  statement: z.number(),
  sid: z.string().exactOptional(),
  operator: z.string(),
  key: z.string(),
  expected: z.array(z.string()),
  actual: z.union([z.string(), z.array(z.string())]).exactOptional(),
});
const expected = z.strictObject({
  allowed: z.boolean(),
  side: z.enum(['identity', 'session', 'service-control', 'trust']),
  effect: z.enum(['allow', 'explicit-deny', 'implicit-deny']),
  statement: z.strictObject({ policy: z.string(), index: z.number(), sid: z.string().exactOptional() }).exactOptional(),
  failed: z.array(failed).exactOptional(),
});
export type Expected = z.infer<typeof expected>;

const documentFields = {
  rule,
  policy: kinds,
  document: z.unknown().optional(),
  text: z.string().optional(),
  /** The character that replaces `<pad>` until the text has `padTo` characters. */
  pad: z.string().length(1).optional(),
  padTo: z.number().optional(),
};

const head = { about: z.string(), spec: z.string() };
const file = z.discriminatedUnion('kind', [
  z.strictObject({ ...head, kind: z.literal('condition'), cases: z.array(z.strictObject({ rule, condition: z.record(z.string(), z.unknown()), context, holds: outcome })) }),
  z.strictObject({
    ...head,
    kind: z.literal('cover'),
    cases: z.array(z.strictObject({ rule, statement: partialStatement, action: z.string(), resource: z.string().nullable(), context: context.optional(), covers: outcome })),
  }),
  z.strictObject({ ...head, kind: z.literal('trust-cover'), cases: z.array(z.strictObject({ rule, statement: partialStatement, principal, covers: z.boolean() })) }),
  z.strictObject({
    ...head,
    kind: z.literal('decision'),
    cases: z.array(
      z.strictObject({
        rule,
        principal,
        action: z.string(),
        resource: z.string().nullable(),
        identity: z.array(statements),
        session: statements.optional(),
        sessionIds: z.array(statements).optional(),
        scp: z.array(statements).optional(),
        context: context.optional(),
        expect: expected,
      }),
    ),
  }),
  z.strictObject({
    ...head,
    kind: z.literal('trust-decision'),
    cases: z.array(z.strictObject({ rule, principal, action: z.string(), agency: z.string(), trust: statements, context: context.optional(), expect: expected })),
  }),
  z.strictObject({ ...head, kind: z.literal('refused'), cases: z.array(z.strictObject({ ...documentFields, pointer: z.string(), error: z.string(), says: z.string().optional() })) }),
  z.strictObject({ ...head, kind: z.literal('accepted'), cases: z.array(z.strictObject({ ...documentFields, canonical: z.string().optional() })) }),
  z.strictObject({
    ...head,
    kind: z.literal('lint'),
    cases: z.array(
      z.strictObject({
        ...documentFields,
        own: z.string().optional(),
        known: z.array(z.string()).optional(),
        findings: z.array(z.strictObject({ rule: z.string(), pointer: z.string() })),
      }),
    ),
  }),
]);
export type CorpusFile = z.infer<typeof file> & { readonly name: string };

const folder = new URL('../policy-corpus/', import.meta.url);

export function readCorpus(): readonly CorpusFile[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => ({ name, ...file.parse(JSON.parse(readFileSync(new URL(name, folder), 'utf8'))) }));
}

export function contextEntries(given: CorpusContext = {}): (readonly [string, ConditionValue])[] {
  return Object.entries(given).map(([name, value]) => {
    if (typeof value !== 'object' || Array.isArray(value)) return [name, value];
    return [name, 'date' in value ? new Date(value.date) : Number(value.number)];
  });
}

export function documentText(given: { readonly document?: unknown; readonly text?: string | undefined; readonly pad?: string | undefined; readonly padTo?: number | undefined }): string {
  const text = given.text ?? JSON.stringify(given.document);
  if (given.pad === undefined || given.padTo === undefined) return text;
  return text.replace('<pad>', given.pad.repeat(given.padTo - text.length + '<pad>'.length));
}
