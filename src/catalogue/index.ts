// The door of the catalogue of services: its files, what they make together, and the authorization schemas.
export { authorizationSchema, type AuthorizationSchema, type ServiceOperation } from './authorization-schema.js';
export { catalogueOf, type Catalogue, type ServicePrincipal } from './catalogue.js';
export { catalogueFile, type CatalogueFile } from './file.js';
export { readCatalogue } from './read.js';
export type { ServiceLinkedAgencyTemplate } from './service-linked-agencies.js';
export { systemPolicyId, type SystemPolicy } from './system-policies.js';
export { defaultEnterpriseProjectId, type CatalogueOperation } from './service-operations.js';
export { systemRoleId, type SystemRole } from './system-roles.js';
export type { Texts } from './texts.js';
