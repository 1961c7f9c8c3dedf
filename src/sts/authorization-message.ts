// The reason of a denial as a sealed message that only the account it is bound to can read.
import type { Random } from '../base/clock.js';
import type { Keyring } from '../keyring/keyring.js';
import { open, seal } from '../keyring/seal.js';
import { describe, type Decision } from '../policy/index.js';

/** Every message has this size before it is sealed: its length tells nothing about the reason. */
const paddedBytes = 3072;
const lengthBytes = 2;
/** Bytes in JSON of the texts that callers and policies decide: together they leave room for the rest. An agency URN has at most 630. */
const longestResource = 1024;
const longestPrincipal = 512;
const longestFailure = 400;
const longestSid = 256;

const place = (accountId: string): readonly string[] => ['authorization-message', accountId];

/** What a decoded message says. */
export interface DenialReason {
  readonly failure: string;
  readonly principal: string;
  readonly action: string;
  readonly resource?: string;
  readonly decision?: Decision;
}

/** Seals the reason for one account: about 4,100 characters of base64url, always the same number. */
export function encodeAuthorizationMessage(keyring: Keyring, random: Random, accountId: string, reason: DenialReason): string {
  const text = fittingJson(reason);
  const plaintext = Buffer.alloc(paddedBytes);
  plaintext.writeUInt16BE(text.length);
  text.copy(plaintext, lengthBytes);
  return seal(keyring['message-sealing'], place(accountId), plaintext, random);
}

/** The JSON text of the reason, or undefined when the message was altered or is bound to another account. */
export function decodeAuthorizationMessage(keyring: Keyring, accountId: string, message: string): string | undefined {
  const plaintext = open(keyring['message-sealing'], place(accountId), message);
  return plaintext?.subarray(lengthBytes, lengthBytes + plaintext.readUInt16BE()).toString('utf8');
}

/** Conditions and context values come from policies and callers and can be long: what does not fit is left out, and said to be. */
function fittingJson(reason: DenialReason): Buffer {
  const { failedConditions = [], usedContext = {} } = reason.decision ?? {};
  const context = Object.entries(usedContext);
  let left = paddedBytes - lengthBytes - jsonBytes(message(reason, {}, [], true));
  // Each part is measured once: a denial can list thousands of conditions.
  const fitting = <Part>(parts: readonly Part[]): Part[] => {
    const tooLong = parts.findIndex((part) => (left -= jsonBytes(part)) < 0);
    return tooLong < 0 ? [...parts] : parts.slice(0, tooLong);
  };
  const keptConditions = fitting(failedConditions);
  const keptContext = left < 0 ? [] : fitting(context);
  const truncated = keptConditions.length < failedConditions.length || keptContext.length < context.length;
  return Buffer.from(JSON.stringify(message(reason, Object.fromEntries(keptContext), keptConditions, truncated)));
}

/** With the comma that joins it to the next part. */
const jsonBytes = (part: unknown): number => Buffer.byteLength(JSON.stringify(part)) + 1;

function message({ failure, principal, action, resource, decision }: DenialReason, context: unknown, failedConditions: unknown, truncated: boolean) {
  const { statement } = decision ?? {};
  return {
    allowed: false,
    failure: shortened(failure, longestFailure),
    principal: shortened(principal, longestPrincipal),
    action,
    ...(resource !== undefined && { resource: shortened(resource, longestResource) }),
    ...(decision !== undefined && {
      side: decision.side,
      explicit_deny: decision.effect === 'explicit-deny',
      ...(statement !== undefined && { matched_statement: { ...statement, ...(statement.sid !== undefined && { sid: shortened(statement.sid, longestSid) }) } }),
      reason: describe(decision),
      failed_conditions: failedConditions,
      context,
    }),
    ...(truncated && { truncated }),
  };
}

/** The text as far as it takes this many bytes in JSON; what was cut ends with `…`. */
function shortened(text: string, maximumBytes: number): string {
  let kept = '';
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(JSON.stringify(character)) - 2;
    if (bytes > maximumBytes) return `${kept}…`;
    kept += character;
  }
  return text;
}
