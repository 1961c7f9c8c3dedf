// Wildcard matching in bounded time: `*` is any run of characters, `?` exactly one.

const anyRun = -1;
const anyOne = -2;

/** A compiled pattern. */
export type Glob =
  | { readonly kind: 'anything' }
  | { readonly kind: 'exact'; readonly text: string }
  | { readonly kind: 'prefix'; readonly text: string }
  | { readonly kind: 'codes'; readonly codes: readonly number[] };

/** A stretch of a pattern; in a literal one `*` and `?` are ordinary characters. */
export interface GlobPiece {
  readonly text: string;
  readonly literal: boolean;
}

const hasWildcard = (piece: GlobPiece): boolean => !piece.literal && /[*?]/.test(piece.text);

export function compileGlob(pieces: readonly GlobPiece[]): Glob {
  const text = pieces.map((piece) => piece.text).join('');
  if (!pieces.some(hasWildcard)) return { kind: 'exact', text };
  const [only, second] = pieces;
  if (only !== undefined && second === undefined) {
    if (/^\*+$/.test(text)) return { kind: 'anything' };
    if (/^[^*?]+\*+$/.test(text)) return { kind: 'prefix', text: text.replace(/\*+$/, '') };
  }
  return { kind: 'codes', codes: codesOf(pieces) };
}

/** The glob of a text in which every `*` and `?` is a wildcard. */
export const globOf = (pattern: string): Glob => compileGlob([{ text: pattern, literal: false }]);

export function matchesGlob(glob: Glob, text: string): boolean {
  switch (glob.kind) {
    case 'anything':
      return true;
    case 'exact':
      return text === glob.text;
    case 'prefix':
      return text.startsWith(glob.text);
    case 'codes':
      return matchesCodes(glob.codes, text);
  }
}

function codesOf(pieces: readonly GlobPiece[]): number[] {
  const codes: number[] = [];
  for (const piece of pieces) {
    for (const character of piece.text) {
      if (!piece.literal && character === '*') {
        // A run of stars says no more than one star.
        if (codes.at(-1) !== anyRun) codes.push(anyRun);
      } else if (!piece.literal && character === '?') codes.push(anyOne);
      else codes.push(character.codePointAt(0) ?? 0);
    }
  }
  return codes;
}

/**
 * INVARIANT: only the last star is ever reconsidered, so the work is at most pattern length times text length,
 * never exponential. Characters are code points, so that `?` takes an emoji whole.
 */
function matchesCodes(codes: readonly number[], text: string): boolean {
  let place = 0;
  let position = 0;
  let starPlace = -1;
  let starPosition = 0;
  while (position < text.length) {
    const wanted = codes[place];
    const actual = text.codePointAt(position) ?? 0;
    if (wanted === anyRun) {
      if (place === codes.length - 1) return true;
      starPlace = place++;
      starPosition = position;
    } else if (wanted === anyOne || wanted === actual) {
      place++;
      position += widthOf(actual);
    } else if (starPlace >= 0) {
      starPosition += widthOf(text.codePointAt(starPosition) ?? 0);
      position = starPosition;
      place = starPlace + 1;
    } else return false;
  }
  if (codes[place] === anyRun) place++;
  return place === codes.length;
}

const widthOf = (codePoint: number): number => (codePoint > 0xffff ? 2 : 1);
