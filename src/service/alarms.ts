// What an operator must look at: goes to the log with `"alarm":true`, also what came up before there was a log.
import type { Log } from '../http/errors.js';

export interface Alarms {
  raise(fields: object, message: string): void;
  /** Where alarms go from now on; those of before go there first. */
  attach(log: Log): void;
}

const mostKept = 1000;

export function alarms(): Alarms {
  const kept: (readonly [object, string])[] = [];
  let log: Log | undefined;
  return {
    raise(fields, message) {
      if (log !== undefined) log.error({ ...fields, alarm: true }, message);
      else if (kept.length < mostKept) kept.push([fields, message]);
    },
    attach(to) {
      log = to;
      for (const [fields, message] of kept.splice(0)) log.error({ ...fields, alarm: true }, message);
    },
  };
}
