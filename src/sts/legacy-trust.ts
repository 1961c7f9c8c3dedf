// Whether a legacy agency trusts a caller: one account or one cloud service, for as long as the agency is valid (legacy agencies §1).
import type { Catalogue } from '../catalogue/index.js';
import { systemAccountId, type LegacyAgency } from '../directory/entities.js';
import { foldAscii, type Decision } from '../policy/index.js';
import type { Actor } from './actor.js';

export interface LegacyTrustQuestion {
  readonly action: string;
  readonly agencyUrn: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly catalogue: Pick<Catalogue, 'trustedService'>;
}

/** A legacy agency has no trust policy: who it trusts, and until when, stands in itself, and no condition is asked. */
export function decideLegacyTrust(actor: Actor, agency: LegacyAgency, { action, agencyUrn, now, catalogue }: LegacyTrustQuestion): Decision {
  const refusal = expired(agency, now) ?? untrusted(actor, agency, catalogue);
  const note = refusal ?? `the agency trusts \`${agency.trustDomainName}\``;
  return {
    allowed: refusal === undefined, side: 'trust', effect: refusal === undefined ? 'allow' : 'implicit-deny', action, resource: agencyUrn, note, failedConditions: [], usedContext: {},
  };
}

/** At the very millisecond of its end it cannot be assumed any more. */
export const expired = ({ expiresAt }: LegacyAgency, now: number): string | undefined =>
  expiresAt !== undefined && now >= expiresAt ? `the agency expired at ${new Date(expiresAt).toISOString()}` : undefined;

function untrusted(actor: Actor, agency: LegacyAgency, catalogue: LegacyTrustQuestion['catalogue']): string | undefined {
  const service = catalogue.trustedService(agency.trustDomainName);
  if (service === undefined) return actor.kind !== 'service' && isTrustedAccount(actor, agency) ? undefined : 'the agency trusts another account than that of the caller';
  return actor.kind === 'service' && foldAscii(actor.servicePrincipal) === foldAscii(service) ? undefined : 'the agency trusts a cloud service, and not the caller';
}

/** The id decides where there is one: names may be used again. The account of services and the operator is nobody's customer. */
function isTrustedAccount({ accountId, snapshot }: Actor, { trustDomainId, trustDomainName }: LegacyAgency): boolean {
  if (accountId === systemAccountId) return false;
  return trustDomainId === '' ? snapshot?.account.accountName === trustDomainName : accountId === trustDomainId;
}
