// The provider of an agency's credentials: a whole chain, renewed ahead of time, one renewal for all who ask.
import { quote } from '../base/text.js';
import { backOff } from './back-off.js';
import { CredentialsError } from './credentials-error.js';
import { endSessions } from './end-sessions.js';
import { keptChain, type ObtainedSession } from './kept-chain.js';
import { planOf, type AgencyCredentialsOptions } from './options.js';
import { defaultCredentials, providerOf, type CredentialProvider, type GetOptions } from './provider.js';
import { refreshed } from './refresh.js';
import type { CallContext } from './service-call.js';
import { machineClock, serviceClock } from './service-clock.js';

/** Credentials of the last session of the chain. */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly securityToken: string;
  /** Invalid from then on. */
  readonly expiration: Date;
  /** `sts::ACCOUNT:assumed-agency:NAME/SESSION`. */
  readonly sessionUrn: string;
  /** Where the session was obtained. */
  readonly endpoint: string;
}

export interface AgencyCredentials extends CredentialProvider {
  /** Rejects with a CredentialsError, or with the reason of the signal. Each value is a whole that never changes. */
  get(options?: GetOptions): Promise<SessionCredentials>;
  invalidate(accessKeyId: string): void;
  /** Milliseconds since the epoch by the service's clock, as far as its answers have told. */
  now(): number;
  /** Hands nothing out any more; with `revokeOnDispose` the sessions that still live are ended, or it rejects with a CredentialsError. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Calls nothing before `get` is called, and holds neither a timer nor a connection between calls.
 * Throws a CredentialsError (`settings`) for options that cannot be.
 */
export function agencyCredentials(options: AgencyCredentialsOptions): AgencyCredentials {
  const plan = planOf(options);
  const { revokeOnDispose = false, random = Math.random } = options;
  const clock = serviceClock(options.clock ?? machineClock);
  const contextWith = (signal?: AbortSignal): CallContext => ({ now: () => new Date(clock.now()), heard: (date) => clock.heard(date), timeoutMilliseconds: plan.timeoutMilliseconds, isAlone: true, signal });
  /** Only what is to be ended: a secret is kept no longer than it is needed. */
  let living: readonly ObtainedSession[] = [];
  const chain = keptChain(plan, providerOf(options.source ?? defaultCredentials()), (session) => {
    if (revokeOnDispose) living = [...living.filter(({ expiresAt }) => clock.now() < expiresAt), session];
  });

  const renewed = refreshed<SessionCredentials>({
    async renew(signal) {
      const session = await chain.obtain(contextWith(signal));
      const { expiresAt } = session;
      if (expiresAt <= clock.now()) throw new CredentialsError('unavailable', `session ${quote(session.urn)} had expired when it was answered`);
      return { value: credentialsOf(session), expiresAt, refreshAt: refreshTime(expiresAt) };
    },
    now: () => clock.now(),
    backOff: backOff(() => clock.elapsed(), random),
    minimumLifeMilliseconds: plan.minimumLifeMilliseconds,
    failed: (error) => tell(options.onRefreshFailed, error),
  });

  function refreshTime(expiresAt: number): number {
    const life = expiresAt - clock.now();
    const window = Math.min(Math.max(plan.refreshWindowMilliseconds, plan.minimumLifeMilliseconds), life / 3);
    return expiresAt - window * (1 + random() / 4);
  }

  let ending: Promise<void> | undefined;
  async function end(): Promise<void> {
    await renewed.close(!revokeOnDispose);
    chain.forget();
    const sessions = living;
    living = [];
    await endSessions(sessions, contextWith());
  }
  const dispose = (): Promise<void> => (ending ??= end());

  return {
    get: ({ signal } = {}) => renewed.get(signal),
    invalidate(accessKeyId) {
      renewed.drop((credentials) => {
        const isMeant = credentials.accessKeyId === accessKeyId;
        // An ancestor may have been revoked.
        if (isMeant) chain.forget();
        return isMeant;
      });
    },
    now: () => clock.now(),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function credentialsOf({ connection: { endpoint, credentials }, expiresAt, urn }: ObtainedSession): SessionCredentials {
  const { accessKeyId, secretAccessKey, securityToken = '' } = credentials;
  return Object.freeze({ accessKeyId, secretAccessKey, securityToken, expiration: new Date(expiresAt), sessionUrn: urn, endpoint: endpoint.origin });
}

function tell(listener: ((error: CredentialsError) => void) | undefined, error: CredentialsError): void {
  try {
    listener?.(error);
  } catch (mistake) {
    // A mistake of the listener is not that of whoever waits for credentials.
    process.emitWarning(mistake instanceof Error ? mistake : String(mistake));
  }
}
