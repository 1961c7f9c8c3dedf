// The account that a request of the older system means by its domain: the id, or a name that one account alone has.
import { isAccountId } from '../../urn/urn.js';
import { accountsNamed } from '../account-names.js';
import type { Services } from '../services.js';

export interface GivenDomain {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}

/** The id is preferred. [choice] A name that several accounts have is nobody's, for whoever asks. Undefined for what can be no account's. */
export async function namedAccount(services: Services, { id, name }: GivenDomain): Promise<string | undefined> {
  const [only, another] = id !== undefined ? [id] : await accountsNamed(services, name ?? '');
  return only !== undefined && another === undefined && isAccountId(only) ? only : undefined;
}
