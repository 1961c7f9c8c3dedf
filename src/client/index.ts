// What users import as `agency-sts/client`.
export { agencyCredentials, type AgencyCredentials, type SessionCredentials } from './agency-credentials.js';
export { CredentialsError, type CredentialsErrorReason } from './credentials-error.js';
export type { ConnectionFlags } from './connection.js';
export type { AgencyCredentialsOptions, AgencyHop } from './options.js';
export { defaultCredentials, environmentCredentials, profileCredentials, type CredentialProvider, type CredentialSource, type GetOptions, type ProvidedCredentials } from './provider.js';
export { officialCredentials, type OfficialCredentials } from './official-credentials.js';
export { requestSigner, signedFetch, type SignerOptions } from './request-signer.js';
export type { ClientClock } from './service-clock.js';
