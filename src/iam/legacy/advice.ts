// What an administrator is told of roles that grant an agency more than it needs: an advice, not an error (legacy agencies §1).
import type { RoleView } from '../../directory/roles.js';
import type { Services } from '../../sts/services.js';

export const adviceHeader = 'X-Agency-Advice';

/** One text per role that is too wide. */
export function adviceOf({ catalogue }: Services, roles: readonly RoleView[]): readonly string[] {
  const advice = roles.flatMap(({ displayName, custom }) => {
    const text = custom === undefined ? catalogue.excessiveRole(displayName) : undefined;
    return text === undefined ? [] : [`${displayName}: ${text}`];
  });
  return [...new Set(advice)];
}

/** A header of the answer where one of the roles is too wide; none otherwise. */
export function agencyAdvice(services: Services, roles: readonly RoleView[]): Readonly<Record<string, string>> {
  const advice = adviceOf(services, roles);
  return advice.length === 0 ? {} : { [adviceHeader]: advice.join('; ').replaceAll(/[^\x20-\x7e]/g, '?') };
}
