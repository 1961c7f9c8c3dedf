// How far V8 lets the heap of a serving process grow until it marks all of it: further than by its own measure.
import { setFlagsFromString } from 'node:v8';

/**
 * Marking takes some two hundred milliseconds of a core, much of it in threads of V8's own. Where the process has one
 * core, calls of that time wait a hundred milliseconds; by V8's own measure it happens every ten to twenty seconds
 * under load, so more than one call in a hundred waits. Like this the heap may reach four times what lived at the last
 * marking, some 300 MB in place of 150, and far fewer than one in a hundred wait.
 */
export function collectSeldom(): void {
  setFlagsFromString('--heap-growing-percent=300');
}
