// The canonical request and the string to sign: the code that signing and verifying share.
import { hash } from 'node:crypto';
import type { AlgorithmProperties } from './algorithms.js';
import type { SignatureAlgorithm, SignatureScope } from './types.js';

export interface CanonicalParts {
  readonly method: string;
  readonly uri: string;
  readonly query: string;
  /** Lower-case names in the order of SignedHeaders. */
  readonly signedHeaders: readonly string[];
  /** Their trimmed values. */
  readonly signedValues: readonly string[];
  /** Lower-case hex, or the text that stands for it. */
  readonly payloadHash: string;
}

/** Line feeds only, none at the end (request signatures §2). */
export function canonicalRequest(parts: CanonicalParts): string {
  let headerBlock = '';
  for (let index = 0; index < parts.signedHeaders.length; index += 1) {
    headerBlock += `${parts.signedHeaders[index] ?? ''}:${parts.signedValues[index] ?? ''}\n`;
  }
  return `${parts.method}\n${parts.uri}\n${parts.query}\n${headerBlock}\n${parts.signedHeaders.join(';')}\n${parts.payloadHash}`;
}

/**
 * How the header values of a canonical request become bytes: `latin1` where each character is a byte received (the
 * client signed what it sent), `utf8` where each is a character (request signatures §10: Node clients).
 */
export type HeaderReading = 'latin1' | 'utf8';

export function canonicalRequestHash(algorithm: AlgorithmProperties, text: string, reading: HeaderReading): string {
  // In one call: an object that hashes piece by piece costs twice as much, and is work for the garbage collector.
  return hash(algorithm.hash, reading === 'utf8' ? text : Buffer.from(text, reading), 'hex');
}

/** `YYYYMMDD/region/service` (request signatures §6). */
export function scopeText(scope: SignatureScope): string {
  return `${scope.day}/${scope.region}/${scope.service}`;
}

/** Three lines, or four with the scope of V11 (request signatures §3). */
export function stringToSign(
  algorithm: SignatureAlgorithm,
  dateText: string,
  scope: SignatureScope | undefined,
  requestHash: string,
): string {
  const head = `${algorithm}\n${dateText}\n`;
  return scope === undefined ? head + requestHash : `${head}${scopeText(scope)}\n${requestHash}`;
}

/** Blanks and tabs only: other trimming would eat bytes of UTF-8 characters (0xA0). */
export function trimHeaderValue(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start += 1;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end -= 1;
  return end - start === value.length ? value : value.slice(start, end);
}

function isBlank(codeUnit: number): boolean {
  return codeUnit === 0x20 || codeUnit === 0x09;
}
