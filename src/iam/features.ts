// Whether the account has a feature (IAM v5 API §9).
import { z } from 'zod';
import { ApiError } from '../base/api-error.js';
import type { Result } from './account-call.js';

export const featurePath = z.object({ feature_name: z.string().regex(/^[A-Za-z0-9_-]{1,36}$/, 'must be 1 to 36 letters, digits, _ or -') });
export const featureResponse = z.object({ feature_status: z.enum(['on', 'off', 'pending']) });

/** [choice] The names that the cloud knows; this service has none of these features. */
const absentFeatures: readonly string[] = ['v5_console', 'access_analyzer', 'privacy_transfer', 'console_token_policy', 'rcp', 'ncp'];

export function get({ path: { feature_name: name } }: { readonly path: z.output<typeof featurePath> }): Result<z.infer<typeof featureResponse>> {
  if (!absentFeatures.includes(name)) throw new ApiError('entityNotFound', `the feature \`${name}\` cannot be found`);
  return { body: { feature_status: 'off' } };
}
