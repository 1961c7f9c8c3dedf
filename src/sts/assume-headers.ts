// What the answer of AssumeAgency tells beside its body: how far the chain has come, and how far it could go.
import { depthOf, type Session } from '../sessions/session.js';
import { longestDuration } from './chain-rules.js';
import type { StsSettings } from './services.js';

/** [choice] Headers, since clients of the cloud know every member of the body. */
export const assumeHeaders = [
  { name: 'X-Chain-Depth', description: 'agencies from the long-term key to the new session' },
  { name: 'X-Max-Duration-Seconds', description: 'the longest `duration_seconds` that this call could have asked for' },
  { name: 'X-Chain-Age-Remaining-Seconds', description: 'for how long, from now on, sessions of this chain can assume further agencies' },
] as const;

type AssumeHeaders = Readonly<Record<(typeof assumeHeaders)[number]['name'], string>>;

export function assumeAnswerHeaders(session: Session, agencyMaximumSeconds: number, { maximumChainAgeSeconds }: StsSettings): AssumeHeaders {
  const depth = depthOf(session);
  return {
    'X-Chain-Depth': String(depth),
    'X-Max-Duration-Seconds': String(longestDuration(depth > 1, agencyMaximumSeconds)),
    'X-Chain-Age-Remaining-Seconds': String(Math.max(0, session.chainStartedAt + maximumChainAgeSeconds - session.issuedAt)),
  };
}
