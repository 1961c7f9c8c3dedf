// One generated caller and call as the simulator is asked about it, with the facts that a live call brings along.
import type { SimulateBody } from '../../src/sts/simulate-input.js';
import { hubOf, serviceName, userUrns, type WorldCaller, type WorldRequest } from './simulation-worlds.js';

const defined = <Fields extends object>(fields: Fields): Partial<Fields> =>
  // What is left of the fields is some of them.
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>;

export interface LiveFacts {
  readonly sourceIp: string;
  /** Of the caller's session, seconds since the epoch. */
  readonly issuedAt: number;
  readonly now: number;
}

const principalOf = (caller: WorldCaller): string =>
  caller.kind === 'user' ? userUrns[caller.name] : caller.kind === 'service' ? serviceName : hubOf(caller.accountId);

export function questionOf(caller: WorldCaller, request: WorldRequest, { sourceIp, issuedAt, now }: LiveFacts): SimulateBody {
  const session = caller.kind === 'session' ? caller.session : undefined;
  return {
    principal: principalOf(caller), action: 'sts:agencies:assume', resource: request.agencyUrn,
    context: defined({
      'g:SourceIp': sourceIp, 'g:UserAgent': request.userAgent, 'g:SourceAccount': caller.kind === 'service' ? caller.sourceAccount : undefined,
      'g:TokenIssueTime': session && new Date(issuedAt * 1000).toISOString(),
    }) as Record<string, string>, // Only texts are left.
    ...(session && {
      session: {
        name: session.name, tags: [...session.tags], transitive_tag_keys: [...session.transitive], policy_ids: [...session.policyIds],
        ...defined({ source_identity: session.sourceIdentity, policy: session.policy, mfa_age_seconds: session.mfa ? Math.floor(now / 1000) - issuedAt : undefined }),
      },
    }),
    request: {
      agency_session_name: request.agencySessionName, tags: [...request.tags], transitive_tag_keys: [...request.transitiveTagKeys], mfa: request.mfa,
      ...defined({ external_id: request.externalId, source_identity: request.sourceIdentity }),
    },
  };
}
