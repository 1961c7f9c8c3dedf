// Text for a shell, beside that for a terminal.
export { printable, quote } from '../base/text.js';

/** One word of a POSIX shell, whatever the text holds. */
export const shellQuote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
