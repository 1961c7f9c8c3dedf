// ECDSA signatures on P-256 in the one form that is made and accepted: r and s of 32 bytes each (RFC 7518 §3.4), s in the lower half.

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const half = Buffer.from((order / 2n).toString(16).padStart(64, '0'), 'hex');
const partBytes = 32;

/** Of the two signatures that a signature is always two of, (r, s) and (r, n − s), the one that counts. @param raw r and s */
export const isLowS = (raw: Buffer): boolean => raw.length === 2 * partBytes && raw.compare(half, 0, partBytes, partBytes, 2 * partBytes) <= 0;

/** From the form of X9.62, which is what signing with a bare key gives. */
export function derToRaw(der: Buffer): Buffer {
  const raw = Buffer.alloc(2 * partBytes);
  // SEQUENCE, length (below 128: two numbers of 33 bytes at most), then twice INTEGER, length, bytes.
  let at = 2;
  for (let part = 0; part < 2; part += 1) {
    const end = at + 2 + der.readUInt8(at + 1);
    // A sign byte in front, or fewer bytes than there is room for.
    const bytes = der.subarray(Math.max(at + 2, end - partBytes), end);
    bytes.copy(raw, (part + 1) * partBytes - bytes.length);
    at = end;
  }
  return isLowS(raw) ? raw : withOtherS(raw);
}

function withOtherS(raw: Buffer): Buffer {
  const other = order - BigInt(`0x${raw.subarray(partBytes).toString('hex')}`);
  return Buffer.concat([raw.subarray(0, partBytes), Buffer.from(other.toString(16).padStart(2 * partBytes, '0'), 'hex')]);
}
