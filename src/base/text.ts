// Text from outside made fit for a terminal and a message.

const lengthLimit = 2000;

/** Without characters that could steer a terminal, at most 2,000 characters. */
export function printable(text: string): string {
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
  return safe.length > lengthLimit ? `${safe.slice(0, lengthLimit)}…` : safe;
}

/** User input for a message: printable, in backticks. */
export const quote = (text: string): string => `\`${printable(text)}\``;
