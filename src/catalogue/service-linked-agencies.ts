// Service-linked agencies: what such an agency of a service may do and whom it trusts, the same in every account.
import type { CatalogueFile } from './file.js';
import { systemPolicyId } from './system-policies.js';

export interface ServiceLinkedAgencyTemplate {
  /** In the registered spelling. */
  readonly servicePrincipal: string;
  readonly agencyName: string;
  readonly description: string;
  readonly maxSessionDurationSeconds: number;
  /** Of system policies. */
  readonly policyIds: readonly string[];
  /** JSON text. */
  readonly trustPolicy: string;
}

export function serviceLinkedAgencyOf(template: CatalogueFile['service_linked_agencies'][number]): ServiceLinkedAgencyTemplate {
  const { service_principal: servicePrincipal, agency_name: agencyName, description, max_session_duration: maxSessionDurationSeconds, policies } = template;
  return { servicePrincipal, agencyName, description, maxSessionDurationSeconds, policyIds: policies.map(systemPolicyId), trustPolicy: trustPolicyOf(servicePrincipal) };
}

/** The service itself may assume its agency, and nobody else (IAM v5 API §3). */
const trustPolicyOf = (servicePrincipal: string): string => JSON.stringify({
  Version: '5.0',
  Statement: [{ Effect: 'Allow', Principal: { Service: [servicePrincipal] }, Action: ['sts:agencies:assume', 'sts::tagSession', 'sts::setSourceIdentity'] }],
});
