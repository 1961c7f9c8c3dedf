// Base64 of RFC 4648 §4, read strictly: each text that is accepted is the only one of its bytes.
import { FormatError } from './format-error.js';

/** @param what names the field in the error */
export function decodeBase64(what: string, text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new FormatError(`${what} is not base64`);
  return bytes;
}
