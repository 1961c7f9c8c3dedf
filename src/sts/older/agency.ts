// The agency that a request of the older ways in names: by its own name, and the name or id of its account (legacy agencies §4).
import { characters } from '../../base/characters.js';
import { agencyUrn, isAccountId } from '../../urn/urn.js';
import { newEntityId } from '../../urn/ids.js';
import { accountsNamed } from '../account-names.js';
import type { AssumeAgencyInput } from '../assume-agency-input.js';
import type { Manner } from '../assume-manner.js';
import type { Caller } from '../caller.js';
import type { Services } from '../services.js';

/** Members that are not known are ignored, as the cloud does (legacy agencies §7). */
export const namedAgency = {
  agency_name: characters(1, 64).regex(/^[\w+=,.@-]*$/, 'must hold only letters, digits and _+=,.@-'),
  domain_id: characters(1, 64).optional().describe('id of the account that owns the agency; preferred to its name'),
  domain_name: characters(1, 64).optional(),
};
export const oneDomain = ({ domain_id: id, domain_name: name }: GivenAgency): boolean => id !== undefined || name !== undefined;
export const oneDomainRule = { error: 'is required, or else `domain_name`', path: ['domain_id'] };

export interface GivenAgency {
  readonly agency_name: string;
  readonly domain_id?: string | undefined;
  readonly domain_name?: string | undefined;
}

export interface AskedAgency {
  readonly input: AssumeAgencyInput;
  readonly older: Pick<NonNullable<Manner<unknown>['older']>, 'agencyName' | 'asked'>;
}

/**
 * What is asked for as AssumeAgency would be. An account that is not there, or shares its name with another one, is
 * taken for one that has no agency: from these calls nobody learns which accounts there are.
 */
export async function askedAgency(services: Services, caller: Caller, given: GivenAgency, more: { readonly sessionUserName: string | undefined; readonly policy: string | undefined }): Promise<AskedAgency> {
  const { agency_name: agencyName, domain_id: id, domain_name: name } = given;
  const accountId = id === undefined ? await accountOfName(services, caller, name ?? '') : id;
  return {
    older: { agencyName, asked: `iam::${id ?? name ?? ''}:agency:${agencyName}` },
    input: {
      agencyUrn: agencyUrn(accountId !== undefined && isAccountId(accountId) ? accountId : newEntityId(services.random), '', agencyName), agencySessionName: sessionName(caller, more.sessionUserName), policy: more.policy,
      durationSeconds: undefined, externalId: undefined, policyIds: [], serialNumber: undefined, tokenCode: undefined, sourceIdentity: undefined, tags: [], transitiveTagKeys: [],
    },
  };
}

async function accountOfName(services: Services, { accountId, snapshot: { account } }: Caller, name: string): Promise<string | undefined> {
  if (account.accountName === name) return accountId;
  const [only, another] = await accountsNamed(services, name);
  return another === undefined ? only : undefined;
}

/** [choice] That of the enterprise user, or of who calls; what the name of a session cannot hold becomes a `-` there. */
function sessionName(caller: Caller, sessionUserName: string | undefined): string {
  const own = caller.kind === 'user' ? caller.user.userName : caller.kind === 'service' ? caller.servicePrincipal : caller.session.agencySessionName;
  return (sessionUserName ?? own).replace(/[^\w+=,.@-]/g, '-').padEnd(2, '-');
}

/** UTC with six digits of a second, as the older system writes times. @param secondsSinceEpoch */
export const olderTime = (secondsSinceEpoch: number): string => new Date(secondsSinceEpoch * 1000).toISOString().replace('Z', '000Z');
