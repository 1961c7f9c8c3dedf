// Linter rules on single condition clauses.
import { isListedService, knownKey, knownKeyNames } from './condition-keys.js';
import type { Clause } from '../conditions.js';
import { note, warning, type Finding, type StatementPlace } from './finding.js';
import { quote } from '../policy-error.js';
import { isVariable, type Template } from '../template.js';
import { suggestion } from '../text.js';

export function lintClauses({ statement }: StatementPlace): Finding[] {
  const { clauses, source } = statement;
  return clauses.flatMap((clause) => [
    ...(source.effect === 'Allow' ? lintForAllValues(clause, clauses) : []),
    ...lintKey(clause),
    ...lintValues(clause),
  ]);
}

/** An absent key is an empty set, of which everything is true. */
function lintForAllValues(clause: Clause, all: readonly Clause[]): Finding[] {
  const presenceAsked = all.some((other) => other.name.base === 'Null' && other.foldedKey === clause.foldedKey && !other.source.values.includes('true'));
  if (clause.name.quantifier !== 'all' || presenceAsked) return [];
  const message = `\`ForAllValues\` in an Allow is true when ${quote(clause.source.key)} is absent: add \`Null\` with \`"false"\` for it`;
  return [warning('for-all-values-allow', clause.pointer, message)];
}

function lintKey({ source, name, pointer }: Clause): Finding[] {
  const key = knownKey(source.key);
  if (key === undefined) {
    if (!isListedService(source.key)) return [];
    return [warning('unknown-condition-key', pointer, `the condition key ${quote(source.key)} is not known${suggestion(source.key, knownKeyNames)}`)];
  }
  if (name.base === 'Null') return [];
  const findings: Finding[] = [];
  if (name.base.type !== key.type) {
    findings.push(warning('operator-type', pointer, `${quote(source.operator)} compares values of type ${name.base.type}, but ${quote(source.key)} is of type ${key.type}`));
  }
  if (key.multiValued && name.quantifier === 'plain') {
    findings.push(note('multi-valued-key', pointer, `${quote(source.key)} has several values: say \`ForAnyValue:\` or \`ForAllValues:\``));
  }
  return findings;
}

function lintValues({ source, name, pointer, templates }: Clause): Finding[] {
  if (name.base === 'Null' || name.base.type !== 'string') return templates.flatMap((template) => lintVariables(template, pointer));
  const globbing = source.operator.includes('Match');
  const sensitive = knownKey(source.key)?.sensitive;
  return templates.flatMap((template) => {
    const findings = lintVariables(template, pointer);
    const wild = template.parts.some((part) => !isVariable(part) && !part.literal && /[*?]/.test(part.text));
    if (wild && globbing && isRiskyWildcard(template, sensitive)) {
      findings.push(warning('wildcard-in-id', pointer, `${quote(template.source)} has a wildcard inside an id`));
    } else if (wild && !globbing) {
      findings.push(note('wildcard-without-match', pointer, `${quote(template.source)} is compared as it stands: only \`StringMatch\` and \`StringNotMatch\` know wildcards`));
    }
    return findings;
  });
}

/** In a URN the account is the id; its path is made of names, where a wildcard is normal. */
function isRiskyWildcard(template: Template, sensitive: 'id' | 'urn' | undefined): boolean {
  if (sensitive !== 'urn') return sensitive === 'id';
  const segments = template.source.split(':');
  return segments.length < 4 || /[*?]/.test(segments[2] ?? '');
}

function lintVariables(template: Template, pointer: string): Finding[] {
  if (template.broken) return [warning('broken-variable', pointer, `${quote(template.source)} has a malformed variable and matches nothing`)];
  const lists = template.parts.flatMap((part) => (isVariable(part) && knownKey(part.key)?.multiValued === true ? [part.key] : []));
  return lists.map((key) => warning('broken-variable', pointer, `${quote(template.source)} can never match: ${quote(key)} has several values`));
}
