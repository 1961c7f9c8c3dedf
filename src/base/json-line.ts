// JSON for a terminal: the same value, with nothing in it that could steer one.

/** Control characters behind U+007E, format characters (bidirectional ones among them), line and paragraph separators: JSON leaves them as they are. */
const unprintable = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** One line, or lines indented by `indentation` blanks; no line end at the end. */
export const jsonLine = (value: unknown, indentation?: number): string =>
  JSON.stringify(value, undefined, indentation).replace(unprintable, (character) =>
    // Such characters occur within texts only. Those beyond U+FFFF are two units of UTF-16, as JSON escapes them.
    Array.from({ length: character.length }, (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`).join(''));
