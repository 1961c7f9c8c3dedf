// The agency that a request of the older ways in names: by its own name, and the name or id of its account (legacy agencies §4).
import { characters } from '../../base/characters.js';
import { agencyName } from '../../directory/names.js';
import { agencyUrn } from '../../urn/urn.js';
import { newEntityId } from '../../urn/ids.js';
import type { AssumeAgencyInput } from '../assume-agency-input.js';
import type { Manner } from '../assume-manner.js';
import type { Caller } from '../caller.js';
import type { Services } from '../services.js';
import { namedAccount } from './domain.js';

/** Members that are not known are ignored, as the cloud does (legacy agencies §7). */
export const namedAgency = {
  agency_name: agencyName,
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
 * taken for one that has no agency: a caller learns from no answer which accounts there are.
 */
export async function askedAgency(services: Services, caller: Caller, given: GivenAgency, more: { readonly sessionUserName: string | undefined; readonly policy: string | undefined }): Promise<AskedAgency> {
  const { agency_name: name, domain_id: domainId, domain_name: domainName } = given;
  const accountId = await namedAccount(services, { id: domainId, name: domainName });
  return {
    older: { agencyName: name, asked: `iam::${domainId ?? domainName ?? ''}:agency:${name}` },
    input: {
      agencyUrn: agencyUrn(accountId ?? newEntityId(services.random), '', name), agencySessionName: sessionName(caller, more.sessionUserName), policy: more.policy,
      durationSeconds: undefined, externalId: undefined, policyIds: [], serialNumber: undefined, tokenCode: undefined, sourceIdentity: undefined, tags: [], transitiveTagKeys: [],
    },
  };
}

/** [choice] That of the enterprise user, or of who calls; what the name of a session cannot hold becomes a `-` there. */
function sessionName(caller: Caller, sessionUserName: string | undefined): string {
  const own = caller.kind === 'user' ? caller.user.userName : caller.kind === 'service' ? caller.servicePrincipal : caller.session.agencySessionName;
  return (sessionUserName ?? own).replace(/[^\w+=,.@-]/g, '-').padEnd(2, '-');
}

/** UTC with six digits of a second, as the older system writes times. @param secondsSinceEpoch */
export const olderTime = (secondsSinceEpoch: number): string => new Date(secondsSinceEpoch * 1000).toISOString().replace('Z', '000Z');
