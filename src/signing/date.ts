// X-Sdk-Date: the one date format of request signatures.

/** `YYYYMMDDTHHMMSSZ`, UTC; fractions of a second are cut off. Throws RangeError on an invalid date. */
export function formatSdkDate(milliseconds: number): string {
  const iso = new Date(milliseconds).toISOString();
  return iso.slice(0, 4) + iso.slice(5, 7) + iso.slice(8, 13) + iso.slice(14, 16) + iso.slice(17, 19) + 'Z';
}

/** Many requests of one second are of one date. */
let latest: { readonly text: string; readonly milliseconds: number } | undefined;

/** Milliseconds since the epoch; undefined for any other form and for dates that do not exist. */
export function parseSdkDate(text: string): number | undefined {
  if (text === latest?.text) return latest.milliseconds;
  const milliseconds = readSdkDate(text);
  if (milliseconds !== undefined) latest = { text, milliseconds };
  return milliseconds;
}

function readSdkDate(text: string): number | undefined {
  if (!/^\d{8}T\d{6}Z$/.test(text)) return undefined;
  const part = (from: number, to: number) => Number(text.slice(from, to));
  const [year, month, day] = [part(0, 4), part(4, 6), part(6, 8)];
  const [hour, minute, second] = [part(9, 11), part(11, 13), part(13, 15)];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Date.UTC carries the 30th of February over into March, and reads years below 100 as 19xx.
  const exists = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1;
  return exists ? date.getTime() : undefined;
}
