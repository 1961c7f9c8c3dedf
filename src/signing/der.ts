// The form of a DER-encoded ECDSA P-256 signature.

/** Whether lower-case hex is `SEQUENCE { INTEGER r, INTEGER s }`: minimal, positive, nothing before or after. */
export function isDerSignature(hex: string): boolean {
  // Two integers of at most 33 bytes and three headers of two bytes each.
  if (hex.length % 2 !== 0 || hex.length > 144) return false;
  const bytes = Buffer.from(hex, 'hex');
  if (bytes[0] !== 0x30 || bytes[1] !== bytes.length - 2) return false;
  const afterR = integerEnd(bytes, 2);
  return afterR !== undefined && integerEnd(bytes, afterR) === bytes.length;
}

function integerEnd(bytes: Buffer, start: number): number | undefined {
  const length = bytes[start + 1];
  const first = bytes[start + 2];
  const second = bytes[start + 3];
  if (bytes[start] !== 0x02 || length === undefined || first === undefined) return undefined;
  const end = start + 2 + length;
  if (length < 1 || length > 33 || end > bytes.length || first >= 0x80) return undefined;
  // A leading zero is only for a value whose first bit is set.
  if (first === 0 && (length === 1 || second === undefined || second < 0x80)) return undefined;
  return length === 33 && first !== 0 ? undefined : end;
}
