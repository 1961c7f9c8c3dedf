// What V8 makes of an object, for what is only there to be fast.
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';

/** False for an object that V8 keeps as a dictionary, which makes each access to a member many times slower. */
export function hasFastProperties(object: object): boolean {
  setFlagsFromString('--allow-natives-syntax');
  try {
    // The value of this text is this function.
    const told = runInThisContext('(object) => %HasFastProperties(object)') as (object: object) => boolean;
    return told(object);
  } finally {
    setFlagsFromString('--no-allow-natives-syntax');
  }
}
