// Every error that a caller can cause: one class, one table of codes.

/**
 * Name of the cause → HTTP status and wire code.
 * `STS5.1001`, `STS5.1106` and the `APIGW.*` codes are the cloud's own; the other `STS5.*` numbers are ours
 * (the published list is incomplete), one per cause, here and nowhere else.
 */
export const errorCodes = {
  accessDenied: { status: 403, code: 'STS5.1001' },
  agencyNotFound: { status: 404, code: 'STS5.1106' },
  malformedBody: { status: 400, code: 'STS5.1101' },
  invalidField: { status: 400, code: 'STS5.1102' },
  durationOverAgencyMaximum: { status: 400, code: 'STS5.1103' },
  durationOverChainLimit: { status: 400, code: 'STS5.1104' },
  duplicateTagKey: { status: 400, code: 'STS5.1105' },
  inheritedTagKey: { status: 400, code: 'STS5.1107' },
  malformedSessionPolicy: { status: 400, code: 'STS5.1108' },
  unknownPolicyId: { status: 400, code: 'STS5.1109' },
  unknownTransitiveTagKey: { status: 400, code: 'STS5.1110' },
  incompleteMfa: { status: 400, code: 'STS5.1111' },
  sessionTagsTooLarge: { status: 400, code: 'STS5.1112' },
  chainTooDeep: { status: 400, code: 'STS5.1113' },
  chainTooOld: { status: 400, code: 'STS5.1114' },
  undecodableMessage: { status: 400, code: 'STS5.1115' },
  principalNotFound: { status: 404, code: 'STS5.1116' },
  internal: { status: 500, code: 'STS5.1500' },
  storeUnavailable: { status: 503, code: 'STS5.1503' },
  tooManyConflicts: { status: 503, code: 'STS5.1504' },
  noSuchApi: { status: 404, code: 'APIGW.0101' },
  bodyTooLarge: { status: 413, code: 'APIGW.0201' },
  headersTooLarge: { status: 431, code: 'APIGW.0202' },
  requestTimeout: { status: 408, code: 'APIGW.0203' },
  malformedRequest: { status: 400, code: 'APIGW.0204' },
  unauthenticated: { status: 401, code: 'APIGW.0301' },
  signatureExpired: { status: 401, code: 'APIGW.0303' },
  tooManyRequests: { status: 429, code: 'APIGW.0308' },
  securityTokenMissing: { status: 401, code: 'APIGW.0602' },
} as const;

export type ErrorName = keyof typeof errorCodes;

export class ApiError extends Error {
  readonly errorName: ErrorName;
  /** Sealed reason of a denial, decodable by the account it is bound to. */
  readonly encodedAuthorizationMessage: string | undefined;

  constructor(errorName: ErrorName, message: string, encodedAuthorizationMessage?: string) {
    super(message);
    this.name = 'ApiError';
    this.errorName = errorName;
    this.encodedAuthorizationMessage = encodedAuthorizationMessage;
  }

  get status(): number {
    return errorCodes[this.errorName].status;
  }

  /** For the audit, which holds no policy text: the message of a malformed policy quotes it. */
  get auditText(): string {
    return this.errorName === 'malformedSessionPolicy' ? '`policy` is no session policy' : this.message;
  }

  get code(): string {
    return errorCodes[this.errorName].code;
  }
}
