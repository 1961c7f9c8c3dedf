// Which service a registered service principal speaks for: the one place where principals, actions and URNs meet.
import { foldAscii } from '../policy/index.js';
import type { CatalogueFile } from './file.js';

/** Decided by this service itself: no registered service speaks for them, whatever a file says. */
const ownCodes: ReadonlySet<string> = new Set(['sts', 'iam']);
const codePattern = /^[a-z][a-z0-9-]{0,55}$/;

/**
 * The code of the service that a principal speaks for: its actions, its URNs and its V11 scopes bear it. It is that of
 * the file which has the principal; [choice] of a principal that no file has, its own name in lower case, unless a file
 * describes a service of that code: its actions are not for whoever is registered under its name.
 */
export function serviceCodesOf(files: readonly CatalogueFile[]): (servicePrincipal: string) => string | undefined {
  const described = new Set(files.map(({ service }) => service));
  const byPrincipal = new Map(files.flatMap(({ service, service_principals: entries }) => entries.map((entry) => [foldAscii(entry.service_principal), service] as const)));
  return (servicePrincipal) => {
    const folded = foldAscii(servicePrincipal);
    const name = folded.slice(folded.indexOf('.') + 1);
    const code = byPrincipal.get(folded) ?? (described.has(name) ? undefined : name);
    return code !== undefined && codePattern.test(code) && !ownCodes.has(code) ? code : undefined;
  };
}
