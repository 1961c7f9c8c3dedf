// Policies and callers that several policy tests use.
import { parsePolicy, type NamedPolicy, type PolicyKind, type PrincipalIdentity } from '../../src/policy/index.js';

export const accountA = '5'.repeat(32);
export const accountB = 'a'.repeat(32);
export const assume = 'sts:agencies:assume';
export const agencyUrn = `iam::${accountA}:agency:ops/deploy`;

export const user: PrincipalIdentity = { kind: 'user', urn: `iam::${accountA}:user:bob`, accountId: accountA };

export const documentOf = (statements: unknown): string => JSON.stringify({ Version: '5.0', Statement: statements });

export const named = (name: string, kind: PolicyKind, statements: unknown): NamedPolicy => ({ name, policy: parsePolicy(kind, documentOf(statements)) });
