// Linter rules on actions and resources: too wide, unknown, never matching.
import { globOf, matchesGlob } from '../glob.js';
import { listPointer, note, warning, type Finding, type LintOptions, type StatementPlace } from './finding.js';
import { below, quote } from '../policy-error.js';
import { foldAscii, suggestion } from '../text.js';

const trustActions = ['sts:agencies:assume', 'sts:agencies:assumewithoidc', 'sts:agencies:assumewithsaml', 'sts::tagsession', 'sts::setsourceidentity'];
const everyAction = /^[*:]*\*[*:]*$/;
const everyActionOfService = /^[\w-]+:[*:]*\*$/;

export function lintActions(place: StatementPlace, options: LintOptions): Finding[] {
  return [...lintWidth(place), ...lintKnown(place, options), ...lintDead(place)];
}

/** An agency or user that may do everything is the excessive role that the documentation warns of. */
function lintWidth(place: StatementPlace): Finding[] {
  const { effect, action, resource, condition } = place.statement.source;
  const everywhere = resource === undefined || (!resource.negated && resource.items.includes('*'));
  if ((place.kind !== 'identity' && place.kind !== 'role') || effect !== 'Allow' || !everywhere || condition.length > 0) return [];
  const pointer = listPointer(place, 'Action');
  if (action.negated) return [warning('not-action-allow', pointer, 'an Allow with `NotAction` grants everything that is not listed, future actions included')];
  return action.items.flatMap((item, index) => {
    if (everyAction.test(item)) return [warning('full-access', below(pointer, index), 'every action on every resource is allowed: grant only what is needed')];
    if (everyActionOfService.test(item)) return [warning('service-wide-access', below(pointer, index), `${quote(item)} allows a whole service on every resource: grant only what is needed`)];
    return [];
  });
}

function lintKnown(place: StatementPlace, { knownActions, partlyKnownServices }: LintOptions): Finding[] {
  if (knownActions === undefined) return [];
  const actions = Array.from(knownActions, foldAscii);
  const services = new Set(actions.map(serviceOf));
  const pointer = listPointer(place, 'Action');
  return place.statement.source.action.items.flatMap((item, index) => {
    const glob = globOf(foldAscii(item));
    if (actions.some((action) => matchesGlob(glob, action))) return [];
    const meant = suggestion(item, knownActions);
    const message = `${quote(item)} matches no known action${meant}`;
    const service = serviceOf(foldAscii(item));
    // The older name of IAM's actions, of which the catalogue knows the newer ones.
    if (service === 'identity') return [];
    // The catalogue may not know the actions of every service that relies on us.
    if (!services.has(service)) return [note('unknown-service', below(pointer, index), message)];
    const unsure = partlyKnownServices?.has(service) === true && meant === '';
    return [(unsure ? note : warning)('unknown-action', below(pointer, index), message)];
  });
}

const serviceOf = (action: string): string => action.slice(0, Math.max(0, action.indexOf(':')));

function lintDead(place: StatementPlace): Finding[] {
  const { statement, kind } = place;
  const { action, resource } = statement.source;
  const findings: Finding[] = [];
  const never = (element: 'Action' | 'Resource', message: string) => findings.push(warning('never-applies', listPointer(place, element), message));
  if (action.negated && action.items.some((item) => everyAction.test(item))) never('Action', 'the statement can never apply: `NotAction` excludes every action');
  if (resource?.negated === true && resource.items.includes('*')) never('Resource', 'the statement can never apply: `NotResource` excludes every resource');
  const globs = action.items.map((item) => globOf(foldAscii(item)));
  if (kind === 'trust' && !action.negated && !trustActions.some((known) => globs.some((glob) => matchesGlob(glob, known)))) {
    never('Action', 'the statement can never apply: a trust policy is only asked about assuming, tagging and the source identity');
  }
  const broken = statement.resources?.patterns.flatMap((pattern, index) => (pattern === 'never' ? [index] : [])) ?? [];
  if (broken.length > 0 && broken.length === statement.resources?.patterns.length && !statement.resources.negated) {
    never('Resource', 'the statement can never apply: no resource has a well-formed variable');
  }
  const pointer = listPointer(place, 'Resource');
  findings.push(...broken.map((index) => warning('broken-variable', below(pointer, index), `${quote(resource?.items[index] ?? '')} has a malformed variable and matches nothing`)));
  return [...findings, ...lintAccounts(resource?.items ?? [], pointer)];
}

/** `*` as the whole account is a choice; a part of an id is a mistake. */
function lintAccounts(resources: readonly string[], pointer: string): Finding[] {
  return resources.flatMap((resource, index) => {
    const account = /^[^:${]*:[^:${]*:([^:${]*):/.exec(resource)?.[1] ?? '';
    const partial = /[*?]/.test(account) && account !== '*';
    return partial ? [warning('wildcard-in-id', below(pointer, index), `${quote(resource)} has a wildcard inside an account id`)] : [];
  });
}
