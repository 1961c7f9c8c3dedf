// Whom an agency of the older system trusts: an account by its name or id, or a cloud service (legacy agencies §1).
import { z } from 'zod';
import { ApiError } from '../../base/api-error.js';
import type { TrustedDomain } from '../../directory/commands/legacy-agencies.js';
import { accountsNamed, nameOfAccount } from '../../sts/account-names.js';
import type { Services } from '../../sts/services.js';
import { isServiceDomain, isTrustableDomain, trustableDomainRule } from '../../urn/urn.js';

/** Letter case is as the service has it. */
const domainName = z.string().min(1).max(64).refine(isTrustableDomain, trustableDomainRule);

export const trustedDomainFields = { trust_domain_id: z.string().min(1).max(64).optional(), trust_domain_name: domainName.optional() };

export interface GivenDomain {
  readonly trust_domain_id?: string | undefined;
  readonly trust_domain_name?: string | undefined;
}

/**
 * The name is looked at first where both are given; of a cloud service it is all there is. Throws the 404 for what is
 * no account, a user among them: the delegated party can only be an account.
 * [choice] So who may make agencies learns which accounts there are, and the name of an id: the API answers so by design,
 * since an agency shows both.
 */
export async function trustedDomain(services: Services, { trust_domain_id: id, trust_domain_name: name }: GivenDomain): Promise<TrustedDomain> {
  if (name !== undefined && isServiceDomain(name)) return { trustDomainId: '', trustDomainName: name };
  const known = id === undefined ? undefined : await nameOfAccount(services, id);
  if (name === undefined) {
    if (id === undefined || known === undefined) throw noSuchAccount('trust_domain_id', id ?? '');
    return { trustDomainId: id, trustDomainName: known };
  }
  if (id !== undefined && known === name) return { trustDomainId: id, trustDomainName: name };
  const [only, another] = await accountsNamed(services, name);
  if (only === undefined) throw noSuchAccount('trust_domain_name', name);
  if (id !== undefined) throw new ApiError('invalidField', '`agency.trust_domain_id`: is not the id of the account of `trust_domain_name`');
  if (another !== undefined) throw new ApiError('invalidField', '`agency.trust_domain_name`: several accounts have this name: give `trust_domain_id`, too');
  return { trustDomainId: only, trustDomainName: name };
}

const noSuchAccount = (field: string, given: string): ApiError => new ApiError('entityNotFound', `\`agency.${field}\`: the account \`${given}\` cannot be found; only an account or a cloud service can be trusted, no user`);
