// How texts are compared: byte for byte, or with ASCII letters folded; nothing else, so that no two rules can differ.

const upperCase = /[A-Z]/;
const upperCaseRun = /[A-Z]+/g;

/**
 * Lower case of ASCII letters only. `String.toLowerCase` would turn the Kelvin sign into `k` and change lengths.
 * [choice] One folding for actions, key names, service names and the IgnoreCase operators; no Unicode normalisation.
 */
export function foldAscii(text: string): string {
  // First: names of condition keys come with every call.
  const known = folded.get(text);
  if (known !== undefined) return known;
  if (!upperCase.test(text)) return text;
  const result = text.replace(upperCaseRun, (run) => run.toLowerCase());
  // What callers make up cannot fill the memory.
  if (folded.size < mostFolded && text.length <= longestFolded) folded.set(text, result);
  return result;
}

const folded = new Map<string, string>();
const mostFolded = 2000;
const longestFolded = 64;

/** The known name that `name` was probably meant to be, or undefined if none is near. */
function nearest(name: string, known: Iterable<string>): string | undefined {
  const folded = foldAscii(name).slice(0, 64);
  let best: string | undefined;
  let bestDistance = Math.min(4, Math.max(2, Math.floor(folded.length / 4) + 1));
  for (const candidate of known) {
    const distance = editDistance(folded, foldAscii(candidate), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `: did you mean ...?`, or nothing. */
export function suggestion(name: string, known: Iterable<string>): string {
  const found = nearest(name, known);
  return found === undefined ? '' : `: did you mean \`${found}\`?`;
}

function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) >= limit) return limit;
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replace = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replace, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? limit;
}
