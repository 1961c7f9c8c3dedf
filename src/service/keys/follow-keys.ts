// What a serving process does about keys all the time: follows their states, and makes new ones by schedule.
import type { Log } from '../../http/errors.js';
import type { Composition } from '../composition.js';
import type { Settings } from '../settings.js';
import { rotateBySchedule } from './key-rotation.js';

const scheduleMilliseconds = 1000;

/** Until what it gives is called. */
export function followKeys(settings: Settings, { redis, keyWatch, services: { random } }: Composition, log: Log): () => Promise<void> {
  const fault = (what: string) => (error: unknown): void => log.error({ cause: String(error) }, what);
  const end = keyWatch.start(fault('the states of the keys could not be followed'));
  if (settings.STS_KEY_ROTATION_DAYS === 0) return end;
  let isAtWork = false;
  const timer = setInterval(() => {
    if (isAtWork) return;
    isAtWork = true;
    void rotateBySchedule(redis, keyWatch, settings.STS_KEY_ROTATION_DAYS, random)
      .then((made) => {
        for (const keyId of made) log.info({ keyId }, 'a key was made by schedule');
      }, fault('no key could be made by schedule'))
      .finally(() => {
        isAtWork = false;
      });
  }, scheduleMilliseconds);
  timer.unref();
  return () => {
    clearInterval(timer);
    return end();
  };
}
