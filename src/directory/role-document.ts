// What a custom role of the older system may say: a policy document of version 1.1.
import { parsePolicy, PolicyError } from '../policy/index.js';

/** Throws a {@link PolicyError} for a text that is no such document. */
export function checkRoleDocument(text: string): void {
  const { version } = parsePolicy('role', text);
  if (version !== '1.1') throw new PolicyError('/Version', 'version', 'the policy version of a custom role must be `"1.1"`');
}
