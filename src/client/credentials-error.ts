// The error of the client library: which hop failed, why, and whether it is worth trying again.

/**
 * `settings`: options, variables or the profile file are wrong, and nothing was sent. `source`: another provider, which was to
 * give the first credentials, failed. `refused`: the service said no. `unavailable`: no usable answer came: no connection, a
 * time-out, a 5xx, or something at the endpoint that is not the service. `disposed`: the provider has ended.
 */
export type CredentialsErrorReason = 'settings' | 'source' | 'refused' | 'unavailable' | 'disposed';

interface CredentialsErrorDetails {
  /** HTTP status of the answer, where one came. */
  readonly status?: number | undefined;
  /** Error code of the answer, such as `STS5.1001`. */
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
  /** The sealed reason of a denial, for DecodeAuthorizationMessage. */
  readonly encodedAuthorizationMessage?: string | undefined;
  /** What the answer asked to wait before the next try. */
  readonly retryAfterSeconds?: number | undefined;
  /** From 0; undefined where no hop was begun. */
  readonly hopIndex?: number | undefined;
  readonly hopCount?: number | undefined;
  /** What the failed hop was to assume. */
  readonly agencyUrn?: string | undefined;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly isRetryable?: boolean | undefined;
}

/** Messages hold no secret, no token and no control characters. */
export class CredentialsError extends Error implements CredentialsErrorDetails {
  readonly reason: CredentialsErrorReason;
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly requestId: string | undefined;
  readonly encodedAuthorizationMessage: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly hopIndex: number | undefined;
  readonly hopCount: number | undefined;
  readonly agencyUrn: string | undefined;
  readonly isRetryable: boolean;

  constructor(reason: CredentialsErrorReason, message: string, details: CredentialsErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CredentialsError';
    this.reason = reason;
    this.status = details.status;
    this.code = details.code;
    this.requestId = details.requestId;
    this.encodedAuthorizationMessage = details.encodedAuthorizationMessage;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.hopIndex = details.hopIndex;
    this.hopCount = details.hopCount;
    this.agencyUrn = details.agencyUrn;
    this.isRetryable = details.isRetryable ?? (reason === 'unavailable' || isPassing(details.status));
  }
}

// Too slow and too often: what else is refused stays refused.
const isPassing = (status: number | undefined): boolean => status === 408 || status === 429;

export const settingsError = (message: string): CredentialsError => new CredentialsError('settings', message);
