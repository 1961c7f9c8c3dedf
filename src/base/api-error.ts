// Every error that a caller can cause: one class, one table of codes.

/**
 * The API families differ in the codes of some causes, and in how an error is written: `legacy` are the calls under
 * `/v3.0`, `keystone` those under `/v3` (legacy agencies §2).
 */
export type ErrorFamily = 'sts' | 'iam' | 'legacy' | 'keystone';

interface ErrorCode {
  readonly status: number;
  readonly code: string;
  /** Where the IAM v5 API names the cause differently. */
  readonly iamCode?: string;
  /** Where the older API names the cause differently than by its status. */
  readonly legacyCode?: string;
}

const table = <Name extends string>(codes: Readonly<Record<Name, ErrorCode>>): Readonly<Record<Name, ErrorCode>> => codes;

/**
 * Name of the cause → HTTP status and wire code.
 * `STS5.1001`, `STS5.1106`, the `APIGW.*` codes and `PAP5.0001` to `PAP5.0046` are the cloud's own; the other `STS5.*`
 * and `PAP5.*` numbers are ours (the published lists are incomplete), one per cause, here and nowhere else.
 */
export const errorCodes = table({
  accessDenied: { status: 403, code: 'STS5.1001', iamCode: 'PAP5.0001' },
  agencyNotFound: { status: 404, code: 'STS5.1106' },
  malformedBody: { status: 400, code: 'STS5.1101', iamCode: 'PAP5.1101', legacyCode: 'IAM.0011' },
  invalidField: { status: 400, code: 'STS5.1102', iamCode: 'PAP5.1102', legacyCode: 'IAM.0073' },
  missingField: { status: 400, code: 'STS5.1102', iamCode: 'PAP5.1102', legacyCode: 'IAM.0072' },
  durationOverAgencyMaximum: { status: 400, code: 'STS5.1103' },
  durationOverChainLimit: { status: 400, code: 'STS5.1104' },
  duplicateTagKey: { status: 400, code: 'STS5.1105', iamCode: 'PAP5.0033' },
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
  attachedPoliciesQuota: { status: 409, code: 'PAP5.0003' },
  invalidMarker: { status: 400, code: 'PAP5.0010' },
  malformedPolicyDocument: { status: 400, code: 'PAP5.0011' },
  entityNotFound: { status: 404, code: 'PAP5.0012' },
  serviceNotLinked: { status: 400, code: 'PAP5.0023' },
  policyVersionsQuota: { status: 409, code: 'PAP5.0028' },
  invalidAgencyName: { status: 400, code: 'PAP5.0029', legacyCode: 'IAM.0073' },
  invalidPath: { status: 400, code: 'PAP5.0030' },
  onlyTrustAgencies: { status: 400, code: 'PAP5.0038' },
  legacyAgencyToken: { status: 400, code: 'PAP5.0046' },
  invalidSerialNumber: { status: 400, code: 'PAP5.0041' },
  nameInUse: { status: 409, code: 'PAP5.1201' },
  quotaExceeded: { status: 409, code: 'PAP5.1202' },
  stillInUse: { status: 409, code: 'PAP5.1203' },
  defaultVersion: { status: 409, code: 'PAP5.1204' },
  alreadyExists: { status: 409, code: 'PAP5.1205' },
  invalidAuthenticationCode: { status: 400, code: 'PAP5.1206' },
  notYetSealed: { status: 409, code: 'PAP5.1207' },
  internal: { status: 500, code: 'STS5.1500', iamCode: 'PAP5.1500' },
  storeUnavailable: { status: 503, code: 'STS5.1503', iamCode: 'PAP5.1503' },
  tooManyConflicts: { status: 503, code: 'STS5.1504', iamCode: 'PAP5.1504' },
  cellWentBack: { status: 503, code: 'STS5.1505', iamCode: 'PAP5.1505' },
  auditLogFull: { status: 503, code: 'STS5.1506', iamCode: 'PAP5.1506' },
  notReplicated: { status: 503, code: 'STS5.1507', iamCode: 'PAP5.1507' },
  revocationNotKept: { status: 503, code: 'STS5.1508', iamCode: 'PAP5.1508' },
  clockOff: { status: 503, code: 'STS5.1509', iamCode: 'PAP5.1509' },
  noActiveKey: { status: 503, code: 'STS5.1510', iamCode: 'PAP5.1510' },
  noSuchApi: { status: 404, code: 'APIGW.0101' },
  bodyTooLarge: { status: 413, code: 'APIGW.0201' },
  headersTooLarge: { status: 431, code: 'APIGW.0202' },
  requestTimeout: { status: 408, code: 'APIGW.0203' },
  malformedRequest: { status: 400, code: 'APIGW.0204' },
  unauthenticated: { status: 401, code: 'APIGW.0301' },
  signatureExpired: { status: 401, code: 'APIGW.0303' },
  tooManyRequests: { status: 429, code: 'APIGW.0308' },
  securityTokenMissing: { status: 401, code: 'APIGW.0602' },
});

/** Of causes that the older API tells by their status alone. */
const legacyCodes: ReadonlyMap<number, string> = new Map([[400, 'IAM.0007'], [401, 'IAM.0001'], [403, 'IAM.0003'], [404, 'IAM.0004'], [409, 'IAM.0005'], [500, 'IAM.0006']]);

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
    if (this.errorName === 'malformedSessionPolicy') return '`policy` is no session policy';
    return this.errorName === 'malformedPolicyDocument' ? 'malformed policy document' : this.message;
  }

  /** The wire code, in the family of the operation that was called. */
  code(family: ErrorFamily): string {
    const { code, iamCode, legacyCode, status }: ErrorCode = errorCodes[this.errorName];
    switch (family) {
      case 'sts':
        return code;
      case 'iam':
        return iamCode ?? code;
      case 'legacy':
        return legacyCode ?? legacyCodes.get(status) ?? code;
      case 'keystone':
        return String(status);
    }
  }
}
