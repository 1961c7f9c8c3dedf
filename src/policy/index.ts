// The door of the policy engine: parse, decide, explain, lint. Pure functions; time comes in with the context.
export { contextFinding, contextOf, findAmong, type ConditionContext, type ConditionValue, type FindValue } from './context.js';
export { decideCaller, decideTrust, type CallerQuestion, type Detail, type TrustQuestion } from './decide.js';
export { describe, type Decision, type DecidingStatement, type Effect, type FailedCondition, type Side } from './decision.js';
export type { NamedPolicy } from './evaluate.js';
export type { PolicyKind } from './limits.js';
export { lint } from './lint/lint.js';
export { isMultiValuedKey } from './lint/condition-keys.js';
export type { Finding, LintOptions } from './lint/finding.js';
export { globOf, matchesGlob } from './glob.js';
export { readJson } from './json.js';
export { formatPolicy, parseEither, parsePolicy, type Policy } from './policy.js';
export type { RoleDependence } from './older-document.js';
export { mayConcern } from './concerning.js';
export { PolicyError } from './policy-error.js';
export type { PrincipalIdentity } from './principals.js';
export type { StatementSource } from './statement.js';
export { foldAscii } from './text.js';
