// A chain of sessions that is obtained again and again: hops in the middle are kept while they can be gone on from.
import { connectionOf, type AssumeInput } from './assume-agency.js';
import { assumeHop } from './chain.js';
import { defaultEndpoint, endpointVariable, variable, type Connection } from './connection.js';
import { CredentialsError } from './credentials-error.js';
import { parseEndpoint } from './endpoint.js';
import type { Plan, PlannedHop } from './options.js';
import type { CredentialProvider } from './provider.js';
import type { CallContext } from './service-call.js';

export interface ObtainedSession {
  readonly connection: Connection;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly urn: string;
}

interface KeptChain {
  /** The session of the last hop. Rejects with a CredentialsError that names the hop. */
  obtain(context: CallContext): Promise<ObtainedSession>;
  /** The next time the chain begins with its first hop. */
  forget(): void;
}

/** So much life must a session have left to be gone on from: a call may take its time. */
const leastLifeMilliseconds = 60_000;

/** @param obtained is told of every session of every hop */
export function keptChain({ hops, endpoint }: Plan, source: CredentialProvider, obtained: (session: ObtainedSession) => void): KeptChain {
  /** Of the hops before the last, by their place. */
  let kept: readonly ObtainedSession[] = [];
  let forgotten = 0;
  function forget(): void {
    kept = [];
    forgotten += 1;
  }

  async function run(context: CallContext, from: number): Promise<ObtainedSession> {
    const begun = forgotten;
    let sessions = kept.slice(0, from);
    let session = sessions[from - 1];
    let connection = session?.connection ?? (await firstConnection(context));
    for (const [index, hop] of hops.entries()) {
      if (index < from) continue;
      const answer = await assumeHop(connection, await inputOf(hop), { index, count: hops.length }, context).catch((error: unknown) => {
        if (index === 0 && error instanceof CredentialsError && error.status === 401) source.invalidate?.(connection.credentials.accessKeyId);
        throw error;
      });
      connection = connectionOf(answer, connection.endpoint);
      session = { connection, expiresAt: Date.parse(answer.credentials.expiration), urn: answer.assumed_agency.urn };
      obtained(session);
      if (index === hops.length - 1) break;
      sessions = [...sessions, session];
      // INVARIANT: each at its own place. What goes on from a forgotten one is forgotten with it.
      if (forgotten === begun) kept = sessions;
    }
    if (session === undefined) throw new Error('a chain has at least one hop');
    return session;
  }

  async function firstConnection({ signal }: CallContext): Promise<Connection> {
    try {
      const { accessKeyId, secretAccessKey, securityToken, endpoint: own } = await source.get({ signal });
      const url = endpoint ?? parseEndpoint(own ?? variable(process.env, endpointVariable) ?? defaultEndpoint);
      return { endpoint: url, credentials: { accessKeyId, secretAccessKey, securityToken } };
    } catch (error) {
      if (error instanceof CredentialsError && error.reason !== 'disposed') throw error;
      // Of a foreign provider it is not known what its error means: it may pass.
      throw new CredentialsError('source', `the first credentials could not be had: ${error instanceof Error ? error.message : 'their provider failed'}`, { isRetryable: !(error instanceof CredentialsError) }, error);
    }
  }

  return {
    async obtain(context) {
      const now = context.now().getTime();
      const from = kept.findLastIndex(({ expiresAt }) => now + leastLifeMilliseconds < expiresAt) + 1;
      try {
        return await run(context, from);
      } catch (error) {
        // What was gone on from may have been revoked, or the chain is too old: a refusal means nothing before it is new.
        if (from === 0 || !(error instanceof CredentialsError && error.reason === 'refused' && !error.isRetryable)) throw error;
        forget();
        return await run(context, 0);
      }
    },
    forget,
  };
}

async function inputOf({ sessionName, mfa, ...hop }: PlannedHop): Promise<AssumeInput> {
  return { ...hop, agencySessionName: sessionName, ...(mfa !== undefined && { mfa: { serialNumber: mfa.serialNumber, tokenCode: await mfa.tokenCode() } }) };
}
