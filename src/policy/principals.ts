// Whom a trust policy names, and whether a caller is one of them (policy language §3).
import { PolicyError, quote } from './policy-error.js';
import { foldAscii } from './text.js';

export type PrincipalType = 'IAM' | 'Service' | 'Identity_provider';

/** Who calls. */
export interface PrincipalIdentity {
  readonly kind: 'root' | 'user' | 'agency-session' | 'service' | 'federated';
  /** As in g:PrincipalUrn; for services `service.X`; for an OIDC or SAML assertion the provider's URN. */
  readonly urn: string;
  readonly accountId: string;
  /** Of an agency session: `iam::<account>:agency:<path><name>`. */
  readonly agencyUrn?: string;
  readonly servicePrincipal?: string;
}

export interface PrincipalEntry {
  readonly type: PrincipalType;
  readonly text: string;
}

/** Entries by what they are compared with. */
export interface PrincipalSet {
  readonly anybody: boolean;
  readonly accounts: ReadonlySet<string>;
  readonly urns: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
  readonly providers: ReadonlySet<string>;
}

/** [choice] Account ids in principals are 32 lower-case hexadecimal characters, the form seen in practice. */
const account = '[0-9a-f]{32}';
const accountForm = new RegExp(`^${account}$`);
const rootForm = new RegExp(`^iam::(${account}):root$`);
const userForm = new RegExp(`^iam::${account}:user:[^:/*?\\p{Cc}]{1,64}$`, 'u');
const agencyForm = new RegExp(`^iam::${account}:agency:(?:[A-Za-z0-9.,+@=_-]+/){0,64}[\\w+=,.@-]{1,64}$`);
/** One colon or two after the account: both are printed by the cloud; it stands for the one-colon form. */
const sessionForm = new RegExp(`^sts::(${account})::?(assumed-agency:[\\w+=,.@-]{1,64}/[\\w+=,.@-]{1,128})$`);
const externalUserForm = new RegExp(`^sts::${account}:external-user:[^:/*?\\p{Cc}]{1,64}/[^:/*?\\p{Cc}]{1,128}$`, 'u');
const providerForm = new RegExp(`^iam::${account}:(?:oidcProvider|samlProvider):[^:/*?\\p{Cc}]{1,128}$`, 'u');
const serviceForm = /^service\.[a-zA-Z0-9-]{1,56}$/;

/** The account that an IAM entry names or lies in; undefined for `*`. */
export function accountOfEntry(entry: PrincipalEntry): string | undefined {
  return accountForm.test(entry.text) ? entry.text : /^(?:iam|sts)::([0-9a-f]{32}):/.exec(entry.text)?.[1];
}

/** @throws PolicyError when the text is not a principal of its type */
export function checkPrincipal(entry: PrincipalEntry, pointer: string): void {
  const { type, text } = entry;
  const refuse = (reason: string): never => {
    throw new PolicyError(pointer, 'principal', `${quote(text)} is not ${type === 'IAM' ? 'an' : 'a'} \`${type}\` principal: ${reason}`);
  };
  if (type === 'IAM') {
    if (text === '*' || iamForms.some((form) => form.test(text))) return;
    if (/[*?]/.test(text)) refuse('a wildcard stands only for anybody, as `*` alone');
    if (serviceForm.test(text)) refuse('write it under `Service`');
    if (/^iam::[^:]*:group:/.test(text)) refuse('a user group cannot be a principal');
    refuse('write an account id of 32 lower-case hexadecimal characters, or the URN of a root, user, agency or session');
  } else if (type === 'Service') {
    if (!serviceForm.test(text)) refuse('write `service.` and 1 to 56 letters, digits or hyphens');
  } else if (!providerForm.test(text)) refuse('write the URN of an OIDC or SAML identity provider');
}

const iamForms = [accountForm, rootForm, userForm, agencyForm, sessionForm, externalUserForm];

export function compilePrincipals(entries: readonly PrincipalEntry[]): PrincipalSet {
  const set = { anybody: false, accounts: new Set<string>(), urns: new Set<string>(), services: new Set<string>(), providers: new Set<string>() };
  for (const { type, text } of entries) {
    if (type === 'Service') set.services.add(foldAscii(text));
    else if (type === 'Identity_provider') set.providers.add(text);
    else if (text === '*') set.anybody = true;
    else if (accountForm.test(text)) set.accounts.add(text);
    else addIamUrn(set, text);
  }
  return set;
}

function addIamUrn(set: { accounts: Set<string>; urns: Set<string> }, text: string): void {
  // [choice] `iam::<account>:root` is a synonym of the account, not its root user alone.
  const root = rootForm.exec(text)?.[1];
  const session = sessionForm.exec(text);
  if (root !== undefined) set.accounts.add(root);
  else if (session !== null) set.urns.add(`sts::${session[1] ?? ''}:${session[2] ?? ''}`);
  else set.urns.add(text);
}

/**
 * INVARIANT: whole values are compared, never prefixes or patterns, and each kind of principal only with entries of
 * its own type: a service is never covered by an account or `*`, nor is an identity provider's assertion.
 */
export function includesPrincipal(set: PrincipalSet, principal: PrincipalIdentity): boolean {
  if (principal.kind === 'service') return set.services.has(foldAscii(principal.servicePrincipal ?? principal.urn));
  if (principal.kind === 'federated' && providerForm.test(principal.urn)) return set.providers.has(principal.urn);
  if (set.anybody || set.accounts.has(principal.accountId) || set.urns.has(principal.urn)) return true;
  return principal.kind === 'agency-session' && principal.agencyUrn !== undefined && set.urns.has(principal.agencyUrn);
}
