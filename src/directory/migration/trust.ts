// Whom a legacy agency trusts, and until when, as a trust policy.
import { ApiError } from '../../base/api-error.js';
import type { LegacyAgency } from '../entities.js';

/**
 * JSON text. Only the action that there was: who trusts nobody with session tags or a source identity goes on so.
 * @param trustedService the service principal that the trusted domain stands for; undefined: it is an account
 * @throws the 404 of an account that is known by its name only
 */
export function trustInVersion5({ agencyName, trustDomainId, trustDomainName, expiresAt }: LegacyAgency, trustedService: string | undefined): string {
  if (trustedService === undefined && trustDomainId === '') {
    // Another account may have the name one day.
    throw new ApiError('entityNotFound', `the agency \`${agencyName}\` trusts the account \`${trustDomainName}\` by its name only, and no id is known: give the agency its \`trust_domain_id\` first`);
  }
  return JSON.stringify({
    Version: '5.0',
    Statement: [{
      Effect: 'Allow',
      Principal: trustedService === undefined ? { IAM: [trustDomainId] } : { Service: [trustedService] },
      Action: ['sts:agencies:assume'],
      // At its very end a legacy agency is over, as `DateLessThan` says.
      ...(expiresAt !== undefined && { Condition: { DateLessThan: { 'g:CurrentTime': new Date(expiresAt).toISOString() } } }),
    }],
  });
}
