// The condition keys that are documented (policy language §7): types for the linter, never a filter at evaluation.
import type { ValueType } from '../operators.js';
import { foldAscii } from '../text.js';

export interface KnownKey {
  readonly name: string;
  readonly type: ValueType;
  readonly multiValued: boolean;
  /** A random system-made id, or a URN that holds one: wildcards in its value are pointless and risky. */
  readonly sensitive: 'id' | 'urn' | undefined;
}

const ids = 'g:PrincipalAccount g:DomainId g:PrincipalOrgId g:ResourceOrgId g:UserId g:EnterpriseProjectId g:SourceVpc g:SourceVpce g:SourceAccount';
const urns = 'g:PrincipalUrn g:SourceUrn iam:PolicyURN';
const texts =
  'g:PrincipalOrgPath g:PrincipalType g:PrincipalTag/ g:UserName g:DomainName g:ProjectName g:ServiceName g:SourceIdentity g:RequestTag/ ' +
  'g:ResourceTag/ g:RequestedRegion g:UserAgent g:Referer g:CalledViaFirst g:CalledViaLast sts:ExternalId sts:SourceIdentity sts:AgencySessionName ' +
  'sts:ServiceName iam:ServicePrincipal oidc:aud oidc:sub oidc:iss saml:namequalifier saml:sub saml:sub_type';
const lists = 'g:TagKeys g:CalledVia sts:TransitiveTagKeys oidc:amr';

const key = (type: ValueType, multiValued = false, sensitive?: 'id' | 'urn') => (name: string): KnownKey => ({ name, type, multiValued, sensitive });

const known: readonly KnownKey[] = [
  ...ids.split(' ').map(key('string', false, 'id')),
  ...urns.split(' ').map(key('string', false, 'urn')),
  ...texts.split(' ').map(key('string')),
  ...lists.split(' ').map(key('string', true)),
  ...['g:PrincipalIsRootUser', 'g:MFAPresent', 'g:SecureTransport', 'g:ViaService'].map(key('boolean')),
  ...['g:MFAAge', 'sts:DurationTimes'].map(key('number')),
  ...['g:CurrentTime', 'g:TokenIssueTime'].map(key('date')),
  ...['g:SourceIp', 'g:VpcSourceIp'].map(key('ip')),
];
const byName: ReadonlyMap<string, KnownKey> = new Map(known.map((entry) => [foldAscii(entry.name), entry]));

/** Services whose keys are all listed here. */
const listedServices: ReadonlySet<string> = new Set(['g', 'sts']);

export const knownKeyNames: readonly string[] = known.map((entry) => (entry.name.endsWith('/') ? `${entry.name}<key>` : entry.name));

/** The documented key of a name, tag keys by their family. */
export function knownKey(name: string): KnownKey | undefined {
  const folded = foldAscii(name);
  const slash = folded.indexOf('/');
  return byName.get(slash < 0 ? folded : folded.slice(0, slash + 1));
}

/** Whether a key is documented to have several values. */
export const isMultiValuedKey = (name: string): boolean => knownKey(name)?.multiValued === true;

/** Whether an undocumented key of this service is more likely a typing error than a key of another service. */
export const isListedService = (name: string): boolean => listedServices.has(foldAscii(name.slice(0, Math.max(0, name.indexOf(':')))));
