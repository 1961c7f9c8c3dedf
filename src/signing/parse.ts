// Step one of verifying: everything about a signature that can be judged without a secret.
import { algorithmProperties } from './algorithms.js';
import { parseAuthorization } from './authorization.js';
import { scopeText } from './canonical.js';
import { formatSdkDate, parseSdkDate } from './date.js';
import {
  checkGuarded,
  checkRepeated,
  collectSigned,
  readHeaders,
  readHeaderText,
  type ReceivedHeaders,
} from './headers.js';
import { checkPayload } from './payload.js';
import { checkTarget } from './target.js';
import {
  quote,
  refuse,
  type ParsedSignature,
  type ParseResult,
  type PathReading,
  type SignedRequest,
  type Refused,
  type SignatureScope,
} from './types.js';

export interface ParseOptions {
  /** The server's time in milliseconds since the epoch. */
  readonly now: number;
  /** A larger difference from X-Sdk-Date, either way, is refused; the cloud has 900. */
  readonly maximumSkewSeconds: number;
  /** The only region and service that a V11 scope may name. */
  readonly region: string;
  readonly service: string;
  /** Whether UNSIGNED-PAYLOAD may stand for a body that is not empty. */
  readonly allowUnsignedPayload: boolean;
  /** The only reading of escapes in the path; absent: either. */
  readonly pathReading?: PathReading | undefined;
}

/**
 * Checks form, date window, signed headers, scope and the content-hash rule (request signatures §3, §4, §10).
 * Never throws. What it accepts is not verified yet: `verifySignature` follows, after the key lookup. Escapes in the
 * path are accepted here; a service without such paths refuses them with `checkPath`.
 */
export function parseSignedRequest(request: SignedRequest, options: ParseOptions): ParseResult {
  const headers = readHeaders(request.rawHeaders);
  const repeated = checkRepeated(headers);
  if (repeated) return repeated;
  const authorizationText = headers.values.get('authorization');
  if (authorizationText === undefined) return refuse('authorization_missing', 'header `Authorization` is missing');
  const authorization = parseAuthorization(authorizationText);
  if ('refusal' in authorization) return authorization;
  if (!/^[A-Z-]{1,32}$/.test(request.method))
    return refuse('method_malformed', `method ${quote(request.method)} is malformed`);
  const targetRefused = checkTarget(request.target);
  if (targetRefused) return targetRefused;

  const { signedHeaders, scope } = authorization;
  const date = readDate(headers, signedHeaders, options);
  if ('refusal' in date) return date;
  const guardedRefused = checkGuarded(headers, signedHeaders);
  if (guardedRefused) return guardedRefused;
  const signedValues = collectSigned(headers, signedHeaders);
  if ('refusal' in signedValues) return signedValues;
  const scopeRefused = scope && checkScope(scope, date.dateText, options);
  if (scopeRefused) return scopeRefused;

  const algorithm = algorithmProperties(authorization.algorithm);
  const payloadRefused = checkPayload(
    algorithm,
    headers.values.get(algorithm.contentHeader),
    request.body,
    options.allowUnsignedPayload,
  );
  if (payloadRefused) return payloadRefused;

  // Written out: spreading costs more here than all the checks above.
  const signature: ParsedSignature = {
    algorithm: authorization.algorithm,
    accessKeyId: authorization.accessKeyId,
    scope,
    signedHeaders,
    signedValues,
    signature: authorization.signature,
    signedAt: date.signedAt,
    dateText: date.dateText,
    securityToken: headers.values.get('x-security-token'),
    pathReading: options.pathReading,
    header(name) {
      const value = signedValues[signedHeaders.indexOf(name.toLowerCase())];
      return value === undefined ? undefined : readHeaderText(value);
    },
  };
  return { ok: true, signature };
}

interface SignatureDate {
  readonly dateText: string;
  readonly signedAt: number;
}

function readDate(
  headers: ReceivedHeaders,
  signedHeaders: readonly string[],
  options: ParseOptions,
): SignatureDate | Refused {
  const dateText = headers.values.get('x-sdk-date');
  if (dateText === undefined) return refuse('date_missing', 'header `X-Sdk-Date` is missing');
  if (!signedHeaders.includes('x-sdk-date'))
    return refuse('date_not_signed', 'header `x-sdk-date` must be listed in SignedHeaders');
  const signedAt = parseSdkDate(dateText);
  if (signedAt === undefined)
    return refuse(
      'date_malformed',
      `header \`X-Sdk-Date\` must be a date of the form YYYYMMDDTHHMMSSZ, not ${quote(dateText)}`,
    );
  const isNear = Math.abs(options.now - signedAt) <= options.maximumSkewSeconds * 1000;
  // The gateway's own words (request signatures §9).
  if (!isNear)
    return refuse(
      'date_out_of_range',
      `signature expired, signature time:${dateText},server time:${formatSdkDate(options.now)}`,
    );
  return { dateText, signedAt };
}

function checkScope(scope: SignatureScope, dateText: string, options: ParseOptions): Refused | undefined {
  const expected = scopeText({ day: dateText.slice(0, 8), region: options.region, service: options.service });
  if (scopeText(scope) === expected) return undefined;
  return refuse('scope_mismatch', `scope must be \`${expected}\`, not ${quote(scopeText(scope))}`);
}
