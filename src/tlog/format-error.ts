// The error of a text or of bytes that are not in the format they should be in.

export class FormatError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FormatError';
  }
}
