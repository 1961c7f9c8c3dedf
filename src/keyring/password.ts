// Passwords of users: only their Argon2id hashes are kept, each with a salt of its own.
import { hashSync, verify, verifySync } from '@node-rs/argon2';

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

/** The same beside other work: it takes tens of milliseconds. */
export const isPasswordLater = (hash: string, password: string): Promise<boolean> => verify(hash, password).catch(() => false);
