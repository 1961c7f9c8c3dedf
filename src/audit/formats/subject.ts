// What an event is about: the service that was called, and the kind of thing that it acted on.
import { parseUrn } from '../../urn/urn.js';
import type { AuditEvent } from '../event.js';

/** What the operations of the token service are about, also when they were refused before they came to a resource. */
const stsResourceTypes: Readonly<Record<string, string>> = {
  AssumeAgency: 'agency', GetCallerIdentity: 'session', DecodeAuthorizationMessage: 'message', SimulatePolicies: 'policy', Authorize: 'decision', IntrospectToken: 'session',
  ListSessions: 'session', GetSession: 'session', ListSessionDescendants: 'session', RevokeSession: 'session', RevokeSessions: 'session', RevokeToken: 'session',
  GetSessionSettings: 'account', SetSessionSettings: 'account',
  ListAuditEvents: 'event', GetAuditEvent: 'event', GetAuditEventProof: 'event', ListAuditKeys: 'event',
  RotateKey: 'key', ActivateKey: 'key', RetireKey: 'key',
};

export const serviceType = ({ operation }: AuditEvent): 'STS' | 'IAM' => (Object.hasOwn(stsResourceTypes, operation) ? 'STS' : 'IAM');

/** Every other operation is about what its URN names, or the account as a whole. */
export const resourceType = ({ operation, resource }: AuditEvent): string => stsResourceTypes[operation] ?? parseUrn(resource ?? '')?.type ?? 'account';
