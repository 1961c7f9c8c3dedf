// Passwords of users: only their Argon2id hashes are kept, each with a salt of its own.
import { hashSync, verify, verifySync } from '@node-rs/argon2';
import { ApiError } from '../base/api-error.js';
import { fewAtOnce } from '../base/few-at-once.js';

/** In the PHC form; the library's own costs are those that OWASP recommends (19 MiB, two passes). */
export const hashPassword = (password: string): string => hashSync(password);

/** False also for a text that is no hash. */
export function isPassword(hash: string, password: string): boolean {
  try {
    return verifySync(hash, password);
  } catch {
    return false;
  }
}

/** Each keeps a thread of the four that reading files and resolving names need as well, and 19 MiB, for tens of milliseconds. */
const mostAtOnce = 2;
/** [choice] About a second of work. */
const mostWaiting = 64;

const verification = fewAtOnce(mostAtOnce, mostWaiting, () => new ApiError('tooManyRequests', 'too many passwords are being checked at the moment; try again'));

/** The same beside other work; throws the 429 when too many wait for it, so that a flood of logins stops nothing else. */
export const isPasswordLater = (hash: string, password: string): Promise<boolean> => verification(() => verify(hash, password).catch(() => false));
