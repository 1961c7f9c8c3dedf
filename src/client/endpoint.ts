// The endpoint of a service, as people write it.
import { quote } from '../base/text.js';
import { settingsError } from './credentials-error.js';

/** Scheme, host and port. Throws a CredentialsError for anything more or less. */
export function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) throw settingsError(`endpoint ${quote(text)} must be an http or https URL`);
  // Not quoted: it holds a password.
  if (url.username !== '' || url.password !== '') throw settingsError('endpoint must not hold a user name or password');
  // A path would be part of what is signed, and whoever cuts it off on the way breaks the signature.
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw settingsError(`endpoint ${quote(text)} must have no path, query or fragment`);
  return url;
}
