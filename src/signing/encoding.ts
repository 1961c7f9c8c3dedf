// Percent encoding as request signatures want it, and the byte order of UTF-8.

/**
 * Leaves `A-Z a-z 0-9 - _ . ~`, encodes every other byte of the UTF-8 text as `%XX` (request signatures §2). Never
 * throws: a lone surrogate becomes U+FFFD, as in any other conversion to UTF-8.
 */
export function percentEncode(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text;
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Undefined for an invalid escape and for escapes that are not UTF-8. A bare `+` stays a plus. */
export function percentDecode(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Orders two well-formed strings by the bytes of their UTF-8 form. */
export function compareUtf8(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const difference = utf8Rank(left.charCodeAt(index)) - utf8Rank(right.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

// Surrogates stand for code points above U+FFFF, yet sort below U+E000 as code units.
function utf8Rank(codeUnit: number): number {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff ? codeUnit + 0x10000 : codeUnit;
}
