// The part of the OCSF schema 1.9.0 that API Activity and Authentication use: attributes, types, enums, what is required, and constraints.
import { z } from 'zod';

// Strict objects: an attribute that is not the schema's, or not listed here, is an error.
const some = <Shape extends z.ZodRawShape>(shape: Shape, ...atLeastOne: (keyof Shape & string)[]) =>
  z.strictObject(shape).partial().refine((value) => atLeastOne.length === 0 || atLeastOne.some((name) => name in value), `needs at least one of ${atLeastOne.join(', ')}`);

const text = z.string().min(1);
const timestamp = z.int().positive();
const captioned = (captions: Readonly<Record<number, string>>) => ({
  id: z.int().refine((id) => id in captions, 'is not in the enum'),
  /** 99 is `Other`: its caption is the source's own. */
  agrees: (id: unknown, caption: unknown) => typeof id === 'number' && (caption === undefined || (id === 99 ? typeof caption === 'string' && caption !== '' : captions[id] === caption)),
});

const severity = captioned({ 0: 'Unknown', 1: 'Informational', 2: 'Low', 3: 'Medium', 4: 'High', 5: 'Critical', 6: 'Fatal', 99: 'Other' });
const status = captioned({ 0: 'Unknown', 1: 'Success', 2: 'Failure', 99: 'Other' });
const userTypes = captioned({ 0: 'Unknown', 1: 'User', 2: 'Admin', 3: 'System', 4: 'Service', 99: 'Other' });
const resourceRoles = captioned({ 0: 'Unknown', 1: 'Target', 2: 'Actor', 3: 'Affected', 4: 'Related', 99: 'Other' });

const account = some({ uid: text, name: text }, 'uid', 'name');
const user = some({
  uid: text, uid_alt: text, name: text, type_id: userTypes.id, type: text, account, programmatic_credentials: z.array(z.strictObject({ uid: text, type: text.optional() })),
}, 'account', 'name', 'uid').refine((value) => value.type_id === undefined || userTypes.agrees(value.type_id, value.type), 'type_id and type differ');
const session = some({ uid: text, uid_alt: text, issuer: text, credential_uid: text, created_time: timestamp, expiration_time: timestamp, is_mfa: z.boolean() });
const service = some({ uid: text, name: text }, 'uid', 'name');
const endpoint = some({ ip: z.union([z.ipv4(), z.ipv6()]), name: text, svc_name: text }, 'ip', 'name', 'svc_name');
const resource = some({ uid: text, name: text, type: text, role_id: resourceRoles.id, role: text, owner: user }, 'uid', 'name')
  .refine((value) => value.role_id === undefined || resourceRoles.agrees(value.role_id, value.role), 'role_id and role differ');
const actor = some({ user, session, authorizations: z.array(z.strictObject({ decision: z.enum(['allowed', 'denied']) })) }, 'user', 'session');
const api = z.strictObject({
  operation: text, service: service.optional(),
  request: z.strictObject({ uid: text, data: z.record(z.string(), z.unknown()).optional() }),
  response: some({ code: z.int(), error: text, error_message: text }),
});
const metadata = z.strictObject({
  version: z.literal('1.9.0'), product: z.strictObject({ name: text, vendor_name: text }), profiles: z.tuple([z.literal('cloud')]),
  uid: text, event_code: text, correlation_uid: text, log_name: text, tenant_uid: text,
});

const base = {
  category_name: text, class_name: text, type_name: text, activity_name: text, type_uid: z.int(),
  severity_id: severity.id, severity: text, status_id: status.id, status: text, status_code: text, status_detail: text.optional(),
  time: timestamp, metadata, api, cloud: z.strictObject({ provider: text, account }), unmapped: z.record(z.string(), z.unknown()).optional(),
};
const apiActivities = captioned({ 0: 'Unknown', 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete', 99: 'Other' });
const authentications = captioned({
  0: 'Unknown', 1: 'Logon', 2: 'Logoff', 3: 'Authentication Ticket', 4: 'Service Ticket Request', 5: 'Service Ticket Renew', 6: 'Preauth', 7: 'Account Switch', 99: 'Other',
});

const apiActivity = z.strictObject({
  ...base, category_uid: z.literal(6), category_name: z.literal('Application Activity'), class_uid: z.literal(6003), class_name: z.literal('API Activity'), activity_id: apiActivities.id,
  actor, src_endpoint: endpoint, resources: z.array(resource).min(1).optional(),
}).refine((event) => apiActivities.agrees(event.activity_id, event.activity_name), 'activity_id and activity_name differ');

// The constraint that `service` or `dst_endpoint` is there is met by the first.
const authentication = z.strictObject({
  ...base, category_uid: z.literal(3), category_name: z.literal('Identity & Access Management'), class_uid: z.literal(3002), class_name: z.literal('Authentication'), activity_id: authentications.id,
  actor: actor.optional(), src_endpoint: endpoint.optional(), user, service, session: session.optional(),
}).refine((event) => authentications.agrees(event.activity_id, event.activity_name), 'activity_id and activity_name differ');

export const ocsfEvent = z.union([apiActivity, authentication])
  .refine((event) => event.type_uid === event.class_uid * 100 + event.activity_id, 'type_uid is not class_uid * 100 + activity_id')
  .refine((event) => event.type_name === `${event.class_name}: ${event.activity_name}`, 'type_name is not that of the class and activity')
  .refine((event) => Math.floor(event.class_uid / 1000) === event.category_uid, 'the class is not of the category')
  .refine((event) => severity.agrees(event.severity_id, event.severity) && status.agrees(event.status_id, event.status), 'an id and its caption differ');
