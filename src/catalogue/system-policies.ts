// System policies: identity policies that every account can attach and none can change.
import { createHash } from 'node:crypto';
import { parsePolicy, PolicyError, type NamedPolicy } from '../policy/index.js';
import type { CatalogueFile } from './file.js';
import { textsOf, type Texts } from './texts.js';

export interface SystemPolicy {
  readonly policyId: string;
  readonly policyName: string;
  readonly urn: string;
  readonly description: Texts;
  /** JSON text, as the API hands it out. */
  readonly document: string;
  readonly policy: NamedPolicy;
}

/** [choice] The name alone makes the id, so that an attachment means the same policy in every process and after every restart. */
export const systemPolicyId = (policyName: string): string => createHash('sha256').update(`system-policy:${policyName}`).digest('hex').slice(0, 32);

/** [choice] A URN of no account, under a word that no account id can be. */
const systemPolicyUrn = (policyName: string): string => `iam::system:policy:${policyName}`;

/** @throws Error naming the service, the policy, the place in it and the rule */
export function systemPolicyOf(service: string, { policy_name: policyName, description, policy_document: content }: CatalogueFile['system_policies'][number]): SystemPolicy {
  const document = JSON.stringify(content);
  try {
    const policy: NamedPolicy = { name: policyName, policy: parsePolicy('identity', document) };
    return { policyId: systemPolicyId(policyName), policyName, urn: systemPolicyUrn(policyName), description: textsOf(description), document, policy };
  } catch (error) {
    if (error instanceof PolicyError) throw new Error(`service \`${service}\`: system policy \`${policyName}\`: ${error.message}`, { cause: error });
    throw error;
  }
}
