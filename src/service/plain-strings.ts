// Keeps the methods of strings quick: the Redis client has a class that extends String, which costs all strings of a process.

/** V8 looks at what a load finds from its tenth or so on. */
const loads = 1000;

/**
 * When a class extends String, V8 makes `String.prototype` a dictionary, so that no method of any string is inlined any
 * more. Loads through an object that inherits from it make it what it was. Without this a call takes a tenth more of the
 * processor, and a loop over the characters of a string 3.5 times as long (Node 20 and 24, ioredis 6).
 */
export function keepStringsPlain(): void {
  // What is created has no type.
  const inheriting = Object.create(String.prototype) as Inheriting;
  for (let count = 0; count < loads; count += 1) lengthOf(inheriting);
}

interface Inheriting {
  readonly length?: unknown;
}
const lengthOf = (object: Inheriting): unknown => object.length;
