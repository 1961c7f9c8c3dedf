// URNs of principals and resources: five segments, split at the first four colons.

export interface Urn {
  readonly service: string;
  readonly region: string;
  readonly accountId: string;
  readonly type: string;
  /** Everything behind the fourth colon; may hold `:` and `/`. */
  readonly path: string;
}

/** `<service>:<region>:<account-id>:<type>:<path>`, or undefined when a segment is missing or the path empty. */
export function parseUrn(text: string): Urn | undefined {
  const first = text.indexOf(':');
  const second = text.indexOf(':', first + 1);
  const third = text.indexOf(':', second + 1);
  const fourth = text.indexOf(':', third + 1);
  // Where there are fewer the search begins anew and finds the first one again.
  if (first < 0 || second <= first || third <= second || fourth <= third || fourth === text.length - 1) return undefined;
  return { service: text.slice(0, first), region: text.slice(first + 1, second), accountId: text.slice(second + 1, third), type: text.slice(third + 1, fourth), path: text.slice(fourth + 1) };
}

export interface AgencyName {
  readonly accountId: string;
  /** Empty, or segments that each end with `/`. */
  readonly path: string;
  readonly name: string;
}

const agencyPathAndName = /^((?:[A-Za-z0-9.,+@=_-]+\/)*)([\w+=,.@-]{1,64})$/;
const maximumPathLength = 512;

/** How services are named as principals. */
export const servicePrincipalPattern = /^service\.[A-Za-z0-9-]{1,56}$/;
export const servicePrincipalRule = 'must be service. and 1 to 56 letters, digits or -';

/** Names of trusted domains that begin like this stand for cloud services, and are no account's. */
const serviceDomainPrefix = 'op_svc_';
/** The name of the cloud service that the trusted domain of a legacy agency stands for; undefined: it is an account's, or nobody's. */
export const serviceOfDomain = (trustDomainName: string): string | undefined => /^op_svc_([A-Za-z0-9-]{1,56})$/.exec(trustDomainName)?.[1];
export const isServiceDomain = (trustDomainName: string): boolean => serviceOfDomain(trustDomainName) !== undefined;
/** False for what begins like a cloud service and is none. */
export const isTrustableDomain = (trustDomainName: string): boolean => !trustDomainName.startsWith(serviceDomainPrefix) || isServiceDomain(trustDomainName);
export const trustableDomainRule = 'must be op_svc_ and 1 to 56 letters, digits or -, where it is a cloud service';

/** The path under which only services make agencies; their sessions are exempt from SCPs. */
export const serviceLinkedPath = 'service-linked-agency/';

/** Agencies are assumed again and again. */
const knownAgencies = new Map<string, AgencyName>();
const mostAgencies = 1000;
const longestKept = 256;

/** The agency that `iam::<account>:agency:<path><name>` names; undefined for any other text. */
export function parseAgencyUrn(text: string): AgencyName | undefined {
  const known = knownAgencies.get(text);
  if (known !== undefined) return known;
  const read = readAgencyUrn(text);
  if (read !== undefined && text.length <= longestKept) {
    if (knownAgencies.size >= mostAgencies) knownAgencies.clear();
    knownAgencies.set(text, read);
  }
  return read;
}

function readAgencyUrn(text: string): AgencyName | undefined {
  const urn = parseUrn(text);
  if (urn?.service !== 'iam' || urn.region !== '' || urn.type !== 'agency' || !isAccountId(urn.accountId)) return undefined;
  const match = agencyPathAndName.exec(urn.path);
  const [, path = '', name = ''] = match ?? [];
  if (match === null || path.length > maximumPathLength) return undefined;
  return { accountId: urn.accountId, path, name };
}

export const agencyUrn = (accountId: string, path: string, name: string): string => `iam::${accountId}:agency:${path}${name}`;
export const userUrn = (accountId: string, userName: string): string => `iam::${accountId}:user:${userName}`;
export const groupUrn = (accountId: string, groupName: string): string => `iam::${accountId}:group:${groupName}`;
export const policyUrn = (accountId: string, path: string, policyName: string): string => `iam::${accountId}:policy:${path}${policyName}`;
export const mfaSerialNumber = (accountId: string, deviceName: string): string => `iam::${accountId}:mfa:${deviceName}`;

/** One colon behind the account and no path: the choice of STS API §7. */
export const sessionUrn = (accountId: string, agencyName: string, sessionName: string): string =>
  `sts::${accountId}:assumed-agency:${agencyName}/${sessionName}`;

/** A session as what is acted on, not as who acts. */
export const sessionResourceUrn = (accountId: string, sessionId: string): string => `sts::${accountId}:session:${sessionId}`;

/** Accounts have 32 lower-case hexadecimal characters. */
export const isAccountId = (text: string): boolean => /^[0-9a-f]{32}$/.test(text);
