// The one error that a policy document can cause, and how user input is quoted in it.

/** A policy document that is refused: where (JSON pointer, RFC 6901), by which rule, and a full sentence. */
export class PolicyError extends Error {
  readonly pointer: string;
  readonly rule: string;

  constructor(pointer: string, rule: string, sentence: string) {
    super(`${sentence} (at ${pointer === '' ? 'the top of the document' : quote(pointer)})`);
    this.name = 'PolicyError';
    this.pointer = pointer;
    this.rule = rule;
  }
}

const longestQuote = 100;

/** User input for an error message: in backticks, control characters escaped, cut at 100 characters. */
export function quote(text: string): string {
  const cut = text.length > longestQuote ? `${text.slice(0, longestQuote)}...` : text;
  // Bidirectional controls, lone surrogates and backticks could make a log line read as something else.
  const safe = cut.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}`]/gu, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `\`${safe}\``;
}

/** The pointer to a member or an item below `pointer`. */
export function below(pointer: string, step: string | number): string {
  const text = String(step);
  return `${pointer}/${/[~/]/.test(text) ? text.replaceAll('~', '~0').replaceAll('/', '~1') : text}`;
}
