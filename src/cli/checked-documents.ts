// The policy documents in a file that `agency-sts policy check` is given: one policy, or all those of a bootstrap file.
import { z } from 'zod';
import { parseBootstrapFile, pointerOf, type BootstrapAccount } from '../directory/bootstrap-file.js';
import type { PolicyKind } from '../policy/index.js';

export interface CheckedDocument {
  /** JSON pointer of the document in its file; empty for a file that is one policy. */
  readonly place: string;
  readonly kind: PolicyKind;
  readonly text: string;
  readonly ownAccountId: string | undefined;
}

/** A policy or role that somebody has: its name or id, and where the file says so. */
export interface Attachment {
  readonly place: string;
  readonly policyName: string;
}

export interface CheckedFile {
  readonly documents: readonly CheckedDocument[];
  readonly attachments: readonly Attachment[];
}

export interface CheckedAs {
  readonly kind: PolicyKind | undefined;
  readonly ownAccountId: string | undefined;
}

const bootstrapOutline = z.looseObject({ accounts: z.array(z.unknown()), Statement: z.undefined().optional() });
const olderOutline = z.looseObject({ Version: z.enum(['1.0', '1.1']) });
const statementsOutline = z.looseObject({ Statement: z.array(z.record(z.string(), z.unknown())) });

/** Throws a BootstrapError for a bootstrap file that is none; a text of any other kind is taken for one policy. */
export function checkedFile(text: string, { kind, ownAccountId }: CheckedAs): CheckedFile {
  const json = parsed(text);
  if (kind === undefined && bootstrapOutline.safeParse(json).success) return bootstrapDocuments(text, ownAccountId);
  return { documents: [{ place: '', kind: kind ?? guessedKind(json), text, ownAccountId }], attachments: [] };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Only the older system has those versions, and only a trust policy says whom it means. */
function guessedKind(json: unknown): PolicyKind {
  if (olderOutline.safeParse(json).success) return 'role';
  const outline = statementsOutline.safeParse(json);
  const trust = outline.success && outline.data.Statement.some((statement) => Object.hasOwn(statement, 'Principal') || Object.hasOwn(statement, 'NotPrincipal'));
  return trust ? 'trust' : 'identity';
}

function bootstrapDocuments(text: string, ownAccountId: string | undefined): CheckedFile {
  const accounts = parseBootstrapFile(text).accounts.map((account, index) => accountDocuments(account, ['accounts', index], account.account_id ?? ownAccountId));
  return { documents: accounts.flatMap(({ documents }) => documents), attachments: accounts.flatMap(({ attachments }) => attachments) };
}

type Path = readonly (string | number)[];

function accountDocuments(account: BootstrapAccount, at: Path, ownAccountId: string | undefined): CheckedFile {
  const document = (kind: PolicyKind, content: object, ...path: Path): CheckedDocument =>
    ({ place: pointerOf([...at, ...path]), kind, text: JSON.stringify(content), ownAccountId });
  const attached = (list: 'users' | 'groups' | 'agencies' | 'legacy_agencies'): Attachment[] => account[list].flatMap(({ attached_policies: names }, index) =>
    (names ?? []).map((policyName, position) => ({ place: pointerOf([...at, list, index, 'attached_policies', position]), policyName })));
  const granted = (list: 'groups' | 'legacy_agencies'): Attachment[] => account[list].flatMap(({ role_grants: grants }, index) =>
    (grants ?? []).map(({ role }, position) => ({ place: pointerOf([...at, list, index, 'role_grants', position, 'role']), policyName: role })));
  return {
    documents: [
      ...account.policies.flatMap(({ policy_document: only, versions = [] }, index) => [
        ...(only === undefined ? [] : [document('identity', only, 'policies', index, 'policy_document')]),
        ...versions.map((version, number) => document('identity', version.policy_document, 'policies', index, 'versions', number, 'policy_document')),
      ]),
      ...account.agencies.map((agency, index) => document('trust', agency.trust_policy, 'agencies', index, 'trust_policy')),
      ...account.roles.map((role, index) => document('role', role.policy, 'roles', index, 'policy')),
      ...(account.service_control_policies ?? []).map((policy, index) => document('service-control', policy.policy_document, 'service_control_policies', index, 'policy_document')),
    ],
    attachments: [...attached('users'), ...attached('groups'), ...attached('agencies'), ...attached('legacy_agencies'), ...granted('groups'), ...granted('legacy_agencies')],
  };
}
