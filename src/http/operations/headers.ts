// Headers that operations share; each counts only when it is signed.
import type { OperationHeader } from '../operation.js';

export const language: OperationHeader = { name: 'X-Language', description: 'language of descriptions: `en-us`, or else `zh-cn`; signed' };

/** Of the operations in which a service acts for an account. */
export const namedAccount: OperationHeader = { name: 'X-Source-Account', description: 'of services, which must give it: id of the account that the service acts for; signed' };

/** Conditions of the trust policy that is asked. */
export const onBehalfOf: readonly OperationHeader[] = [
  { name: 'X-Source-Account', description: 'of services: id of the account that the service acts for (`g:SourceAccount`); signed' },
  { name: 'X-Source-Urn', description: 'of services: URN of the resource that the service acts for (`g:SourceUrn`); signed' },
];
