// The results as a text for readers.
import type { SuiteResult } from '../suites/suite.js';
import type { Comparison, VariantResult } from './compare.js';

export function textOf(result: SuiteResult): string {
  const lines = [`${result.suite}: ${result.about} (${result.seconds.toFixed(0)} s)`, ...result.comparisons.flatMap(comparisonLines)];
  for (const { name, value, unit } of result.figures) lines.push(`  ${name}: ${rounded(value)}${unit === '' ? '' : ` ${unit}`}`);
  for (const note of result.notes) lines.push(`  note: ${note}`);
  return `${lines.join('\n')}\n`;
}

function comparisonLines({ variants, ratios, signatureMicroseconds }: Comparison): readonly string[] {
  const rows = variants.map((variant) => [
    variant.name, variant.requestsPerSecond.toFixed(0), rounded(variant.p50), rounded(variant.p99), rounded(variant.serverMicroseconds), rounded(variant.redisMicroseconds), rounded(variant.generatorMicroseconds),
  ]);
  return [
    ...table(['variant', 'req/s', 'p50 ms', 'p99 ms', 'server µs/req', 'Redis µs/req', 'load µs/req'], rows),
    ...ratios.map(({ of, to, requestsPerSecond, serverMicroseconds, p99, range: [least, most] }) =>
      `  ${of} / ${to}: ${rounded(requestsPerSecond)} of its requests per second (${rounded(least)} to ${rounded(most)}), ${rounded(serverMicroseconds)} of its processor time, ${rounded(p99)} of its p99`),
    `  one Ed25519 signature: ${rounded(signatureMicroseconds)} µs`,
    ...variants.flatMap(warnings),
  ];
}

function warnings({ name, failures, signedLate, requests }: VariantResult): readonly string[] {
  const failed = Object.entries(failures).map(([status, count]) => `${count} × ${status === '0' ? 'no answer' : status}`);
  return [
    ...(failed.length === 0 ? [] : [`  *** WARNING: of ${requests} requests to ${name} not all were answered with 200: ${failed.join(', ')} ***`]),
    ...(signedLate === 0 ? [] : [`  note: ${signedLate} requests to ${name} were signed while it was measured`]),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string => `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`;
  return [line(head), ...rows.map(line)];
}

/** Three digits. */
export function rounded(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
