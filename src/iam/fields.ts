// Fields that requests and answers of several families have (IAM v5 API §1).
import { z } from 'zod';
import type { ResourceTag } from '../directory/entities.js';
import { parsePolicy, PolicyError, type PolicyKind } from '../policy/index.js';
import { freeText } from '../base/characters.js';

const longestPath = 512;

export const pathPrefix = z.string().max(longestPath).regex(/^[A-Za-z0-9.,+@=_/-]*$/, 'must hold only letters, digits and .,+@=_-/');

export const description = freeText(1000);
/** Of users and groups, service-linked agencies and providers. */
export const strictDescription = (most: number) => freeText(most).regex(/^[^@#%&<>\\$^*]*$/, 'must not hold any of @#%&<>\\$^*');

/** A policy document as JSON text in a string. */
export const policyDocument = (kind: PolicyKind) => z.string().superRefine((text, context) => {
  try {
    parsePolicy(kind, text);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    context.addIssue({ code: 'custom', message: error.message, params: { cause: 'malformedPolicyDocument' } });
  }
});

export const tag = z.object({ tag_key: z.string(), tag_value: z.string() });

export const tagAnswer = ({ key, value }: ResourceTag): z.infer<typeof tag> => ({ tag_key: key, tag_value: value });

/** ISO 8601 in UTC, with milliseconds. @param time milliseconds since the epoch */
export const timestamp = (time: number): string => new Date(time).toISOString();
